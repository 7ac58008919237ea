"""A serial line, over a pseudo-terminal: the kernel's own, not a stand-in for the library."""

import os
import sys
import tty

import pytest

from tests.feeds.live.common import Collector, recorded, running, same_rows, traffic, wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")


def test_a_receiver_on_a_serial_line_is_read_and_its_loss_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("feeds.live.worker.FIRST_WAIT_S", 0.02)
    data = traffic(300)
    wanted, _ = recorded(data)
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    sink = Collector()
    try:
        with running(f"serial://{os.ttyname(theirs)}", sink, baud=38_400) as it:
            wait_for(lambda: it.status().connected)
            for at in range(0, len(data), 500):
                os.write(ours, data[at : at + 500])
            sink.wait_rows(wanted.num_rows)
            assert same_rows(sink.table(), wanted)
            os.close(ours)  # the receiver is pulled out
            wait_for(lambda: it.status().failures > 0)
            assert it.status().last_error
    finally:
        os.close(theirs)


def test_a_device_that_is_not_there_is_waited_for() -> None:
    with running("serial:///dev/does-not-exist", Collector()) as it:
        wait_for(lambda: it.status().failures > 0)
        assert "does-not-exist" in it.status().last_error
        assert not it.status().connected
