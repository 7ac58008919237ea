"""Makes a mail of a row of the outbox: text, HTML, a picture inside, files where asked for.

The same row gives the same mail at any time, its Message-ID and date included. Data enters the HTML
only through Jinja's autoescape, headers only through EmailMessage, which refuses line breaks.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache, partial
from typing import Any

import css_inline
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from alerts.attachments import geojson, kml
from alerts.comparison import comparison
from alerts.letter import MOST_SUBJECT, Letter, letter, position, shortened
from alerts.stored import Row, event_from, identities_from
from alerts.translate import Words, mark
from detectors.events import SEVERITIES, Event
from maps.identities import Identity
from maps.words import DISCLAIMER, plain, type_words
from vessels.clock import iso_z
from vessels.text import clean_text

Draw = Callable[[Event, Mapping[str, Identity]], bytes]
MOST_FINDINGS = 50
"""Most findings written out in one bundle; the rest is counted and in the list."""
_ONE_LINE = SMTP.clone(max_line_length=len("Subject: ") + MOST_SUBJECT + 1)
"""A subject of plain letters stays on the line of its name: folded, the first line of it is empty,
and some mail programs show that. Encoded words may not be longer than 75, so others are folded."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ENCODING = "quoted-printable"
_HEADS = {
    "reach": mark("Where it can be now"),
    "why": mark("Why this was raised"),
    "causes": mark("What else explains it"),
    "checks": mark("What to check"),
    "answer": mark("What you can do"),
    "findings": mark("Findings"),
}
_ANSWER = mark(
    "Answer this mail and keep the number {event_id} in it, or tell the list: "
    "darkwake alerts ack {event_id}; then confirm, or dismiss with a reason."
)
_SUBSCRIBED = mark("You get this mail through the subscription {name} of this watch.")
_MADE_BY = mark("Darkwake made it from AIS; nobody has looked at it before you.")
_BUNDLES = {
    "hourly": mark("Digest of the hour: {total} messages about findings."),
    "daily": mark("Digest of the day: {total} messages about findings."),
    "rollup": mark(
        "More than your limit of mails in an hour: {total} further messages, rolled up here."
    ),
    "flood": mark(
        "Very many findings of one kind came within an hour: {total} messages, rolled up here. "
        "A feed that failed can be the cause; the operator has been told."
    ),
    "quiet": mark("In your quiet hours there were {total} messages about findings."),
}
_BUNDLE_SUBJECT = mark("[{severity}] {total} findings: {types}")
_MORE = mark("{count} more are in the list: darkwake alerts list")


def compose(
    row: Row,
    payload: Mapping[str, Any],
    *,
    sender: str,
    reply_to: str | None,
    list_name: str,
    domain: str,
    draw: Draw,
) -> EmailMessage:
    """Return the mail of a row.

    Args:
        row: of the outbox.
        payload: its payload, read from JSON.
        sender: address in From.
        reply_to: address that answers go to; the sender's where None.
        list_name: what List-Id calls the list.
        domain: the sender's domain.
        draw: makes the picture of an event, as PNG.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = Address("Darkwake", addr_spec=sender)
    message["To"] = row["recipient"]
    if reply_to:
        message["Reply-To"] = reply_to
    message["Date"] = format_datetime(_EPOCH + timedelta(microseconds=row["created_us"]))
    message["Message-ID"] = row["message_id"]
    references = json.loads(row["references_ids"])
    if references:
        message["In-Reply-To"] = references[-1]
        message["References"] = " ".join([references[0], *references[1:][-8:]])
    message["Auto-Submitted"] = "auto-generated"
    message["Precedence"] = "list"
    message["List-Id"] = f"{_word(list_name)} <alerts.{domain}>"
    if row["kind"] == "operator":
        _operator_body(message, payload)
    elif row["kind"] == "bundle":
        _bundle_body(message, row, payload)
    elif row["kind"] == "test":
        _test_body(message, payload)
    else:
        _event_body(message, row, payload, draw)
    if str(message["Subject"]).isascii():
        message.policy = _ONE_LINE
    return message


def _event_body(
    message: EmailMessage,
    row: Row,
    payload: Mapping[str, Any],
    draw: Draw,
) -> None:
    event = event_from(payload["event"])
    words = Words(payload["language"])
    known = identities_from(payload["identities"])
    zone = payload["time_zone"]
    seen = payload.get("picture") or {}
    says = seen.get("says", ())
    told = letter(event, words, step=row["step"], time_zone=zone, known=known, seen=says)
    message["Subject"] = told.subject
    message["X-Darkwake-Event"] = event.event_id
    foot = _foot(words, row["subscription"])
    text = _event_text(told, words, foot)
    pictures = {f"map.{event.event_id}@darkwake": draw(event, known)}
    if seen.get("png"):
        above = {f"space.{event.event_id}@darkwake": base64.b64decode(seen["png"])}
        pictures = above | pictures
    page = partial(
        _html,
        "alert.html",
        language=words.language,
        subject=told.subject,
        severity=_known_severity(event.severity),
        title=told.subject,
        letter=told,
        heads={name: words.plain(text) for name, text in _HEADS.items()},
        answer=words.say(_ANSWER, event_id=event.event_id),
        foot=foot,
    )
    files = _files(event, payload["attach"], words)

    def html(cids: Sequence[str]) -> str:
        named = {cid.split(".")[0]: cid for cid in cids}
        return page(picture=named.get("map"), seen=named.get("space"))

    _fill(message, text, html, pictures, files, int(payload["max_kb"]) * 1000)


def _event_text(told: Letter, words: Words, foot: list[str]) -> str:
    """Return the text form. Its first 600 characters stand alone: a pager shows no more."""
    lines = [told.lead, ""] if told.lead else []
    lines += [told.headline, ""]
    lines += [f"{label}: {text}" for label, text in told.facts]
    if told.reach:
        lines += _section(words, "reach", [told.reach])
    lines += _section(words, "why", [told.meaning, *(f"- {line}" for line in told.why)])
    lines += _section(words, "causes", [told.causes])
    lines += _section(words, "checks", [f"- {line}" for line in told.checks])
    lines += _section(words, "answer", [words.say(_ANSWER, event_id=told.event_id)])
    return "\n".join([*lines, "", "-- ", *foot]) + "\n"


def _section(words: Words, name: str, lines: list[str]) -> list[str]:
    return ["", words.plain(_HEADS[name]).upper(), *lines] if any(lines) else []


def _bundle_body(message: EmailMessage, row: Row, payload: Mapping[str, Any]) -> None:
    words = Words(payload["language"])
    items = [(event_from(item["event"]), item) for item in payload["items"]]
    worst = max((_known_severity(event.severity) for event, _ in items), key=SEVERITIES.index)
    counts = [
        f"{words.plain(type_words(name))}: {count}" for name, count in payload["by_type"].items()
    ]
    title = words.say(
        _BUNDLE_SUBJECT,
        severity=words.plain(worst.upper()),
        total=payload["total"],
        types=", ".join(counts),
    )
    message["Subject"] = shortened(title, MOST_SUBJECT)
    findings = [_short(event, item, words, payload["time_zone"]) for event, item in items]
    findings.sort(key=lambda one: one["rank"])
    shown = findings[:MOST_FINDINGS]
    more = payload["total"] - len(shown)
    more_words = words.say(_MORE, count=more) if more else ""
    lead = words.say(_BUNDLES[payload["bundle"]], total=payload["total"])
    foot = _foot(words, row["subscription"])
    lines = [lead, *counts]
    for one in shown:
        lines += ["", one["subject"], one["headline"], one["place"], one["event_id"]]
    lines += ["", more_words] if more_words else []
    page = partial(
        _html,
        "bundle.html",
        language=words.language,
        subject=str(message["Subject"]),
        severity=worst,
        title=str(message["Subject"]),
        lead=lead,
        counts=counts,
        findings=shown,
        more=more_words,
        heads={name: words.plain(text) for name, text in _HEADS.items()},
        foot=foot,
    )
    # Where the numbers would make the mail too long it goes without them, and without their text.
    for beside in (comparison(payload.get("numbers") or [], words), None):
        text = "\n".join([*lines, *_beside_peers(beside), "", "-- ", *foot]) + "\n"
        html = partial(_as_it_is, page(beside=beside))
        _fill(message, text, html, {}, [], int(payload["max_kb"]) * 1000)
        if beside is None or len(message.as_bytes()) <= int(payload["max_kb"]) * 1000:
            return


def _as_it_is(html: str, cids: Sequence[str]) -> str:
    """Return the page of a bundle, which has no place for a picture."""
    del cids
    return html


def _beside_peers(beside: Mapping[str, Any] | None) -> list[str]:
    """Return the numbers of a digest's vessels as lines, the text that goes with them first."""
    if beside is None:
        return []
    lines = ["", beside["head"].upper(), *(f"- {text}" for text in beside["guard"])]
    for one in beside["vessels"]:
        lines += ["", one["who"], *one["lines"]]
    return [*lines, "", beside["more"]] if beside["more"] else lines


def _short(event: Event, item: Mapping[str, Any], words: Words, time_zone: str) -> dict[str, Any]:
    """Return a finding as a bundle lists it: the worst and surest first."""
    known = identities_from(item["identities"])
    told = letter(event, words, step=item["step"], time_zone=time_zone, known=known)
    rank = (-SEVERITIES.index(_known_severity(event.severity)), -event.confidence, event.event_id)
    return {
        "subject": told.subject,
        "headline": told.headline,
        "place": position(event.lat, event.lon),
        "event_id": event.event_id,
        "rank": rank,
    }


def _operator_body(message: EmailMessage, payload: Mapping[str, Any]) -> None:
    topic = plain(payload["topic"]).rsplit(":", 1)[0]
    message["Subject"] = shortened(f"[OPERATOR] {topic}", MOST_SUBJECT)
    text = clean_text(payload["text"], limit=2000) or ""
    when = iso_z(payload["at_us"])
    message.set_content(f"{text}\n\n{when}\n", cte=_ENCODING)


def _test_body(message: EmailMessage, payload: Mapping[str, Any]) -> None:
    message["Subject"] = "Darkwake test mail"
    when = iso_z(payload["at_us"])
    message.set_content(
        f"This mail was sent by `darkwake mail test` at {when}. Alerts will come the same way.\n",
        cte=_ENCODING,
    )


def _fill(
    message: EmailMessage,
    text: str,
    html: Callable[[Sequence[str]], str],
    pictures: Mapping[str, bytes],
    files: list[tuple[str, str, str]],
    most_bytes: int,
) -> None:
    """Put the parts in; where they are too many bytes, leave out files first, then pictures.

    `html` gives the page for the pictures that go in, by their content ids; the first matters most.
    """
    cids = list(pictures)
    plans = [(cids, files), *((cids[:count], []) for count in range(len(cids), -1, -1))]
    for number, (shown, attached) in enumerate(plans, 1):
        message.clear_content()
        message.set_content(text, cte=_ENCODING)
        message.add_alternative(html(shown), subtype="html", cte=_ENCODING)
        page = [part for part in message.iter_parts() if isinstance(part, EmailMessage)][1]
        for cid in shown:
            page.add_related(pictures[cid], "image", "png", cid=f"<{cid}>", disposition="inline")
        for name, subtype, body in attached:
            message.add_attachment(body.encode(), "application", subtype, filename=name)
        _set_boundaries(message)
        if number == len(plans) or len(message.as_bytes()) <= most_bytes:
            return


def _set_boundaries(message: EmailMessage) -> None:
    """Give every multipart a boundary made of the Message-ID: the library would draw lots."""
    mark_of = hashlib.sha256(str(message["Message-ID"]).encode()).hexdigest()[:24]
    for number, part in enumerate(message.walk()):
        if part.is_multipart():
            part.set_boundary(f"={number}={mark_of}=")


def _files(event: Event, wanted: list[str], words: Words) -> list[tuple[str, str, str]]:
    """Return (name, subtype, text) of the files asked for. Names come from the id alone."""
    feature = [(event, event.properties())]
    made: dict[str, tuple[str, Callable[[], str]]] = {
        "geojson": ("geo+json", lambda: geojson(feature)),
        "kml": ("vnd.google-earth.kml+xml", lambda: kml(feature, words)),
    }
    name = f"darkwake-{event.event_id}"
    return [(f"{name}.{kind}", made[kind][0], made[kind][1]()) for kind in wanted if kind in made]


def _foot(words: Words, subscription: str) -> list[str]:
    return [
        words.plain(DISCLAIMER),
        words.plain(_MADE_BY),
        words.say(_SUBSCRIBED, name=plain(subscription)),
    ]


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("alerts", "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
    )


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(load_remote_stylesheets=False)


def _html(template: str, **values: Any) -> str:
    return _inliner().inline(_environment().get_template(template).render(**values))


def _known_severity(severity: str) -> str:
    return severity if severity in SEVERITIES else SEVERITIES[0]


def _word(text: str) -> str:
    """Return a phrase of a header that needs no quotes."""
    return "".join(letter for letter in plain(text) if letter.isalnum() or letter in " -_")
