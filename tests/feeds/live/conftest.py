"""What all tests of live sources share."""

import pytest


@pytest.fixture(autouse=True)
def short_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sentences that wait for a wrapper wait less long than in service; the rows are the same."""
    monkeypatch.setattr("feeds.live.session.HOLD_S", 0.4)
