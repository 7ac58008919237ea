"""The most memory that this process has held, MB."""

import sys
from pathlib import Path

import psutil

_STATUS = Path("/proc/self/status")


def peak_memory_mb() -> float:
    """Return the peak resident memory of this process; the present one where none is kept.

    On Linux it is read from /proc: `getrusage` also counts what the process that started this one
    held before, so a replay started by a large program would look as large.
    """
    if _STATUS.is_file():
        for line in _STATUS.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    try:
        import resource  # noqa: PLC0415  not on Windows
    except ImportError:
        memory = psutil.Process().memory_info()
        return float(getattr(memory, "peak_wset", memory.rss) / 1e6)
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
