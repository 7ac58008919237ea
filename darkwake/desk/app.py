"""The desk's addresses, and what each answers.

Everything that reads or writes runs in a thread, so that no slow store holds up another reviewer. A
GET changes nothing; a POST needs the session's own secret and the version that was seen.
"""

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, quote

from sqlalchemy import Connection
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from alerts.database import reading
from alerts.lifecycle import STATUSES
from alerts.review import Overtaken
from alerts.stored import Row, identities_from, row_event, rows_of
from alerts.suppressions import list_suppressions
from darkwake.desk import finding, moves, vessel
from darkwake.desk.filters import AGES, SORTS, TO_REVIEW, Filters, read_filters
from darkwake.desk.guarding import MAP_POLICY
from darkwake.desk.listing import counts, next_to_review, now_of, page_of
from darkwake.desk.material import Material
from darkwake.desk.pages import STATIC, render, static
from darkwake.desk.sessions import Session, Sessions, is_forged
from darkwake.desk.tracks import tracks_of
from darkwake.watching.talk import log
from detectors.events import EVENT_TYPES, SEVERITIES
from maps.alert_map import render_page
from maps.event_page import event_page
from maps.words import type_words
from vessels.clock import iso_z
from vessels.errors import DarkwakeError, InputError, StoreError, UsageError
from vessels.text import clean_text

_EVENT_ID = re.compile(r"[0-9a-f]{16}")
_MMSI = re.compile(r"[0-9]{9}")
_BEARER = "Bearer "
_WRONG_TOKEN_S = 1.0
"""How long a wrong token waits for its answer."""
_MOST_FIELDS = 20


class Desk:
    """The application of one desk.

    Args:
        material: what it shows from.
        sessions: who is there.
        cookie: name of the session's cookie.
        secure: whether the desk is reached by https alone.
    """

    def __init__(
        self, material: Material, sessions: Sessions, *, cookie: str, secure: bool = False
    ) -> None:
        self._of = material
        self._sessions = sessions
        self._cookie = cookie
        self._secure = secure

    def app(self) -> Starlette:
        """Return the application, to be put behind `guarding.Guard`."""
        shown = [
            ("/", self._list),
            ("/alerts/{event_id}", self._alert),
            ("/alerts/{event_id}/map", self._map),
            ("/alerts/{event_id}/pictures/{name}", self._picture),
            ("/vessels/{mmsi}", self._vessel),
            ("/vessels/{mmsi}/story", self._story),
            ("/suppressions", self._suppressions),
            ("/api/alerts", self._list_json),
            ("/api/alerts/{event_id}", self._alert_json),
        ]
        done = [
            ("/alerts/{event_id}/{action}", self._act),
            ("/suppressions/{number}/end", self._lift),
            ("/name", self._rename),
        ]
        routes = [Route(path, self._reader(page), methods=["GET"]) for path, page in shown]
        routes += [Route(path, self._writer(page), methods=["POST"]) for path, page in done]
        routes += [
            Route("/static/{name}", self._static, methods=["GET"]),
            Route("/login", self._login_form, methods=["GET"]),
            Route("/login", self._login, methods=["POST"]),
            Route("/logout", self._logout, methods=["POST"]),
        ]
        return Starlette(routes=routes, exception_handlers={HTTPException: _plain_error})

    # Who is there.

    def _session(self, request: Request) -> tuple[Session | None, bool]:
        """Return the session of a request, and whether it is new."""
        given = request.headers.get("authorization", "")
        if given.startswith(_BEARER) and self._sessions.is_token(given.removeprefix(_BEARER)):
            return Session("api"), False  # of this request alone; it has no cookie
        found = self._sessions.find(request.cookies.get(self._cookie))
        if found is None and not self._sessions.needs_token:
            return self._sessions.begin(), True
        return found, False

    def _reader(self, page: Callable[[Request, Session], Response]) -> Any:
        """Return an endpoint for a page that only shows."""

        async def endpoint(request: Request) -> Response:
            session, new = self._session(request)
            if session is None:
                return self._to_login(request)
            try:
                answer = await run_in_threadpool(page, request, session)
            except DarkwakeError as error:
                answer = self._trouble(request, session, error)
            return self._with_cookie(answer, session) if new else answer

        return endpoint

    def _writer(self, page: Callable[[Request, Session, dict[str, str]], Response]) -> Any:
        """Return an endpoint for a form of ours."""

        async def endpoint(request: Request) -> Response:
            session, new = self._session(request)
            if session is None:
                return self._to_login(request)
            form = await _form(request)
            if new or is_forged(session, form.get("csrf", "")):
                error = UsageError("This form is not of your session: open the page again.")
                return self._trouble(request, session, error, 403)
            if self._of.read_only and request.url.path != "/name":
                error = UsageError("This desk only shows: nothing can be changed here.")
                return self._trouble(request, session, error, 403)
            try:
                return await run_in_threadpool(page, request, session, form)
            except DarkwakeError as error:
                return self._trouble(request, session, error)

        return endpoint

    def _to_login(self, request: Request) -> Response:
        if request.url.path.startswith("/api/"):
            return JSONResponse({"error": "a token is needed: Authorization: Bearer TOKEN"}, 401)
        return RedirectResponse("/login", 303)

    def _with_cookie(self, answer: Response, session: Session) -> Response:
        answer.set_cookie(
            self._cookie, session.key, path="/", httponly=True, samesite="lax", secure=self._secure
        )
        return answer

    async def _login_form(self, request: Request) -> Response:
        del request
        return self._login_page("")

    async def _login(self, request: Request) -> Response:
        form = await _form(request)
        name = clean_text(form.get("name"))
        if not self._sessions.is_token(form.get("token", "")):
            await asyncio.sleep(_WRONG_TOKEN_S)
            log("desk: a wrong token was refused")
            return self._login_page("This is not the token.", 403)
        if name is None:
            return self._login_page("A name is needed: it is written beside what you do.", 400)
        session = self._sessions.begin(name)
        log("desk: logged in", by=name)
        return self._with_cookie(RedirectResponse("/", 303), session)

    async def _logout(self, request: Request) -> Response:
        session = self._sessions.find(request.cookies.get(self._cookie))
        if session is not None and not is_forged(session, (await _form(request)).get("csrf", "")):
            self._sessions.end(session)
        answer = RedirectResponse("/login" if self._sessions.needs_token else "/", 303)
        answer.delete_cookie(self._cookie, path="/")
        return answer

    def _login_page(self, problem: str, status: int = 200) -> Response:
        text = render("login.html", problem=problem, needed=self._sessions.needs_token)
        return HTMLResponse(text, status)

    # Pages.

    def _page(self, template: str, session: Session, status: int = 200, **values: Any) -> Response:
        text = render(
            template,
            me=session.name,
            csrf=session.csrf,
            read_only=self._of.read_only,
            needs_token=self._sessions.needs_token,
            source=self._of.title,
            **values,
        )
        return HTMLResponse(text, status)

    def _trouble(
        self, request: Request, session: Session, error: DarkwakeError, status: int | None = None
    ) -> Response:
        status = status or {UsageError: 400, Overtaken: 409, StoreError: 503}.get(type(error), 500)
        if request.url.path.startswith("/api/"):
            return JSONResponse({"error": str(error)}, status)
        return self._page("trouble.html", session, status, said=str(error))

    def _list(self, request: Request, session: Session) -> Response:
        problem = ""
        try:
            asked = read_filters(request.query_params)
        except UsageError as error:
            asked, problem = Filters(), str(error)
        with reading(self._of.engine) as connection:
            now_us = self._now(connection)
            found = page_of(connection, asked, now_us)
            total = counts(connection)
        return self._page(
            "list.html",
            session,
            400 if problem else 200,
            asked=asked,
            rows=[finding.brief(row) for row in found.rows],
            more=found.more,
            counts=total,
            now=iso_z(now_us)[:16].replace("T", " ") if now_us else "no event yet",
            problem=problem,
            statuses=("", TO_REVIEW, *STATUSES, "withdrawn"),
            types=[(name, type_words(name)) for name in EVENT_TYPES],
            severities=SEVERITIES,
            ages=AGES,
            sorts=SORTS,
        )

    def _alert(self, request: Request, session: Session) -> Response:
        return self._alert_page(request, session, _event_id(request))

    def _alert_page(
        self,
        request: Request,
        session: Session,
        event_id: str,
        *,
        status: int = 200,
        problem: str = "",
        draft: str = "",
    ) -> Response:
        done = request.query_params.get("done", "")[:200] if request.method == "GET" else ""
        with reading(self._of.engine) as connection:
            row = self._row(connection, event_id)
            told = finding.whole(connection, row, self._of.run)
            follows = next_to_review(connection, Filters(), self._now(connection), event_id)
        return self._page(
            "alert.html",
            session,
            status,
            one=told,
            next_id=follows,
            problem=problem,
            draft=draft,
            done=DONE.get(done, ""),
            spans=moves.SPANS,
        )

    def _map(self, request: Request, session: Session) -> Response:
        del session
        with reading(self._of.engine) as connection:
            row = self._row(connection, _event_id(request))
        event, known = row_event(row), identities_from(json.loads(row["identities"]))
        page = event_page(event, tracks_of(event, self._of.tracks), identities=known)
        bare = "bare" in request.query_params
        return _map_response(render_page(replace(page, bare=bare)))

    def _picture(self, request: Request, session: Session) -> Response:
        del session
        name = str(request.path_params["name"])
        path = finding.picture_of(self._of.run, _event_id(request), name)
        if path is None:
            raise HTTPException(404)
        return Response(path.read_bytes(), media_type="image/png")

    def _vessel(self, request: Request, session: Session) -> Response:
        mmsi = _mmsi(request)
        with reading(self._of.engine) as connection:
            told = vessel.whole(connection, mmsi, self._of.run)
        if told is None:
            raise HTTPException(404)
        if told["numbers"]:  # docs/desk.md: who looked at whose numbers is written down
            log("desk: risk numbers were shown", mmsi=told["mmsi"], by=session.name)
        return self._page("vessel.html", session, one=told)

    def _story(self, request: Request, session: Session) -> Response:
        del session
        if self._of.run is None:
            raise HTTPException(404)
        try:
            return _map_response(vessel.story(self._of.run, _mmsi(request)))
        except InputError as error:
            raise HTTPException(404) from error

    def _suppressions(self, request: Request, session: Session) -> Response:
        del request
        with reading(self._of.engine) as connection:
            rows = list_suppressions(connection)
        told = [
            {**row, "until": iso_z(row["until_us"]), "created": iso_z(row["created_us"])}
            for row in rows
        ]
        return self._page("suppressions.html", session, rows=told)

    # What is done.

    def _act(self, request: Request, session: Session, form: dict[str, str]) -> Response:
        event_id, action = _event_id(request), str(request.path_params["action"])
        if action not in moves.ACTIONS:
            raise HTTPException(404)
        try:
            moves.act(self._of.engine, event_id, action, form, by=session.name)
        except UsageError as error:
            late = isinstance(error, Overtaken)
            said = OVERTAKEN if late else str(error)
            return self._alert_page(
                request,
                session,
                event_id,
                status=409 if late else 400,
                problem=said,
                draft=form.get("text", ""),
            )
        log("desk: alert moved", action=action, event_id=event_id, by=session.name)
        return RedirectResponse(f"/alerts/{event_id}?done={quote(action)}", 303)

    def _lift(self, request: Request, session: Session, form: dict[str, str]) -> Response:
        del form
        moves.lift(self._of.engine, str(request.path_params["number"]))
        log("desk: suppression ended", number=request.path_params["number"], by=session.name)
        return RedirectResponse("/suppressions", 303)

    def _rename(self, request: Request, session: Session, form: dict[str, str]) -> Response:
        del request
        name = clean_text(form.get("name"))
        if name is None:
            raise UsageError("A name is needed: it is written beside what you do.")
        session.name = name
        return RedirectResponse("/", 303)

    # For programs.

    def _list_json(self, request: Request, session: Session) -> Response:
        del session
        asked = read_filters(request.query_params)
        with reading(self._of.engine) as connection:
            found = page_of(connection, asked, self._now(connection))
            told = [finding.as_json(connection, row) for row in found.rows]
        return JSONResponse({"alerts": told, "page": asked.page, "more": found.more})

    def _alert_json(self, request: Request, session: Session) -> Response:
        del session
        with reading(self._of.engine) as connection:
            row = self._row(connection, _event_id(request))
            return JSONResponse(finding.as_json(connection, row))

    async def _static(self, request: Request) -> Response:
        name = str(request.path_params["name"])
        if name not in STATIC:
            raise HTTPException(404)
        return Response(static(name), media_type=STATIC[name])

    def _now(self, connection: Connection) -> int:
        return now_of(connection) if self._of.now_us is None else self._of.now_us

    def _row(self, connection: Connection, event_id: str) -> Row:
        rows = rows_of(connection, [event_id])
        if event_id not in rows:
            raise HTTPException(404)
        return rows[event_id]


OVERTAKEN = (
    "Somebody changed this alert while you looked at it. Nothing of yours was written. Read what "
    "happened below, then decide again; your text is kept."
)
DONE = {
    "ack": "Acknowledged: the alert is yours, and no reminder is sent.",
    "confirm": "Confirmed.",
    "dismiss": "Dismissed: nothing more is mailed about it.",
    "close": "Closed.",
    "note": "Your note was added.",
    "suppress": "Suppressed: no further mails about this hull and type until then.",
}
"""What is said after an action; only these words can be asked for by an address."""


async def _form(request: Request) -> dict[str, str]:
    """Return the fields of a form; the guard limits its bytes."""
    try:
        body = await request.body()
        return dict(parse_qsl(body.decode(), max_num_fields=_MOST_FIELDS))
    except (ClientDisconnect, UnicodeDecodeError, ValueError):
        return {}


def _event_id(request: Request) -> str:
    given = str(request.path_params["event_id"])
    if not _EVENT_ID.fullmatch(given):
        raise HTTPException(404)
    return given


def _mmsi(request: Request) -> int:
    given = str(request.path_params["mmsi"])
    if not _MMSI.fullmatch(given):
        raise HTTPException(404)
    return int(given)


def _map_response(text: str) -> Response:
    headers = {"Content-Security-Policy": MAP_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return HTMLResponse(text, headers=headers)


def _plain_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    said = "There is nothing here." if status == 404 else "This cannot be done."
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": said}, status)
    return HTMLResponse(render("plain.html", said=said), status)
