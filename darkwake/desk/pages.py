"""Makes the desk's pages: templates that escape everything, and the files that they link to."""

import importlib.resources
from functools import cache
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined

from maps.words import DISCLAIMER

STATIC = {"desk.css": "text/css", "desk.js": "text/javascript"}
"""Files that pages may ask for, and what they are."""


def render(template: str, **values: Any) -> str:
    """Return a page as HTML. Values are text: none is ever markup."""
    return _environment().get_template(template).render(disclaimer=DISCLAIMER, **values)


@cache
def static(name: str) -> bytes:
    """Return one of STATIC."""
    folder = importlib.resources.files("darkwake.desk").joinpath("static")
    return folder.joinpath(name).read_bytes()


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("darkwake.desk", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["query"] = urlencode
    return made
