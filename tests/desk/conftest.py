"""A desk that really serves, over a store that the alert book filled."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from alerts.database import open_database
from tests.alerts.samples import dark, meeting, opened, policy, take_in
from tests.desk.people import Served, serving
from tests.postgres import postgres_server, postgres_url, store_url

__all__ = ["postgres_server", "postgres_url", "store_url"]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A store with two dark periods and a meeting."""
    made = open_database(f"sqlite:///{tmp_path}/state.db")
    take_in(made, policy(), *opened(dark(), dark(1, severity="watch", flag="THA"), meeting()))
    yield made
    made.dispose()


@pytest.fixture
def desk(engine: Engine) -> Iterator[Served]:
    """A desk on this machine, without a token."""
    with serving(engine) as served:
        yield served
