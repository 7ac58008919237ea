"""Where positions come from.

`read` finds a file's format by content and streams it as tables of the house schema; every row is
decoded or counted under one reason in a `ReadReport`. May import vessels.
"""

from feeds.paths import expand_paths
from feeds.reader import FORMATS, read
from feeds.report import REASONS, ReadReport

__all__ = ["FORMATS", "REASONS", "ReadReport", "expand_paths", "read"]
