"""Fixtures of the application's tests."""

import os
import sys
from collections.abc import Callable
from types import ModuleType

import pytest

from darkwake.options import ReplayOptions
from darkwake.outputs import ReplayResult
from darkwake.progress import Progress
from darkwake.settings import ENV_PREFIX, Settings

Engine = Callable[[ReplayOptions, Settings, Progress], ReplayResult]


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the developer's own DARKWAKE__ variables out of the tests."""
    for name in list(os.environ):
        if name.startswith(ENV_PREFIX):
            monkeypatch.delenv(name)


@pytest.fixture
def use_engine(monkeypatch: pytest.MonkeyPatch) -> Callable[[Engine], None]:
    """Put a function in the place of the engine: these tests are about what stands around it."""

    def use(engine: Engine) -> None:
        module = ModuleType("darkwake.replay")
        module.replay = engine
        monkeypatch.setitem(sys.modules, "darkwake.replay", module)

    return use
