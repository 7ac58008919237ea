"""The Content-Security-Policy of our pages: only the scripts and styles we wrote may run.

The policy is the second line. The first is that no data ever enters a script, a style or markup:
a hash cannot help against text that was already inside the hashed script.
"""

import base64
import hashlib
import re

_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_HEAD = "<head>"


def policy(html: str) -> str:
    """Return the policy that allows the inline scripts and styles of `html` by their SHA-256.

    The JSON payload is a data block: it has a type of its own and is never run.
    """
    scripts = " ".join(_hashes(_SCRIPT, html)) or "'none'"
    styles = " ".join(_hashes(_STYLE, html)) or "'none'"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {scripts}",
            f"style-src {styles}",
            "img-src data:",
            "font-src 'none'",
            "connect-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def with_policy(html: str) -> str:
    """Return the page with its policy as the first thing in its head."""
    if html.count(_HEAD) != 1:
        raise ValueError("a page needs one <head>")
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy(html)}">'
    return html.replace(_HEAD, f'{_HEAD}\n<meta charset="utf-8">\n{meta}', 1)


def _hashes(pattern: re.Pattern[str], html: str) -> list[str]:
    # HTML parsing normalises CR LF to LF before hashing; our pages hold no CR (tested).
    digests = (hashlib.sha256(text.encode()).digest() for text in pattern.findall(html))
    return sorted({f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests})
