"""What every write asks for: a login, the right, and a form of our own pages that was made for this user."""

from __future__ import annotations

import pytest
from tests.pages.site import ALL, ORIGIN, Reader
from tests.pages.writes import SOME_HOLD, WRITES

from retention.access import Right
from retention.database import OwnConnection
from retention.pages.forgery import TOKEN_VALID_S, Seal
from retention.pages.headers import BODY_BYTES, SECURITY_HEADERS

every_write = pytest.mark.parametrize("path", WRITES)


def entries(own: OwnConnection) -> int:
    row = own.execute("SELECT count(*) AS n FROM retention.ledger").fetchone()
    assert row is not None
    return int(row["n"])


def token(person: str = "carla") -> str:
    return Seal("only-for-tests").token(person)


def test_this_list_has_every_write_that_there_is(own: OwnConnection) -> None:
    routes = Reader(own).get("/openapi.json").json()["paths"]
    writes = {path for path, methods in routes.items() if methods.keys() - {"get"}}
    assert {path.replace("{hold_id}", str(SOME_HOLD)) for path in writes} == WRITES.keys()


@every_write
def test_without_the_right_it_is_refused_and_nothing_noted(own: OwnConnection, path: str) -> None:
    answer = Reader(own, ALL - {WRITES[path]}).post(path, token(), reason="case 7")
    assert answer.status_code == 403
    assert "You may not do this" in answer.text
    assert entries(own) == 0


@every_write
def test_nobody_who_is_not_logged_in_gets_further_than_the_login(own: OwnConnection, path: str) -> None:
    answer = Reader(own, person=None).post(path, token(), reason="case 7")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/")
    assert entries(own) == 0


@every_write
@pytest.mark.parametrize(
    "forged",
    [
        pytest.param("", id="none"),
        pytest.param("x.y.z", id="nonsense"),
        pytest.param(Seal("another secret").token("carla"), id="other_secret"),
        pytest.param(token("olga"), id="of_another_user"),
        pytest.param(Seal("only-for-tests").said("carla", []), id="signed_for_something_else"),
    ],
)
def test_without_a_token_of_ones_own_nothing_is_done(own: OwnConnection, path: str, forged: str) -> None:
    answer = Reader(own).post(path, forged, reason="case 7")
    assert answer.status_code == 403
    assert "the form was not ours" in answer.text
    assert entries(own) == 0


@every_write
@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="no_origin"),
        pytest.param({"Origin": "http://elsewhere"}, id="elsewhere"),
        pytest.param({"Origin": "null"}, id="hidden"),
        pytest.param({"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"}, id="cross_site"),
        pytest.param({"Origin": ORIGIN, "Sec-Fetch-Site": "same-site"}, id="same_site"),
        pytest.param({"Sec-Fetch-Site": "none"}, id="typed_in"),
    ],
)
def test_a_form_that_stood_elsewhere_is_refused(own: OwnConnection, path: str, headers: dict[str, str]) -> None:
    assert Reader(own).post(path, token(), headers, reason="case 7").status_code == 403
    assert entries(own) == 0


@pytest.mark.parametrize(
    ("headers", "origins"),
    [
        pytest.param({"Origin": ORIGIN}, frozenset(), id="same_host"),
        pytest.param({"Sec-Fetch-Site": "same-origin"}, frozenset(), id="browser_says_so"),
        pytest.param(
            {"Origin": "https://airflow.example"}, frozenset({"https://airflow.example"}), id="behind_a_proxy"
        ),
    ],
)
def test_a_form_of_our_own_pages_is_taken(own: OwnConnection, headers: dict[str, str], origins: frozenset[str]) -> None:
    assert Reader(own, origins=origins).post("/stop", token(), headers, reason="case 7").status_code == 303
    assert entries(own) == 1


def test_a_token_of_yesterday_is_refused(own: OwnConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    import itsdangerous.timed

    made = token()
    now = itsdangerous.timed.time.time()
    monkeypatch.setattr(itsdangerous.timed.time, "time", lambda: now + TOKEN_VALID_S + 2)
    assert Reader(own).post("/stop", made, reason="case 7").status_code == 403


@every_write
def test_what_is_too_large_is_refused_before_it_is_read(own: OwnConnection, path: str) -> None:
    answer = Reader(own).post(path, token(), reason="x" * BODY_BYTES)
    assert answer.status_code == 413
    assert "That was too much" in answer.text


@every_write
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_addresses_of_forms_take_forms_alone(own: OwnConnection, path: str, method: str) -> None:
    assert Reader(own).ask(method, path).status_code in (200 if path == "/holds" and method == "GET" else 404, 405)
    assert entries(own) == 0


@pytest.mark.parametrize(("language", "words"), [("en", "does not take that"), ("de", "nimmt das nicht an")])
def test_other_methods_are_refused_in_words(own: OwnConnection, language: str, words: str) -> None:
    answer = Reader(own).ask("POST", "/reports", params={"lang": language})
    assert answer.status_code == 405
    assert words in answer.text
    assert all(answer.headers[name] == value for name, value in SECURITY_HEADERS.items())


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/overview.json",
        "/reports",
        "/reports.json",
        "/reports/newest",
        "/openapi.json",
        "/holds",
        "/holds.json",
        "/rules",
        "/rules.json",
        "/coverage",
        "/coverage.json",
        "/evidence",
        "/evidence.json",
        "/runs/dispose_audio/scheduled__2026",
        "/runs/dispose_audio/x.json",
    ],
)
def test_reading_needs_the_right_to_see(own: OwnConnection, path: str) -> None:
    assert Reader(own, ALL - {Right.SEE}).get(path).status_code == 403
    assert Reader(own, {Right.SEE}).get(path).status_code == 200
