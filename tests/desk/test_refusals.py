"""Whom the desk does not serve, and what no other site can do through a reviewer's browser."""

import socket
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import Engine

from alerts.database import reading
from alerts.lifecycle import history
from darkwake.config import Settings
from darkwake.desk.guarding import MOST_BODY_BYTES, host_of
from darkwake.desk.serving import admission, is_loopback
from darkwake.desk_settings import Desk
from tests.alerts.samples import dark
from tests.desk.people import TOKEN, Person, Served, serving
from vessels.errors import ConfigError

ID = dark().event_id
PAGES = ("/", f"/alerts/{ID}", f"/alerts/{ID}/map", "/vessels/563012345", "/suppressions")


def moves(served: Served) -> list[str]:
    with reading(served.material.engine) as connection:
        return [row["move"] for row in history(connection, ID)]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "a@127.0.0.1"])
def test_a_name_that_was_bent_to_this_machine_is_refused(desk: Served, host: str) -> None:
    answer = requests.get(desk.address, headers={"Host": host}, timeout=30)
    assert answer.status_code in {400, 421}  # 400: the server itself refuses what is no host
    assert "SILVER TERN" not in answer.text


def test_two_host_headers_and_none_are_refused(desk: Served) -> None:
    place = desk.address.removeprefix("http://")
    where, port = place.split(":")
    for hosts in (f"Host: {place}\r\nHost: evil.example\r\n", ""):
        with socket.create_connection((where, int(port)), timeout=30) as wire:
            wire.sendall(f"GET / HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n".encode())
            assert wire.recv(64).split()[1] in {b"400", b"421"}


def test_hosts_are_read_as_hosts() -> None:
    assert host_of("LOCALHOST:1") == "localhost"
    assert host_of("[::1]:1") == "::1"
    for text in ("a/b", "a?b", "user@a", "a:b", "[::1"):
        assert host_of(text) == ""


@pytest.mark.parametrize(
    "header",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_of_another_site_is_refused(desk: Served, header: dict[str, str]) -> None:
    person = desk.person()
    person.get(f"/alerts/{ID}")
    person.session.headers.update(header)
    assert person.act(ID, "ack").status_code == 403
    assert moves(desk) == ["open"]


def test_a_form_without_the_secret_of_its_session_moves_nothing(desk: Served) -> None:
    person, other = desk.person(), desk.person()
    person.get(f"/alerts/{ID}")
    other.get(f"/alerts/{ID}")
    version = person.field("version")
    for secret in ("", "x", other.field("csrf")):
        answer = person.post(f"/alerts/{ID}/ack", csrf=secret, version=version)
        assert answer.status_code == 403
    # No cookie: a session begins with the answer, and the form is not of it.
    stranger = requests.post(
        f"{desk.address}/alerts/{ID}/ack", data={"csrf": "x", "version": version}, timeout=30
    )
    assert stranger.status_code == 403
    assert person.get(f"/alerts/{ID}/ack").status_code == 405
    assert moves(desk) == ["open"]


def test_what_is_too_big_or_odd_is_refused(desk: Served) -> None:
    person = desk.person()
    person.get(f"/alerts/{ID}")
    assert person.act(ID, "note", text="x" * MOST_BODY_BYTES).status_code == 413
    assert person.get("/?q=" + "x" * 4000).status_code == 414
    assert requests.put(desk.address, timeout=30).status_code == 405
    chunks = requests.post(f"{desk.address}/name", data=iter([b"name=", b"x" * 20_000]), timeout=30)
    assert chunks.status_code == 403
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/alerts/xyz", "/vessels/1"):
        assert requests.get(desk.address + path, timeout=30).status_code == 404
    assert person.get("/?status=%27").status_code == 400
    assert person.get("/?area=1,2,3").status_code == 400
    assert person.get("/?page=0").status_code == 400


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_carries_the_headers(desk: Served, path: str) -> None:
    headers = desk.person().get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["x-frame-options"] == ("SAMEORIGIN" if path.endswith("map") else "DENY")
    rules = headers["content-security-policy"]
    assert "unsafe" not in rules
    assert "server" not in headers
    if path.endswith("map"):
        assert "sandbox allow-scripts" in rules
        assert "allow-same-origin" not in rules
    else:
        assert "script-src 'self'" in rules
        assert "default-src 'none'" in rules


def test_cookies_are_out_of_reach(desk: Served) -> None:
    cookie = desk.person().get("/").headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_with_a_token_nobody_sees_anything_without_it(
    engine: Engine, capfd: pytest.CaptureFixture[str]
) -> None:
    with serving(engine, token=TOKEN) as served:
        person = Person(served.address)
        for path in PAGES:
            answer = person.get(path, allow_redirects=False)
            assert (answer.status_code, answer.headers["location"]) == (303, "/login")
        assert person.get("/api/alerts").status_code == 401
        wrong = {"name": "R. Kila", "token": "not it"}
        answer = person.session.post(f"{served.address}/login", data=wrong, timeout=30)
        assert answer.status_code == 403
        right = {"name": "R. Kila", "token": TOKEN}
        answer = person.session.post(f"{served.address}/login", data=right, timeout=30)
        assert "SILVER TERN" in answer.text
        assert TOKEN not in answer.text
        assert TOKEN not in answer.url
        person.get(f"/alerts/{ID}")
        assert person.act(ID, "ack").status_code == 200
        with reading(engine) as connection:
            assert history(connection, ID)[-1]["by"] == "R. Kila"
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        told = requests.get(f"{served.address}/api/alerts", headers=bearer, timeout=30).json()
        assert len(told["alerts"]) == 3
        person.get()
        assert person.post("/logout").url.endswith("/login")
        assert person.get("/", allow_redirects=False).status_code == 303
    said = capfd.readouterr()
    assert TOKEN not in said.out + said.err
    assert "a wrong token was refused" in said.err


def test_a_desk_that_only_shows_moves_nothing(engine: Engine) -> None:
    with serving(engine, read_only=True) as served:
        person = served.person("Ana")
        page = person.get(f"/alerts/{ID}").text
        assert "read only" in page
        assert "Acknowledge" not in page
        assert person.post(f"/alerts/{ID}/ack", version="1").status_code == 403
        assert moves(served) == ["open"]


def test_who_may_come_is_settled_before_the_first_page(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def given(**values: Any) -> Settings:
        return Settings(desk=Desk(**values))

    assert admission(given(), "127.0.0.1")[0] is None
    with pytest.raises(ConfigError, match=r"DARKWAKE__DESK__TOKEN or desk\.token_file"):
        admission(given(), "192.0.2.7")
    with pytest.raises(ConfigError, match="token"):
        admission(given(hosts=("desk.example.org",)), "127.0.0.1")
    secret = tmp_path / "token"
    secret.write_text(TOKEN)
    token, hosts = admission(given(token_file=str(secret)), "192.0.2.7")
    assert (token, hosts) == (TOKEN, frozenset({"192.0.2.7"}))
    with pytest.raises(ConfigError, match=r"desk\.hosts"):
        admission(given(token_file=str(secret)), "0.0.0.0")  # noqa: S104 - refused
    secret.write_text("short")
    with pytest.raises(ConfigError, match="fewer than 16"):
        admission(given(token_file=str(secret)), "127.0.0.1")
    monkeypatch.setenv("DARKWAKE__DESK__TOKEN", TOKEN)
    assert admission(Settings(), "::1")[0] == TOKEN
    with pytest.raises(ValueError, match="belongs in the environment"):
        given(token="written in the file")  # noqa: S106 - refused
    assert [is_loopback(one) for one in ("::1", "127.9.9.9", "10.0.0.1", "example.org")] == [
        True,
        True,
        False,
        False,
    ]
