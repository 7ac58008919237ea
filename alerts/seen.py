"""What a satellite saw, as the store keeps it and as people read it.

Stored are sayings (`imagery.telling`): ids of texts with their values, which a mail tells in its
reader's language. Stores of earlier versions hold finished English text, which is shown as it is.
"""

import json
from collections.abc import Sequence

from alerts.translate import Words
from imagery.telling import Saying, sentences
from maps.words import plain

PICTURE_MOVE = "picture"
"""The move of the log that notes what was seen."""
Seen = str | Sequence[Saying]
"""What one scene shows: sayings, or the finished text of an earlier version."""
_LINE_LIMIT = 500
_NOTE_LIMIT = 2000
_SAYINGS = '[[{"id":'
"""How a note begins that holds sayings."""


def seen_line(seen: Seen, words: Words) -> str:
    """Return what one scene shows as a line in the language."""
    return plain(seen if isinstance(seen, str) else sentences(seen, words), limit=_LINE_LIMIT)


def seen_note(note: str | None) -> str | None:
    """Return the note of a picture in the log as English text, whatever version wrote it."""
    if note is None or not note.startswith(_SAYINGS):
        return note
    told = (seen_line(seen, Words()) for seen in json.loads(note))
    return plain(" ".join(line for line in told if line), limit=_NOTE_LIMIT)
