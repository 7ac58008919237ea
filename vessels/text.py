"""Text from outside, made harmless at the edge. Names, call signs and destinations are hostile."""

import re
import unicodedata

# C0 and C1 controls, bidirectional overrides and isolates, zero-width and line separators:
# none is a letter in a name, all of them can forge what a terminal, a log or a page shows.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)
_SPACES = re.compile(r"\s+")
_PADDING = re.compile(r"@(@.*|\s*$)", re.DOTALL)
MAX_TEXT_LENGTH = 64
"""Longest text kept from a record. AIS itself carries 20 characters; registries carry more."""


def clean_text(raw: str | None, *, limit: int = MAX_TEXT_LENGTH) -> str | None:
    """Return `raw` without control characters, trimmed, or None where nothing is left.

    An `@` is kept, as in a path or an address; `vessel_text` cuts those that pad a name.
    """
    if raw is None:
        return None
    text = unicodedata.normalize("NFC", _UNSAFE.sub(" ", raw))
    text = _SPACES.sub(" ", text).strip()[:limit].strip()
    return text or None


def vessel_text(raw: str | None) -> str | None:
    """Return a name, call sign or destination from a table or JSON as `clean_text` does, unpadded.

    Transmitters pad with `@` (ITU-R M.1371, 6-bit ASCII), and some exports keep it with what lies
    behind: a name ends at two of them, or at one at its end. A single `@` inside is kept: such a
    source may have names of its own. In sentences every `@` ends the text (feeds.nmea).
    """
    return clean_text(None if raw is None else _PADDING.sub("", raw))
