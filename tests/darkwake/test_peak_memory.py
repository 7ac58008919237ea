"""The peak memory that run.json tells is this process's own."""

import subprocess
import sys

import numpy as np

from darkwake.peak_memory import peak_memory_mb

MB = 1_000_000


def test_what_was_held_and_freed_counts() -> None:
    before = peak_memory_mb()
    held = np.ones(int(before + 100) * MB, np.uint8)
    del held
    assert peak_memory_mb() > before + 50


def test_a_process_started_by_a_large_one_is_not_large() -> None:
    large = np.ones(600 * MB, np.uint8)
    code = "from darkwake.peak_memory import peak_memory_mb; print(peak_memory_mb())"
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert large[-1] == 1
    assert float(done.stdout) < 300
