"""Addresses and options: what is not known is refused with its name, secrets stay outside."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from feeds.live import SCHEMES, FeedSpec, open_source
from vessels.errors import ConfigError

URLS = {
    "tcp": "tcp://h:1",
    "tcps": "tcps://h:1",
    "tcp-listen": "tcp-listen://127.0.0.1:0",
    "udp": "udp://127.0.0.1:0",
    "serial": "serial:///dev/x",
    "http": "http://h/p",
    "https": "https://h/p",
    "http-listen": "http-listen://127.0.0.1:0/",
    "mqtt": "mqtt://h/t",
    "mqtts": "mqtts://h/t",
    "ws": "ws://h/",
    "wss": "wss://h/",
    "dir": "dir:.",
    "kafka": "kafka://h/t",
    "nats": "nats://h/s",
    "natss": "natss://h/s",
}
DOCS = Path(__file__).resolve().parents[3] / "docs" / "sources.md"


def opened(url: str, clock: Any = "message", **options: Any) -> object:
    return open_source(FeedSpec("north", url, clock, options))


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AISSTREAM_API_KEY", "k")


def test_every_scheme_is_tried_here_and_described_in_the_docs() -> None:
    text = DOCS.read_text(encoding="utf-8")
    assert set(URLS) == set(SCHEMES)
    for scheme in SCHEMES:
        assert f"`{scheme}:" in text, scheme


@pytest.mark.parametrize("scheme", sorted(URLS))
def test_each_source_opens_without_touching_the_network(scheme: str) -> None:
    source = open_source(FeedSpec("north", URLS[scheme]))
    assert source.name == "north"
    status = source.status()
    assert (status.state, status.connects, status.failures) == ("new", 0, 0)
    source.stop()


@pytest.mark.parametrize("scheme", sorted(URLS))
def test_each_source_refuses_an_option_it_does_not_know(scheme: str) -> None:
    with pytest.raises(ConfigError, match=r"feed 'north'.*unknown option 'sillence'"):
        opened(URLS[scheme], sillence=3)


@pytest.mark.parametrize(
    ("url", "options", "match"),
    [
        ("gopher://h:1", {}, "no source for 'gopher'"),
        ("nothing", {}, "no source"),
        ("", {}, "no source"),
        ("tcp://h", {}, "no port"),
        ("tcp://:1", {}, "no host"),
        ("tcp://h:99999", {}, "cannot be read"),
        ("tcp://[::1", {}, "cannot be read"),
        ("tcp://user:secret@h:1", {}, "no password belongs into the address"),
        ("tcp://h:1", {"silence_timeout_s": -1}, "must lie between"),
        ("tcp://h:1", {"silence_timeout_s": "long"}, "must be a number"),
        ("tcp://h:1", {"silence_timeout_s": True}, "must be a number"),
        ("tcp://h:1", {"silence_timeout_s": float("nan")}, "must lie between"),
        ("tcps://h:1", {"ca_file": "/no/such/file"}, "no such file"),
        ("tcps://h:1", {"ca_file": __file__}, "holds no certificate"),
        ("mqtt://h", {}, "no topic"),
        ("kafka://h", {}, "no topic"),
        ("mqtt://h/t", {"password_env": "NOT_SET_ANYWHERE"}, "NOT_SET_ANYWHERE"),
        ("mqtt://h/t", {"qos": 2}, "must lie between"),
        ("kafka://h/t", {"start": "yesterday"}, "must be one of"),
        ("ws://h/", {"mmsi": "1"}, "list of texts"),
        ("ws://h/", {"subscribe": 1}, "must be text"),
    ],
)
def test_what_cannot_work_is_refused_with_the_reason(
    url: str, options: dict[str, Any], match: str
) -> None:
    with pytest.raises(ConfigError, match=match) as caught:
        opened(url, **options)
    assert "secret" not in str(caught.value)


def test_an_unknown_clock_is_refused() -> None:
    with pytest.raises(ConfigError, match="clock is message or arrival"):
        opened("tcp://h:1", clock="wall")


@pytest.mark.parametrize(("scheme", "extra"), [("kafka", "kafka"), ("nats", "nats")])
def test_a_missing_extra_is_told_with_the_command_that_installs_it(
    scheme: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=rf"pip install 'darkwake\[{extra}\]'"):
        opened(URLS[scheme])


def test_a_secret_comes_from_a_file_where_the_variable_names_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "password"
    file.write_text("from the file\n")
    monkeypatch.setenv("MQ_FILE", str(file))
    assert opened("mqtt://h/t", username="u", password_env="MQ")._password == "from the file"  # noqa: S105, S106, SLF001 - what is sent is the point
    monkeypatch.setenv("MQ_FILE", str(tmp_path / "none"))
    with pytest.raises(ConfigError, match="MQ_FILE cannot be read"):
        opened("mqtt://h/t", username="u", password_env="MQ")  # noqa: S106 - the name of a variable


def test_a_source_cannot_be_started_twice(tmp_path: Path) -> None:
    from tests.feeds.live.common import Collector

    source = open_source(FeedSpec("n", f"dir://{tmp_path}"))
    source.start(Collector())
    with pytest.raises(RuntimeError):
        source.start(Collector())
    source.stop()
