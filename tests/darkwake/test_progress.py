"""Progress bars: on a terminal only, never on stdout, and hostile names do no harm."""

import io
import sys

import pytest

from darkwake.progress import Progress, TerminalProgress, progress_for_terminal


class Terminal(io.StringIO):
    """A screen that keeps what is written to it."""

    def isatty(self) -> bool:
        """Claim to be one."""
        return True


def test_no_terminal_means_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert type(progress_for_terminal()) is Progress


def test_a_terminal_gets_bars_on_stderr_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with progress_for_terminal() as progress:
        assert isinstance(progress, TerminalProgress)
        progress.stage("reading [bold]a\x1b]0;x\x07.nmea", 100)
        progress.update(40)
        progress.stage("writing")
    assert "reading [bold]a" in screen.getvalue()
    assert "\x1b]0;x" not in screen.getvalue()
    assert "writing" in screen.getvalue()
    assert capsys.readouterr().out == ""


def test_bars_leave_the_terminal_as_it_was_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with pytest.raises(KeyboardInterrupt), TerminalProgress():
        raise KeyboardInterrupt
    assert screen.getvalue().endswith("\x1b[?25h")
