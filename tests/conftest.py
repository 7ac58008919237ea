"""Fixtures shared by all tests."""

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
"""Examples compile, read tables and run on loaded machines: no test is timed."""

SHARED_DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real AIS data beside the repository; tests skip where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"real data absent: no folder {SHARED_DATA.parent.name}/data beside the tree")
    return SHARED_DATA
