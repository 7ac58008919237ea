"""The desk in a real browser: hostile names stay text, keys work, a phone shows all of it."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import Engine

from alerts.database import open_database, reading, transaction
from alerts.lifecycle import history, move_alert
from alerts.review import add_note
from detectors.events import Reason
from maps.identities import Identity
from tests.alerts.samples import WALL_US, dark, opened, policy, take_in
from tests.desk.people import Served, serving
from tests.maps.browser import needs_chromium
from tests.maps.devtools import Tab, chromium
from tests.maps.samples import HOSTILE

pytestmark = needs_chromium
ID = dark().event_id
WATCH = """
window.fired = 0;
for (const name of ["alert", "confirm", "prompt"]) window[name] = () => { window.fired += 1; };
document.addEventListener("securitypolicyviolation", (e) => console.error(e.violatedDirective));
"""
LOOK = """({
  fired: window.fired,
  odd: document.querySelectorAll(
    "main img:not([src^='/alerts/']), iframe:not(#map), [onerror], [onload], [onmouseover], [style]"
  ).length,
  scripts: [...document.scripts].map((one) => one.getAttribute("src")),
  wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  text: document.body.innerText,
})"""


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with chromium(tmp_path_factory.mktemp("profile")) as made:
        made.before(WATCH)
        yield made


def own_only(tab: Tab, served: Served) -> list[str]:
    """Return what went wrong: everything but requests to the desk itself."""
    return [one for one in tab.problems if not one.startswith((served.address, "data:"))]


def test_the_injection_matrix_is_text_on_every_page(tab: Tab, tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/state.db")
    events = [
        dark(
            n,
            vessel_name=text,
            flag=text,
            hull_id=text,
            other_mmsi=574_000_001,
            other_hull_id=f"other {text}",
            replaces=None,
            details={"zones": [text], "port_name": text, "list_matches": [text], text: text},
            reasons=(Reason(text, text, text, text), Reason("silence", 26.0, 12.0, text)),
        )
        for n, text in enumerate(HOSTILE)
    ]
    known = {event.hull_id: Identity(event.hull_id, "XXX", None, event.hull_id) for event in events}
    known |= {f"other {text}": Identity(text, text, None, text) for text in HOSTILE}
    take_in(engine, policy(), *opened(*events), identities=known)
    every = "".join(HOSTILE)
    with transaction(engine) as connection:
        for event, text in zip(events, HOSTILE, strict=True):
            add_note(connection, event.event_id, text, by=text, now_us=WALL_US)
    with serving(engine) as served:
        person = served.person(HOSTILE[0])
        person.get(f"/alerts/{events[0].event_id}")
        assert person.act(events[0].event_id, "suppress", until="7d", text=every).status_code == 200
        paths = ["/", f"/?q={quote(every[:90])}", "/suppressions", "/vessels/563012345"]
        paths += [f"/?flag={quote(HOSTILE[0])}&zone={quote(HOSTILE[3])}", "/?done=%3Cb%3E"]
        paths += [f"/alerts/{event.event_id}" for event in events]
        paths += [f"/alerts/{event.event_id}?done={quote(every)}" for event in events[:1]]
        tab.size(1280, 900)
        tab.problems.clear()
        for path in paths:
            tab.open(served.address + path)
            seen = tab.run(LOOK)
            assert seen["fired"] == 0, path
            assert seen["odd"] == 0, path
            assert seen["scripts"] == ["/static/desk.js"], path
        tab.open(f"{served.address}/alerts/{events[0].event_id}")
        assert HOSTILE[0] in tab.run(LOOK)["text"]
        tab.open(f"{served.address}/alerts/{events[3].event_id}/map")
        assert tab.run("window.fired") == 0
        assert own_only(tab, served) == []
    engine.dispose()


def test_keys_review_an_alert(tab: Tab, engine: Engine, desk: Served) -> None:
    tab.size(1280, 900)
    tab.open(desk.address)
    tab.problems.clear()
    tab.key("j")
    assert tab.run("document.activeElement.getAttribute('href')") == f"/alerts/{ID}"
    tab.loads(lambda: tab.key("Enter"))
    tab.loads(lambda: tab.key("a"))
    assert "Acknowledged" in tab.run("document.body.innerText")
    tab.key("d")
    assert tab.run("document.activeElement.tagName") == "TEXTAREA"
    tab.type("in dry dock, a c d are letters here")
    tab.loads(lambda: tab.run("document.activeElement.form.requestSubmit()"))
    with reading(engine) as connection:
        log = history(connection, ID)
    assert [row["move"] for row in log] == ["open", "ack", "dismiss"]
    assert log[-1]["note"] == "in dry dock, a c d are letters here"
    tab.loads(lambda: tab.key("j"))
    assert tab.run("location.pathname") != f"/alerts/{ID}"
    tab.loads(lambda: tab.key("u"))
    assert tab.run("location.pathname") == "/"
    tab.key("/")
    assert tab.run("document.activeElement.id") == "search"
    assert own_only(tab, desk) == []


def test_a_phone_shows_every_page_whole(tab: Tab, engine: Engine, desk: Served) -> None:
    with transaction(engine) as connection:
        move_alert(connection, ID, "ack", by="Ana", now_us=WALL_US)
    tab.size(360, 740, phone=True)
    for path in ("/", f"/alerts/{ID}", "/vessels/563012345", "/suppressions", "/login"):
        tab.open(desk.address + path)
        seen = tab.run(LOOK)
        assert seen["wide"] <= 0, path
    tab.open(f"{desk.address}/alerts/{ID}")
    small = tab.run(
        "[...document.querySelectorAll('button, summary')]"
        ".map((one) => one.getBoundingClientRect())"
        ".filter((box) => box.width && box.height < 40).length"
    )
    assert small == 0


def test_the_map_stands_in_its_frame_and_reaches_nothing_of_the_desk(
    tab: Tab, desk: Served
) -> None:
    tab.size(1280, 900)
    tab.problems.clear()
    tab.open(f"{desk.address}/alerts/{ID}/map?bare")
    assert tab.run("document.documentElement.dataset.ready") == "yes"
    assert tab.run("window.origin") == "null"
    cookie = tab.run("(() => { try { return document.cookie; } catch { return 'refused'; } })()")
    assert cookie == "refused"
    assert tab.run("document.querySelectorAll('.leaflet-container').length") == 1
    assert own_only(tab, desk) == []
