"""Holds on the pages: set, approved by somebody else, ended; refused in the words of the command line."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from tests.pages.site import ALL, HASHER, Reader
from tests.reports.scenarios import insert_hold

from retention.access import Right
from retention.database import OwnConnection, database_time
from retention.errors import RequestError
from retention.evidence.holds import HoldScope, add_hold, read_holds

UNTIL = "2040-01-31"
PERSON = "6f1c1b1e-1111-4111-8111-0123456789ab"


def entries(own: OwnConnection) -> list[tuple[str, Any]]:
    rows = own.execute("SELECT kind, body FROM retention.ledger ORDER BY seq")
    return [(row["kind"], json.loads(row["body"])) for row in rows]


def the_hold(own: OwnConnection) -> str:
    (hold,) = read_holds(own)
    return hold.hold_id


@pytest.mark.parametrize("language", ["en", "de"])
def test_list_shows_persons_as_the_beginning_of_their_keyed_hash(own: OwnConnection, language: str) -> None:
    add_hold(
        own, HASHER, HoldScope(person_id=PERSON), reason="case 7", requested_by="olga", approved_by="paul",
        ends_at=database_time(own) + timedelta(days=9), review_at=None,
    )  # fmt: skip
    text = Reader(own).text("/holds", language)
    assert PERSON not in text + Reader(own).get("/holds.json").text
    assert f"#{HASHER.person(PERSON).hex()[:12]}" in text
    assert {"en": "in force", "de": "in Kraft"}[language] in text


def test_a_hold_holds_once_a_second_person_approved_it(own: OwnConnection) -> None:
    text = Reader(own, person="olga").send("/holds", "/holds", category="audio", ends=UNTIL, reason="case 7")
    assert "It holds nothing until a second person approves it" in text
    approved = Reader(own, person="paul").send("/holds", f"/holds/{the_hold(own)}/approve", reason="agreed")
    assert "is approved and in force" in approved
    (hold,) = read_holds(own)
    assert (hold.requested_by, hold.approved_by, hold.category) == ("olga", "paul", "audio")
    assert hold.ends_at is not None
    assert hold.ends_at.isoformat() == "2040-01-31T23:00:00+00:00"  # the last day counts, in Berlin
    assert [kind for kind, _body in entries(own)] == [
        *("hold_set", "hold_already_gone", "hold_approved", "hold_already_gone")
    ]
    assert [body.get("requested_by", body.get("by")) for kind, body in entries(own) if "gone" not in kind] == [
        *("olga", "paul")
    ]


def test_nobody_approves_ones_own_hold_or_names_another_for_it(own: OwnConnection) -> None:
    reader = Reader(own, person="olga")
    reader.send("/holds", "/holds", category="audio", ends=UNTIL, reason="case 7", approved_by="paul")
    answer = reader.post(f"/holds/{the_hold(own)}/approve", reader.token("/holds"), reason="agreed", by="paul")
    assert answer.status_code == 409
    assert "expected a second person" in answer.text
    assert read_holds(own)[0].approved_by is None


def test_a_hold_ends_and_stays_in_the_list(own: OwnConnection) -> None:
    reader = Reader(own, person="olga")
    reader.send("/holds", "/holds", category="audio", ends=UNTIL, reason="case 7")
    text = reader.send("/holds", f"/holds/{the_hold(own)}/end", reason="settled")
    assert "what it kept falls due at once" in text
    assert entries(own)[-1][0] == "hold_ended"
    assert entries(own)[-1][1]["by"] == "olga"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        pytest.param({"ends": UNTIL}, "a hold without a scope", id="no_scope"),
        pytest.param({"category": "audio"}, "no hold lasts unseen for ever", id="no_end"),
        pytest.param({"category": "audio", "ends": "2020-01-01"}, "which is past", id="past"),
        pytest.param({"category": "audio", "ends": "tomorrow"}, "expected a day such as", id="no_day"),
        pytest.param({"category": "nonsense", "ends": UNTIL}, "expected a data category", id="no_such_category"),
        pytest.param({"place": "nowhere", "item": "x", "ends": UNTIL}, "expected a place", id="no_such_place"),
        pytest.param({"item": "call/1.wav", "ends": UNTIL}, "an item without its place", id="item_alone"),
        pytest.param({"person": "anna@example.com", "ends": UNTIL}, "internal id", id="address"),
        pytest.param({"person": "+49 30 123456", "ends": UNTIL}, "internal id", id="number"),
        pytest.param({"category": "audio", "ends": UNTIL, "reason": ""}, "no person or no reason", id="no_reason"),
        pytest.param(
            {"category": "audio", "ends": UNTIL, "reason": "ask anna@example.com"}, "an e-mail address", id="named"
        ),
    ],
)
def test_what_would_hold_nothing_is_refused_in_words(own: OwnConnection, fields: dict[str, str], words: str) -> None:
    reader = Reader(own)
    answer = reader.post("/holds", reader.token("/holds"), **({"reason": "case 7"} | fields))
    assert answer.status_code == 409
    assert words in answer.text
    assert entries(own) == []
    if "category" in fields and fields["category"] == "audio":
        assert '<option value="audio" selected>' in answer.text  # what was filled in is not lost


def test_an_item_that_is_nowhere_is_refused(own: OwnConnection) -> None:
    def nowhere(_own: OwnConnection, scope: HoldScope, _given: HoldScope) -> None:
        raise RequestError("--item: found no row and no stored object for it")

    reader = Reader(own, require_item=nowhere)
    answer = reader.post("/holds", reader.token("/holds"), category="audio", ends=UNTIL, reason="case 7")
    assert (answer.status_code, entries(own)) == (409, [])


def test_unknown_hold_is_told_and_a_text_that_is_none_too(own: OwnConnection) -> None:
    reader = Reader(own)
    answer = reader.post(f"/holds/{'0' * 32}/end", reader.token("/holds"), reason="r")
    assert (answer.status_code, "no open hold" in answer.text) == (409, True)
    assert reader.post("/holds/x' OR 1=1/end", reader.token("/holds"), reason="r").status_code == 422


def test_forms_are_shown_to_those_alone_who_may(own: OwnConnection) -> None:
    Reader(own, person="olga").send("/holds", "/holds", category="audio", ends=UNTIL, reason="case 7")
    assert "<form" not in Reader(own, {Right.SEE}).text("/holds")
    assert "/approve?" not in Reader(own, ALL - {Right.APPROVE_HOLD}).text("/holds")
    assert "/end?" not in Reader(own, ALL - {Right.END_HOLD}).text("/holds")


def test_why_a_hold_was_set_is_read_by_those_alone_who_deal_with_holds(own: OwnConnection) -> None:
    Reader(own, person="olga").send("/holds", "/holds", category="audio", ends=UNTIL, reason="dispute 12")
    for path in ("/holds", "/holds.json"):
        assert "dispute 12" in Reader(own, {Right.SEE, Right.APPROVE_HOLD}).text(path)
        assert "dispute 12" not in Reader(own, {Right.SEE}).text(path)


def test_a_reason_that_seems_to_name_somebody_is_on_no_page(own: OwnConnection) -> None:
    insert_hold(own)  # written past the check of what is set: "… +49 30 …"
    (row,) = own.execute("SELECT reason FROM retention.holds").fetchall()
    for path in ("/holds", "/holds.json"):
        assert row["reason"] not in Reader(own).text(path)
