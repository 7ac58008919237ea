"""What a mail holds: useful from its first characters, light, threaded, and harmless."""

import json
from email.message import EmailMessage
from functools import cache
from typing import Any

import pytest

from alerts.compose import compose
from alerts.letter import REACH_KNOTS, letter
from alerts.posting import row_values
from alerts.stored import event_body, identities_body, to_json
from alerts.translate import LANGUAGES, Words
from detectors.events import EVENT_TYPES, Event, Reason
from detectors.unusual import guard
from maps.identities import Identity
from maps.picture import event_picture
from maps.words import OTHER_CAUSES, TYPE_MEANING
from tests.alerts.samples import WALL_US, dark, meeting
from vessels.units import US_PER_H

KNOWN = {
    "563012345-1": Identity("SILVER TERN", "SGP", 9_000_001, "9V1234"),
    "574000001-1": Identity("BIEN DONG 88", "VNM", 9_012_345, "XVAB"),
}
HOSTILE = (
    "<IMG SRC=X ONERROR=alert(1)>",
    "`+alert(1)+`",
    "${alert(1)}",
    "</script><script>alert(1)//",
    "<SVG/ONLOAD=alert(1)>",
    '<iframe srcdoc="<script>alert(1)</script>">',
    '=HYPERLINK("//T.CO")',
    "@SUM(1+1)*CMD",
    "+1-1",
    "X\r\nBcc: victim@example.org",
    "X\nSubject: you won",
    "X\u2028Bcc: victim@example.org",
    "{{ 7 * 7 }}{% raw %}",
    "%(name)s {0.__class__}",
    "$_$",
    "[/]",
    "\x1b[2J\x07",
    "\u202etxt.exe",
    "--=0=",
    ".",
    "]]>",
    "A" * 400,
)
"""The injection matrix: names as feeds, registers and lists may give them."""


def row(step: str = "opened", **values: Any) -> dict[str, Any]:
    return row_values(
        **{
            "id": 7,
            "channel": "mail",
            "kind": "event",
            "step": step,
            "subscription": "inspectors",
            "recipient": "inspector@example.org",
            "message_id": "<aa.opened.bb@example.org>",
            "created_us": WALL_US,
        }
        | values
    )


def mail(event: Event, step: str = "opened", **payload: Any) -> EmailMessage:
    told = {
        "event": event_body(event),
        "identities": identities_body(event, KNOWN),
        "language": "en",
        "time_zone": "UTC",
        "attach": [],
        "max_kb": 60,
    } | payload
    return made(row(step), told)


@cache
def picture() -> bytes:
    """Return a real picture, drawn once: what hostile names do in one is the maps' test."""
    return event_picture(dark(), {}, identities=KNOWN)


def made(one: dict[str, Any], payload: dict[str, Any]) -> EmailMessage:
    return compose(
        one,
        json.loads(to_json(payload)),
        sender="watch@example.org",
        reply_to="desk@example.org",
        list_name="Darkwake alerts",
        domain="example.org",
        draw=lambda *_: picture(),
    )


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("type_name", EVENT_TYPES)
def test_the_first_600_characters_stand_alone(language: str, type_name: str) -> None:
    text = body(mail(dark(type=type_name), language=language), "plain").replace("\r\n", "\n")
    start = text[:600]
    assert "8°30'47\"S 142°15'00\"E (-8.51300, 142.25000)" in start
    assert dark(type=type_name).event_id in start
    assert "2023" in start
    assert "22:13 UTC" in start
    assert Words(language).number(0.85, 2) in start
    if type_name != "identity_conflict":
        assert "SILVER TERN" in start


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("step", ["opened", "reminder", "closed", "withdrawn", "corrected"])
def test_a_subject_is_short_and_says_the_most_first(language: str, step: str) -> None:
    long_name = "WWWWWWWWWWWWWWWWWWWW"
    for event in (dark(vessel_name=long_name), dark(details={"zones": ["Z" * 90]}), meeting()):
        subject = str(mail(event, step, language=language)["Subject"])
        assert len(subject) <= 78
        assert "\n" not in subject
        lines = mail(event, step, language=language).as_bytes().split(b"\r\n")
        (line,) = (one for one in lines if one.startswith(b"Subject:"))
        assert len(line) > len("Subject: ")  # a folded one may not leave its first line empty
        assert all(len(one) <= 88 for one in lines)
    if language == "en" and step == "opened":
        assert str(mail(dark())["Subject"])[:40] == "[HIGH] AIS silent 26 h: SILVER TERN (SGP"


def test_a_mail_says_what_an_inspector_asks() -> None:
    match = "563012345: blacklist (iuu) by IMO number; TMT, 2024-01-01"
    listed = {"zones": ["Dog Leg"], "lists": ["blacklist"], "list_matches": [match]}
    event = dark(details={**dark().details, **listed})
    message = mail(event, time_zone="Pacific/Port_Moresby")
    for kind in ("plain", "html"):
        told = " ".join(body(message, kind).replace("&#39;", "'").split())
        for wanted in (
            "has not been heard on AIS for 26 h",
            "IMO 9000001",
            "9V1234",
            "UTC+9",
            "UTC+10",
            "Not heard for: 26 h (threshold 12 h)",
            "strong (0.85 of 1)",
            "an indicator to check, never a verdict",
            OTHER_CAUSES["dark_period"],
            "VMS track",
            "Dog Leg",
            match,
            TYPE_MEANING["dark_period"],
            f"darkwake alerts ack {event.event_id}",
        ):
            assert wanted in told, (kind, wanted)


def test_where_she_can_be_now_is_a_circle_and_a_box() -> None:
    event = dark()
    told = letter(event, Words(), step="opened").reach
    assert "15 knots" in told
    assert f"{REACH_KNOTS * 26:.0f} nautical miles" in told
    assert "between 15.0°S and 2.0°S, 135.7°E and 148.8°E" in told
    over_the_line = letter(dark(lon=179.5, path=((179.5, -8.513),)), Words(), step="opened").reach
    assert "172.9°E and 173.9°W" in over_the_line
    old = dark(now_us=dark().start_us + 5000 * US_PER_H)
    assert "no more than the sea" in letter(old, Words(), step="opened").reach
    for silent in (dark(end_h=30.0), meeting()):
        assert letter(silent, Words(), step="opened").reach == ""


def test_headers_thread_and_keep_robots_quiet() -> None:
    one = row("closed", references_ids=json.dumps(["<a@x>", "<b@x>"]))
    payload = {
        "event": event_body(dark(end_h=30.0)),
        "identities": {},
        "language": "en",
        "time_zone": "UTC",
        "attach": [],
        "max_kb": 60,
    }
    message = made(one, payload)
    assert message["In-Reply-To"] == "<b@x>"
    assert message["References"] == "<a@x> <b@x>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Reply-To"] == "desk@example.org"
    assert message["List-Id"] == "Darkwake alerts <alerts.example.org>"
    assert message["X-Darkwake-Event"] == dark().event_id
    assert message["To"] == "inspector@example.org"
    assert "this has ended" in body(message, "plain")


def test_the_same_row_is_the_same_mail_to_the_byte() -> None:
    attach = ["geojson", "kml"]
    assert mail(meeting(), attach=attach).as_bytes() == mail(meeting(), attach=attach).as_bytes()


def test_a_mail_is_light_and_sheds_files_then_the_picture() -> None:
    full = mail(dark(), attach=["geojson", "kml"])
    assert len(full.as_bytes()) <= 60_000
    names = [part.get_filename() for part in full.iter_attachments()]
    event_id = dark().event_id
    assert names == [f"darkwake-{event_id}.geojson", f"darkwake-{event_id}.kml"]
    size = len(full.as_bytes())
    big = dark(details={"zones": ["Z" * 100] * 700})
    shed = mail(big, attach=["geojson", "kml"])
    assert list(shed.iter_attachments()) == []
    assert [part.get_content_type() for part in shed.walk()].count("image/png") == 1
    assert len(shed.as_bytes()) <= 60_000
    bare = mail(dark(), max_kb=15)
    assert [part.get_content_type() for part in bare.walk()].count("image/png") == 0
    assert "cid:" not in body(bare, "html")
    assert len(bare.as_bytes()) < size


def test_the_picture_is_inside_and_nothing_is_fetched() -> None:
    message = mail(dark())
    html = body(message, "html")
    cids = [part["Content-ID"] for part in message.walk() if part["Content-ID"]]
    assert [f"<{html.split('cid:')[1].split(chr(34))[0]}>"] == cids
    for fetches in ("http://", "https://", "url(", "<link", "@import", "<script", "<form"):
        assert fetches not in html


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("step", ["opened", "corrected"])
def test_hostile_text_is_inert(name: str, step: str) -> None:
    event = meeting(
        vessel_name=name,
        flag=name,
        replaces=name,
        reasons=(Reason(name, name, name, name),),
        details={
            **{key: [name] for key in ("zones", "lists", "list_matches", "after_events")},
            "port_name": name,
        },
    )
    known = {
        "563012345-1": [name, name, 1, name],
        "574000001-1": [name, name, 1, name],
    }
    message = mail(event, step, identities=known, attach=["geojson", "kml"])
    raw = message.as_bytes()
    headers = raw.partition(b"\r\n\r\n")[0].decode("ascii")
    assert sorted(message.keys()) == sorted(mail(meeting()).keys())
    assert "\nBcc" not in headers
    assert headers.lower().count("\nsubject:") == 1
    assert len(str(message["Subject"])) <= 78
    text, html = body(message, "plain"), body(message, "html")
    for part in (text, html, str(message["Subject"])):
        assert not set(part) & set("\x1b\x07\u202e\u2028\x00")
    _only_our_own_markup(html)
    for part in message.iter_attachments():
        content = part.get_content().decode()
        if "kml" in part.get_content_type():
            _well_formed(content)
        else:
            assert json.loads(content)["features"][0]["id"] == event.event_id


def test_a_bundle_escapes_as_a_mail_does_and_names_every_event() -> None:
    events = [meeting(n, vessel_name=name) for n, name in enumerate(HOSTILE)]
    payload = {
        "language": "en",
        "time_zone": "UTC",
        "max_kb": 60,
        "items": [{"event": event_body(e), "identities": {}, "step": "opened"} for e in events],
        "total": 300,
        "bundle": "rollup",
        "by_type": {"encounter": 300},
    }
    message = made(row("rollup", kind="bundle"), payload)
    text, html = body(message, "plain"), body(message, "html")
    _only_our_own_markup(html)
    for event in events:
        assert event.event_id in text
        assert event.event_id in html
    assert f"{300 - len(events)} more are in the list" in text
    assert str(message["Subject"]) == "[WATCH] 300 findings: Encounter: 300"
    assert len(message.as_bytes()) <= 60_000


def numbers(number: int, name: str | None = None, **more: object) -> dict[str, object]:
    return {
        "mmsi": 563_012_345 + number,
        "name": name,
        "hull_id": f"{563_012_345 + number}-1",
        "coverage": 0.42,
        "peers": 80,
        "p_value": 0.025,
        "start": "2026-01-01",
        "end": "2026-06-30",
        "indicators": 12,
        "met": ["at sea for 90 days or more", "90 days without port call or meeting"],
        "withheld": None,
        "findings": [["longest time at sea: 95 days, more than 78 of its 80 fishing peers", "ice"]],
        **more,
    }


def digest(events: list[Event], told: list[dict[str, object]], language: str = "en") -> Any:
    payload = {
        "language": language,
        "time_zone": "UTC",
        "max_kb": 60,
        "items": [{"event": event_body(e), "identities": {}, "step": "opened"} for e in events],
        "total": len(events),
        "bundle": "daily",
        "by_type": {"encounter": len(events)},
        "numbers": told,
    }
    return made(row("daily", kind="bundle"), payload)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_digest_tells_numbers_with_the_text_that_belongs_to_them(language: str) -> None:
    withheld = numbers(1, withheld="too few peers", p_value=None, peers=3, findings=[], met=[])
    message = digest([meeting()], [numbers(0, "TERN"), withheld], language)
    words = Words(language)
    for part in (body(message, "plain"), html_text(body(message, "html"))):
        for line in guard.ALL:
            assert words.plain(line) in part
        assert words.plain("too few peers") in part
        assert words.number(2.5, 1) in part
        assert words.plain("at sea for 90 days or more") in part
    text = body(message, "plain")
    assert text.index("563012345") < text.index("563012346")
    assert "None" not in text


def test_a_digest_without_numbers_tells_nothing_of_them() -> None:
    message = digest([meeting()], [])
    assert guard.NOT_EVIDENCE not in body(message, "plain")


def test_a_digest_keeps_to_its_bytes_with_fifty_findings_and_many_vessels() -> None:
    events = [meeting(n) for n in range(60)]
    message = digest(events, [numbers(n, "A LONG NAME OF A SHIP") for n in range(40)])
    text = body(message, "plain")
    assert len(message.as_bytes()) <= 60_000
    assert "30 more vessels have such numbers" in text
    assert guard.NOT_EVIDENCE in text


def test_hostile_names_beside_numbers_are_inert() -> None:
    told = [numbers(n, name, hull_id=name) for n, name in enumerate(HOSTILE[:10])]
    _only_our_own_markup(body(digest([meeting()], told), "html"))


def html_text(html: str) -> str:
    from html import unescape

    return " ".join(unescape(html).split())


def _only_our_own_markup(html: str) -> None:
    from html.parser import HTMLParser

    class Reader(HTMLParser):
        tags: set[str]
        attributes: set[str]

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.tags.add(tag)
            self.attributes |= {name for name, _ in attrs}

    reader = Reader()
    reader.tags, reader.attributes = set(), set()
    reader.feed(html)
    assert reader.tags <= {
        *("html", "head", "meta", "title", "body", "div", "p", "h1", "h2", "table", "tbody"),
        *("tr", "th", "td", "ul", "li", "img", "strong", "br", "span"),
    }
    assert reader.attributes <= {
        *("lang", "charset", "style", "class", "role", "scope", "src", "alt", "width", "height"),
    }


def _well_formed(kml: str) -> None:
    from xml.etree import ElementTree as ET

    root = ET.fromstring(kml)  # noqa: S314 - our own text, and the parser resolves no entities
    assert {element.tag.rpartition("}")[2] for element in root.iter()} <= {
        *("kml", "Document", "Placemark", "name", "description", "TimeSpan", "begin", "end"),
        *("Point", "LineString", "MultiGeometry", "coordinates", "tessellate"),
    }
