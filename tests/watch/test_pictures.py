"""The imagery job: suspects of a watch are looked at, and what was seen follows their alerts."""

import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import time_machine
from PIL import Image as Picture
from sqlalchemy import select, update

from alerts.compose import compose
from alerts.database import get_fact, reading, set_fact, transaction
from alerts.lifecycle import history
from alerts.schema import alert_log, outbox
from alerts.seen import PICTURE_MOVE
from darkwake.archive.writer import write_rows
from darkwake.demo_scene import CARRIER_LENGTH_M, CARRIER_PLACE, TIME, write_scenes
from darkwake.next_pass import elements_for
from darkwake.tiles import read_findings
from darkwake.watching.assembly import open_desk
from darkwake.watching.jobs import JOBS, Desk, run_job, wait_s
from darkwake.watching.pictures import look_for_pictures
from detectors.events import Event
from tests.alerts.samples import Change, dark, take_in
from tests.desk.people import serving
from tests.imagery.test_passes import elements
from tests.watch.scripted import settings_for
from vessels.schema import FIXES
from vessels.units import US_PER_H

CARRIER = 563_012_345
MAIL = """
[mail]
url = "smtp://127.0.0.1:1"
sender = "watch@example.org"
[[subscriptions]]
name = "inspectors"
to = ["inspector@example.org"]
events = ["dark_period", "loitering"]
"""


def loiterer(**values: Any) -> Event:
    """Return the carrier, drifting from four hours before the scene to four after it."""
    at_us = round(TIME.timestamp() * 1e6)
    lat, lon = CARRIER_PLACE
    start_us, end_us = at_us - 4 * US_PER_H, at_us + 4 * US_PER_H
    event = dark(type="loitering", start_us=start_us, lat=lat, lon=lon, path=((lon, lat),))
    return Event(
        **{name: getattr(event, name) for name in event.__dataclass_fields__}
        | {"end_us": end_us, "now_us": end_us, "details": {}, "reasons": ()}
        | values
    )


def fixes() -> pa.Table:
    """Return the carrier's reports, every ten minutes, and what it says of itself."""
    times = [TIME + timedelta(minutes=10 * step) for step in range(-30, 31)]
    rows = [
        {"mmsi": CARRIER, "time": time, "lat_deg": CARRIER_PLACE[0], "lon_deg": CARRIER_PLACE[1]}
        | {"sog_knots": 0.3, "cog_deg": 90.0, "length_m": CARRIER_LENGTH_M, "name": "SILVER TERN"}
        for time in times
    ]
    return pa.Table.from_pylist(rows, schema=FIXES)


@pytest.fixture
def desk(tmp_path: Path, store_url: str) -> Iterator[Desk]:
    """Yield a watch with the carrier in its archive and a folder of scenes."""
    (tmp_path / "scenes").mkdir()
    imagery = f'[imagery]\nfolders = ["{tmp_path}/scenes"]\npictures = "{tmp_path}/pictures"\n'
    imagery += f'cache = "{tmp_path}/cache"\n'
    settings = settings_for(tmp_path, store_url, ["a"], f"{imagery}{MAIL}")
    write_rows(Path(settings.store.archive), [fixes()], "one")
    with open_desk(settings) as opened:
        yield opened


def told(desk: Desk, event: Event) -> list[dict[str, Any]]:
    with reading(desk.engine) as connection:
        log = history(connection, event.event_id)
    return [move for move in log if move["move"] == PICTURE_MOVE]


def pictured(desk: Desk) -> list[dict[str, Any]]:
    asked = select(outbox).where(outbox.c.step == "pictured", outbox.c.channel == "mail")
    with reading(desk.engine) as connection:
        return [dict(row) for row in connection.execute(asked).mappings()]


def test_what_a_satellite_saw_follows_the_alert(desk: Desk, tmp_path: Path) -> None:
    event = loiterer()
    take_in(desk.engine, desk.policy, Change("opened", event))
    write_scenes(tmp_path / "scenes", "SYNTHETIC")
    assert look_for_pictures(desk) == "1 looked at, 1 seen, 0.0 MB pulled"
    (move,) = told(desk, event)
    assert "SILVER TERN is seen. Two ships of about 40 m alongside send no AIS." in move["note"]
    (row,) = pictured(desk)
    message = compose(
        row, json.loads(row["payload"]), sender="watch@example.org", reply_to=None,
        list_name="Alerts", domain="example.org", draw=lambda *_: b"\x89PNG map",
    )  # fmt: skip
    assert message["Subject"].startswith("[HIGH] Picture: ")
    assert message["In-Reply-To"], "it stands in the alert's thread"
    page = message.get_body(("html",))
    assert page is not None
    assert "Seen from space" in page.get_content()
    space = next(p for p in message.walk() if str(p.get("Content-ID", "")).startswith("<space."))
    picture = Picture.open(io.BytesIO(space.get_content()))
    assert max(picture.size) <= 512
    assert picture.mode == "P"
    assert len(message.as_bytes()) <= 60_000
    assert look_for_pictures(desk) == "", "it was over long before: once is enough"
    assert len(pictured(desk)) == 1


def test_that_there_is_no_picture_is_written_down_and_mailed_to_nobody(desk: Desk) -> None:
    event = loiterer()
    take_in(desk.engine, desk.policy, Change("opened", event))
    assert look_for_pictures(desk) == "1 looked at, 0 seen, 0.0 MB pulled"
    (move,) = told(desk, event)
    assert move["note"] == "No scene covers where the vessel can have been in that time."
    assert pictured(desk) == []
    found = read_findings(Path(desk.settings.imagery.pictures))[event.event_id]
    assert found["answer"] == "no image"


def test_an_open_event_is_looked_at_again_and_a_vessel_not_yet_in_the_archive_waits(
    desk: Desk, tmp_path: Path
) -> None:
    event = loiterer(end_us=None)
    stranger = loiterer(mmsi=1, hull_id="1-1", start_us=event.start_us + 1, severity="info")
    take_in(desk.engine, desk.policy, Change("opened", event), Change("opened", stranger))
    assert look_for_pictures(desk) == "2 looked at, 0 seen, 0.0 MB pulled"
    write_scenes(tmp_path / "scenes", "SYNTHETIC")
    assert look_for_pictures(desk) == "", "not before six hours are over"
    path = Path(desk.settings.imagery.pictures) / "imagery.json"
    for one in (held := json.loads(path.read_text("utf-8")))["events"]:
        one["looked_us"] = 1
    path.write_text(json.dumps(held))
    assert look_for_pictures(desk) == "2 looked at, 1 seen, 0.0 MB pulled"
    assert len(told(desk, event)) == 2
    assert told(desk, stranger)[-1]["note"] == "Nobody could look for pictures yet."


def test_the_days_budget_holds_and_catalogues_are_left_alone_above_it(
    desk: Desk, tmp_path: Path
) -> None:
    imagery = desk.settings.imagery.model_copy(
        update={"folders": (), "catalogues": ("earth-search",), "cache": f"{tmp_path}/cache"}
    )
    object.__setattr__(desk, "settings", desk.settings.model_copy(update={"imagery": imagery}))
    take_in(desk.engine, desk.policy, Change("opened", loiterer()))
    with transaction(desk.engine) as connection:
        today = datetime.now(UTC).strftime("%Y-%m-%d")
        set_fact(connection, "pictures:pulled", json.dumps({today: 2_000_000_000}))
    assert look_for_pictures(desk) == "the budget of the day is used up: 1 wait"


def test_it_is_a_job_like_the_others(desk: Desk) -> None:
    assert JOBS["imagery"].every_s == 900.0
    assert run_job("imagery", desk) == ""
    assert wait_s(JOBS["imagery"], desk) > 800.0
    with reading(desk.engine) as connection:
        assert get_fact(connection, "job:imagery")


def remember_elements(tmp_path: Path) -> None:
    """Give the watch orbit elements of five satellites, made for 1 July 2015."""
    given = tmp_path / "s1.tle"
    lines = [("SENTINEL-1A", *elements(node)) for node in (160.0, 175.0, 190.0, 205.0, 220.0)]
    given.write_text("\n".join(line for one in lines for line in one))
    elements_for(given, tmp_path / "cache")


def test_the_note_of_an_open_event_tells_the_next_passes(desk: Desk, tmp_path: Path) -> None:
    event = loiterer(end_us=None)
    take_in(desk.engine, desk.policy, Change("opened", event))
    remember_elements(tmp_path)
    with time_machine.travel(TIME + timedelta(hours=5), tick=False):
        assert look_for_pictures(desk).startswith("1 looked at, 0 seen")
        again = look_for_pictures(desk)
    (move,) = told(desk, event)
    assert "Next passes (UTC): SENTINEL-1A 2015-07-" in move["note"]
    assert move["note"].endswith(("days off.", "doubtful."))
    assert again == ""  # that time went on is no news


def test_a_mail_tells_the_next_passes_in_its_readers_language(desk: Desk, tmp_path: Path) -> None:
    (english,) = desk.policy.subscriptions
    spanish = replace(english, name="inspectores", to=("inspectora@example.org",), language="es")
    policy = replace(desk.policy, subscriptions=(english, spanish))
    object.__setattr__(desk, "policy", policy)
    event = loiterer(end_us=None)
    take_in(desk.engine, policy, Change("opened", event))
    remember_elements(tmp_path)
    write_scenes(tmp_path / "scenes", "SYNTHETIC")
    with time_machine.travel(TIME + timedelta(hours=5), tick=False):
        assert look_for_pictures(desk).startswith("1 looked at, 1 seen")
    mails = {row["subscription"]: plain_of(row) for row in pictured(desk)}
    times = re.findall(r"SENTINEL-1A 2015-07-\d\d \d\d:\d\d", mails["inspectors"])
    assert len(times) == 3
    assert (
        "SILVER TERN is seen. Two ships of about 40 m alongside send no AIS."
        in (mails["inspectors"])
    )
    assert f"Next passes (UTC): {', '.join(times)}; the orbit elements are " in mails["inspectors"]
    assert (
        "Se ve SILVER TERN. Dos buques de unos 40 m al costado no emiten AIS."
        in (mails["inspectores"])
    )
    assert (
        f"Próximos pases (UTC): {', '.join(times)}; los elementos orbitales distan "
        in (mails["inspectores"])
    )
    with serving(desk.engine) as served:
        page = served.person().get(f"/alerts/{event.event_id}").text
    assert f"Next passes (UTC): {', '.join(times)}; the orbit elements are " in page
    assert "&#34;id&#34;" not in page, "the desk shows text, not what the store keeps"


def test_the_store_keeps_ids_and_a_note_of_finished_text_is_still_shown(
    desk: Desk, tmp_path: Path
) -> None:
    event = loiterer()
    take_in(desk.engine, desk.policy, Change("opened", event))
    write_scenes(tmp_path / "scenes", "SYNTHETIC")
    look_for_pictures(desk)
    stored = select(alert_log.c.note).where(alert_log.c.move == PICTURE_MOVE)
    with transaction(desk.engine) as connection:
        ((seen, ships),) = json.loads(connection.execute(stored).scalar_one())
        assert seen == {"id": "seen", "values": {"name": "SILVER TERN"}}
        assert ships == {"id": "some_alongside", "values": {"count": 2, "lengths_m": [40.0]}}
        old = update(alert_log).where(alert_log.c.move == PICTURE_MOVE)
        connection.execute(old.values(note="SILVER TERN is seen, alone."))
    assert told(desk, event)[0]["note"] == "SILVER TERN is seen, alone."


def plain_of(row: dict[str, Any]) -> str:
    """Return the text of the mail that a row of the outbox makes, its lines joined."""
    message = compose(
        row, json.loads(row["payload"]), sender="watch@example.org", reply_to=None,
        list_name="Alerts", domain="example.org", draw=lambda *_: b"\x89PNG map",
    )  # fmt: skip
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())
