"""Memory of a process that runs for months: large arrays go back to the system when they are freed.

glibc raises its threshold for memory maps with the size of what was freed, up to 32 MB; then the
arrays of each fold come from a heap that only grows. A fixed threshold keeps it flat. Elsewhere
than on glibc nothing is done.
"""

import ctypes
import sys

_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
_THRESHOLD_BYTES = 1 << 18


def keep_flat() -> None:
    """Set the allocator up; call it once, before threads are started."""
    libc = _glibc()
    if libc is not None:
        libc.mallopt(_M_MMAP_THRESHOLD, _THRESHOLD_BYTES)
        libc.mallopt(_M_ARENA_MAX, 2)


def give_back() -> None:
    """Return free memory at the top of the heaps to the system."""
    libc = _glibc()
    if libc is not None:
        libc.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        libc = ctypes.CDLL("libc.so.6")
    except OSError:
        return None
    return libc if hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim") else None
