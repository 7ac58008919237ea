"""`darkwake alerts` and `darkwake mail`, as a person and as a program use them."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import Result
from typer.testing import CliRunner

from alerts.database import open_database
from alerts.export import safe_cell
from darkwake.cli import app
from tests.alerts.samples import Change, dark, meeting, opened, policy, take_in
from tests.mail.server import Handler, serving
from tests.mail.test_letter import HOSTILE

Command = Callable[..., Result]


@pytest.fixture
def config(tmp_path: Path, store_url: str) -> Path:
    """A configuration whose store holds four events, one of them withdrawn."""
    engine = open_database(store_url)
    take_in(engine, policy(), *opened(dark(), dark(1), meeting(), dark(2)))
    take_in(engine, policy(), Change("withdrawn", dark(2)))
    engine.dispose()
    path = tmp_path / "watch.toml"
    path.write_text(
        f"""
[store]
url = "{store_url}"
[mail]
url = "smtp://127.0.0.1:1"
sender = "watch@example.org"
[[subscriptions]]
name = "inspectors"
to = ["inspector@example.org"]
events = ["dark_period", "encounter"]
min_confidence = 0.5
mode = "immediate"
max_per_hour = 20
""",
        encoding="utf-8",
    )
    return path


@pytest.fixture
def run(config: Path) -> Command:
    def call(*words: str) -> Result:
        return CliRunner().invoke(app, [*words, "--config", str(config)])

    return call


def test_the_list_holds_the_event_properties_and_the_alert_status(run: Command) -> None:
    told = json.loads(run("alerts", "list", "--json").stdout)
    expected = sorted((dark(), dark(1), meeting()), key=lambda e: (e.start_us, e.type))
    assert told == [event.properties() | {"alert_status": "open"} for event in expected]
    everything = json.loads(run("alerts", "list", "--json", "--all").stdout)
    assert {one["event_id"] for one in everything} - {one["event_id"] for one in told} == {
        dark(2).event_id
    }
    some = json.loads(run("alerts", "list", "--json", "--type", "encounter").stdout)
    assert [one["type"] for one in some] == ["encounter"]
    assert dark().event_id in run("alerts", "list").stdout


def test_an_alert_from_its_opening_to_its_end(run: Command) -> None:
    event_id = dark().event_id
    refused = run("alerts", "confirm", event_id)
    assert refused.exit_code == 2
    assert run("alerts", "ack", event_id, "--by", "R. Kila").exit_code == 0
    again = run("alerts", "ack", event_id)
    assert again.exit_code == 2
    assert "what may follow is confirm or dismiss" in again.stderr
    assert run("alerts", "dismiss", event_id).exit_code == 2, "a reason is needed"
    assert run("alerts", "dismiss", event_id, "--reason", "in dry dock").exit_code == 0
    assert run("alerts", "close", event_id).exit_code == 0
    told = json.loads(run("alerts", "show", event_id, "--json").stdout)
    assert told["alert_status"] == "closed"
    assert told["may_follow"] == []
    moves = [(one["move"], one["to_status"]) for one in told["log"]]
    chain = [("open", "open"), ("ack", "acknowledged"), ("dismiss", "dismissed")]
    assert moves == [*chain, ("close", "closed")]
    assert told["log"][1]["by"] == "R. Kila"
    closed = json.loads(run("alerts", "list", "--json", "--status", "closed").stdout)
    assert [one["event_id"] for one in closed] == [event_id]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("alerts", "ack", "ffffffffffffffff"), 2),
        (("alerts", "show", "zz"), 2),
        (("alerts", "list", "--status", "lost"), 2),
        (("alerts", "list", "--type", "party"), 2),
        (("alerts", "list", "--since", "yesterday"), 2),
        (("alerts", "export", "--format", "xls"), 2),
        (("alerts", "suppress"), 2),
        (("alerts", "suppress", "--until", "2030-01-01"), 2),
        (("alerts", "suppress", "--until", "7d", "--mmsi", "563012345"), 2),
        (("mail", "test", "--to", "a@b\nBcc: c@d"), 2),
        (("mail", "test", "--to", "inspector@example.org"), 1),
    ],
)
def test_what_is_wrong_is_one_line_and_a_code(run: Command, words: list[str], code: int) -> None:
    found = run(*words)
    assert found.exit_code == code
    assert len([line for line in found.stderr.splitlines() if "darkwake:" in line]) == 1


def test_there_is_no_store_before_the_first_watch(tmp_path: Path) -> None:
    path = tmp_path / "watch.toml"
    path.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/none.db"\n', encoding="utf-8")
    found = CliRunner().invoke(app, ["alerts", "list", "--config", str(path)])
    assert found.exit_code == 5
    assert "there is no store yet" in found.stderr
    assert not (tmp_path / "none.db").exists()


def test_a_suppression_from_an_alert(run: Command) -> None:
    made = run("alerts", "suppress", dark().event_id, "--until", "7d", "--reason", "known")
    assert made.exit_code == 0
    (told,) = json.loads(run("alerts", "suppress", "--list", "--json").stdout)
    assert (told["type"], told["hull_id"]) == ("dark_period", dark().hull_id)
    assert told["until"] == "2023-11-23T00:13:20Z"
    assert run("alerts", "suppress", "--end", str(told["id"])).exit_code == 0
    assert json.loads(run("alerts", "suppress", "--list", "--json").stdout) == []


def test_the_outbox_is_seen_and_the_test_mail_arrives(run: Command, config: Path) -> None:
    waiting = json.loads(run("mail", "outbox", "--json").stdout)
    assert [one["state"] for one in waiting] == ["pending"] * 3
    assert json.loads(run("mail", "outbox", "--json", "--dead").stdout) == []
    handler = Handler()
    with serving(handler) as port:
        text = config.read_text(encoding="utf-8").replace("127.0.0.1:1", f"127.0.0.1:{port}")
        config.write_text(text, encoding="utf-8")
        assert run("mail", "test", "--to", "inspector@example.org").exit_code == 0
    assert handler.got[0].recipients == ["inspector@example.org"]


def test_a_dry_run_says_what_would_have_been_sent(run: Command) -> None:
    told = run("alerts", "preview", "--days", "30").stdout
    assert "inspectors: this would have sent 3 mails to each receiver in the last 30 days" in told
    found = json.loads(run("alerts", "preview", "--json").stdout)
    assert found["subscriptions"][0]["by_type"] == {"dark_period": 2, "encounter": 1}


@pytest.fixture
def hostile(config: Path, store_url: str) -> list[str]:
    """Put events with hostile names into the store; return them as the store may show them."""
    engine = open_database(store_url)
    events = [
        meeting(n + 10, vessel_name=name, details={"zones": [name], "port_name": name})
        for n, name in enumerate(HOSTILE)
    ]
    take_in(engine, policy(), *opened(*events))
    engine.dispose()
    assert config.exists()
    return [event.event_id for event in events]


def test_hostile_names_are_inert_in_every_export(run: Command, hostile: list[str]) -> None:
    table = run("alerts", "export", "--format", "csv").stdout
    assert not set(table) & set("\x1b\x07\u202e\u2028\x00")
    rows = list(csv.DictReader(io.StringIO(table)))
    assert set(hostile) <= {row["event_id"] for row in rows}
    for row in rows:
        for name in ("vessel_name", "flag", "details", "reasons"):
            assert not row[name].lstrip().startswith(("=", "+", "-", "@", "\t", "\r"))
        assert float(row["lon"]) in {142.25, -179.9}, "numbers stay numbers"
    collection = json.loads(run("alerts", "export", "--format", "geojson").stdout)
    assert set(hostile) <= {feature["id"] for feature in collection["features"]}
    kml = ET.fromstring(_without_controls(run("alerts", "export", "--format", "kml").stdout))  # noqa: S314 - ours
    names = {element.tag.rpartition("}")[2] for element in kml.iter()}
    assert names & {"script", "IMG", "SVG", "iframe"} == set()


def test_hostile_names_are_inert_in_a_terminal(run: Command, hostile: list[str]) -> None:
    for words in (("list",), *(("show", event_id) for event_id in hostile)):
        found = run("alerts", *words)
        assert found.exit_code == 0, found.stderr
        assert not set(found.stdout) & set("\x1b\x07\u202e\u2028\x00")


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        (" =1+1", "'=1+1"),
        ("\t=1+1", "'=1+1"),
        ("a\x1b[2Jb", "a [2Jb"),
        ("@SUM(1)", "'@SUM(1)"),
        ("-1", "'-1"),
        (-1.5, -1.5),
        (None, None),
        ("CAP DE FER", "CAP DE FER"),
        (["=1"], '["=1"]'),
        (True, "true"),
    ],
)
def test_cells(value: object, cell: object) -> None:
    assert safe_cell(value) == cell


def _without_controls(text: str) -> str:
    """Return the text; XML 1.0 has no way to write a control character, so none may be there."""
    assert not set(text) & set("\x00\x07\x1b")
    return text


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('password = "hush"', "belongs in the environment"),
        ('sender = "a@b\\nBcc: c"', "must be a mail address"),
        ('sender = "Name <a@example.org>"', "must be a mail address"),
    ],
)
def test_a_configuration_that_could_harm_is_refused(tmp_path: Path, line: str, told: str) -> None:
    path = tmp_path / "watch.toml"
    path.write_text(f"[mail]\n{line}\n", encoding="utf-8")
    found = CliRunner().invoke(app, ["config", "check", str(path)])
    assert found.exit_code == 3
    assert told in found.stderr
    assert "hush" not in found.stderr


def test_a_secret_from_the_environment_is_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DARKWAKE__MAIL__PASSWORD", "hush")
    monkeypatch.setenv("DARKWAKE__WEBHOOK__SECRET", "hush")
    path = tmp_path / "watch.toml"
    path.write_text('[mail]\nuser = "watch"\n', encoding="utf-8")
    for words in (("show",), ("show", "--json"), ("explain", "mail")):
        found = CliRunner().invoke(app, ["config", *words, "--config", str(path)])
        assert found.exit_code == 0
        assert "hush" not in found.stdout


def test_secrets_come_from_files_too(tmp_path: Path) -> None:
    from darkwake.alert_settings import dispatcher
    from darkwake.config import load_settings

    (tmp_path / "secret").write_text("hush\n", encoding="utf-8")
    path = tmp_path / "watch.toml"
    path.write_text(
        f'[webhook]\nurl = "https://example.org/hook"\nsecret_file = "{tmp_path}/secret"\n',
        encoding="utf-8",
    )
    sender = dispatcher(load_settings(path), lambda: 0)
    assert sender.policy.webhook_url == "https://example.org/hook"
    assert "hush" not in repr(sender.policy)
