"""Contacts that are on the suppression list: verification finds them by itself, however an import spells them."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.verification.company import DAY, HOUR, found, reasons
from tests.verification.records import CHECKS, MAP, Records

from retention.disposal.identifiers import identifiers_in
from retention.evidence.hashing import ItemHasher
from retention.verification.identifiers import spell

TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("withdrawn", "expected"),
    [
        pytest.param(DAY, {}, id="ends_exactly"),
        pytest.param(DAY + TICK, {"past_event": 1}, id="beyond_24_hours"),
    ],
)
def test_contact_goes_24_hours_after_the_withdrawal(
    records: Records, withdrawn: timedelta, expected: dict[str, int]
) -> None:
    records.contact("anna", email="anna@example.com", withdrawn=withdrawn)
    assert found(records.check("marketing", as_of=records.now)) == expected


@pytest.mark.parametrize(
    ("imported", "proven", "expected"),
    [
        pytest.param(DAY, None, {}, id="a_day_after_the_import"),
        pytest.param(DAY + TICK, None, {"past_event": 1}, id="beyond_a_day_after_the_import"),
        pytest.param(5 * DAY, 80 * DAY, {}, id="newer_consent_lifts_it"),
        pytest.param(5 * DAY, 90 * DAY, {"past_event": 1}, id="consent_of_the_same_instant_does_not"),
        pytest.param(5 * DAY, 100 * DAY, {"past_event": 1}, id="older_consent_does_not"),
    ],
)
def test_suppressed_contact_that_an_import_brought_back_goes_within_a_day(
    records: Records, imported: timedelta, proven: timedelta | None, expected: dict[str, int]
) -> None:
    records.suppress("email", "anna@example.com", 90 * DAY)
    records.contact("7", email=" Anna@EXAMPLE.com ", age=imported, proven=proven)
    records.contact("8", email="ben@example.com", age=imported)
    result = records.check("marketing", as_of=records.now)
    assert (found(result), result.counts["items"]) == (expected, 2)
    if expected:
        assert reasons(result, "past_event") == {"suppressed": 1}


def test_contact_that_was_there_before_goes_a_day_after_the_suppression(records: Records) -> None:
    records.suppress("phone", "+4930123456", DAY)
    records.contact("7", phone="030 / 123 456", age=100 * DAY)
    assert found(records.check("marketing", as_of=records.now)) == {}
    assert found(records.check("marketing", as_of=records.now + TICK)) == {"past_event": 1}


def test_a_new_entry_gives_what_an_older_one_has_made_due_no_more_time(records: Records) -> None:
    records.suppress("email", "anna@example.com", 90 * DAY)
    records.suppress("phone", "+4930123456", DAY / 2)
    records.contact("7", email="anna@example.com", phone="030 123456", age=10 * DAY)
    assert found(records.check("marketing", as_of=records.now)) == {"past_event": 1}


def test_contact_that_claims_to_come_in_the_future_came_when_it_was_listed(records: Records) -> None:
    records.suppress("email", "anna@example.com", 90 * DAY)
    records.contact("7", email="anna@example.com", age=-3000 * DAY)
    assert found(records.check("marketing", as_of=records.now))["past_event"] == 1


def test_each_identifier_is_lifted_by_a_consent_newer_than_its_own_entry(records: Records) -> None:
    records.suppress("email", "anna@example.com", 90 * DAY)
    records.suppress("phone", "+4930123456", 5 * DAY)
    records.contact("7", email="anna@example.com", phone="030 123456", age=100 * DAY, proven=10 * DAY)
    assert found(records.check("marketing", as_of=records.now)) == {"past_event": 1}


def test_consent_never_keeps_a_suppressed_contact_nor_age(records: Records) -> None:
    records.contact("7", email="anna@example.com", age=4000 * DAY)
    assert found(records.check("marketing", as_of=records.now)) == {}


def test_list_under_another_hash_key_makes_the_place_unknown(records: Records) -> None:
    records.suppress("email", "anna@example.com", 90 * DAY, ItemHasher(bytes(range(1, 33))))
    records.contact("7", email="anna@example.com")
    assert dict(records.check("marketing").places_failed) == {"contacts": "OtherHashKey"}


def test_place_without_identifiers_can_not_keep_the_promise(records: Records) -> None:
    records.write_map(MAP.replace(" identifiers: {email: email, phone: phone},", ""))
    records.contact("7", email="anna@example.com")
    assert dict(records.check("marketing").places_failed) == {"contacts": "NoIdentifiers"}


MAX, NUMBER = "max@example.org", "+4915112345678"
SPELLINGS = [
    pytest.param("email", "Anna@Example.COM", {"anna@example.com"}, id="case"),
    pytest.param("email", "  anna@example.com\n", {"anna@example.com"}, id="blanks"),
    pytest.param("email", "anna@münchen.de", {"anna@xn--mnchen-3ya.de"}, id="idn"),
    pytest.param("email", "anna@xn--mnchen-3ya.de", {"anna@xn--mnchen-3ya.de"}, id="idn_in_ascii"),
    pytest.param("email", "ａｎｎａ@example.com", {"anna@example.com"}, id="full_width"),
    pytest.param("email", "JÜRGEN@example.com", {"jürgen@example.com"}, id="umlaut"),
    pytest.param("email", "Max Muster <max@example.org>", {MAX}, id="with_a_name"),
    pytest.param("email", '"Muster, Max" <max@example.org>', {MAX}, id="with_a_name_and_a_comma"),
    pytest.param("email", "mailto:max@example.org?subject=hi", {MAX}, id="link"),
    pytest.param("email", "max@example.org, eva@example.org", {MAX, "eva@example.org"}, id="two"),
    pytest.param("email", "max@example.org;eva@example.org", {MAX, "eva@example.org"}, id="two_with_a_semicolon"),
    pytest.param("email", "max@example.org/eva@example.org", {MAX, "eva@example.org"}, id="two_with_a_slash"),
    pytest.param("email", "max@example.org;", {MAX}, id="semicolon_behind"),
    pytest.param("email", "max@example.org.", {MAX}, id="full_stop_behind"),
    *(
        pytest.param("email", text, {MAX}, id=f"in_marks_{number}")
        for number, text in enumerate(
            (
                *(
                    "„max@example.org“",
                    "«max@example.org»",
                    "‚max@example.org‘",
                    "`max@example.org`",
                    "**max@example.org**",
                ),
                *(
                    "max@example.org!",
                    "max@example.org*",
                    "max@example.org-",
                    "=max@example.org",
                    "„Max“ max@example.org",
                ),
            )
        )
    ),
    pytest.param("email", "_max@example.org", {"_max@example.org"}, id="stroke_of_its_own"),
    pytest.param("email", "\u200bmax@exam\u00adple.org", {MAX}, id="invisible_signs"),
    pytest.param("email", "max+crm@example.org", {MAX, "max+crm@example.org"}, id="tag"),
    pytest.param("phone", "030 123456", {"+4930123456"}, id="german"),
    pytest.param("phone", "+49 (0)30 123456", {"+4930123456"}, id="with_trunk_zero"),
    pytest.param("phone", "0043 1 5880 0", {"+43158800"}, id="austrian"),
    pytest.param("phone", "Tel.: 0151/12345678", {NUMBER}, id="word_before"),
    pytest.param("phone", "0151-12345678 (privat)", {NUMBER}, id="word_behind"),
    pytest.param("phone", "15112345678", {NUMBER}, id="without_zero"),
    pytest.param("phone", "0151 12345678 / 030 901820", {NUMBER, "+4930901820"}, id="two"),
    pytest.param("phone", "0151 12345678, 030 901820", {NUMBER, "+4930901820"}, id="two_with_a_comma"),
    pytest.param("phone", "0151 12345678 030 901820", {NUMBER, "+4930901820"}, id="two_with_a_blank"),
    pytest.param("phone", "0151 12345678  +49 30 901820", {NUMBER, "+4930901820"}, id="two_with_several_blanks"),
    pytest.param("phone", "151 12345678  151 12345678", {NUMBER}, id="twice_without_zero"),
    pytest.param("phone", "0151  12345678", {NUMBER}, id="several_blanks_within"),
    pytest.param("phone", "„0151 12345678“", {NUMBER}, id="in_quotes"),
    pytest.param("phone", "$0151 12345678%", {NUMBER}, id="in_marks"),
    pytest.param("phone", "٠١٥١١٢٣٤٥٦٧٨", {NUMBER}, id="arabic_digits"),
    *(
        pytest.param("email", text, set(), id=text)
        for text in ("k.A.", "-", "unbekannt", "n/a", " ", "a@b", "a@firma.local")
    ),
    *(
        pytest.param("phone", text, set(), id=text)
        for text in ("0", "+", "0000", "+49", "00000000", "12345", "110", "901820")
    ),
    *(pytest.param("phone", text, set(), id=text) for text in ("-", "k.A.", "ext. 7", "0800 FLOWERS", "10115 Berlin")),
]


@pytest.mark.parametrize(("kind", "text", "expected"), SPELLINGS)
def test_text_holds_identifiers_of_one_spelling_each(
    kind: Literal["email", "phone"], text: str, expected: set[str]
) -> None:
    assert (spell(kind, text), identifiers_in(kind, text)) == (expected, expected)


@pytest.mark.parametrize("text", ["49 151 12345678", "4915112345678", "49 151 12345678 (privat)"])
def test_number_without_its_plus_is_recognised(text: str) -> None:
    assert NUMBER in spell("phone", text) & identifiers_in("phone", text)


def test_identifiers_that_name_nobody_are_counted(records: Records) -> None:
    records.contact("7", email="k.A.", phone="0000")
    records.contact("8", email="anna@example.com", phone="ext. 7")
    records.contact("9", email=" ", phone="030 123456")
    records.contact("10")
    result = records.check("marketing")
    assert (found(result), result.verdict) == ({"unreadable_identifier": 2}, "compliant")


@pytest.mark.parametrize(
    ("email_ago", "phone_ago", "expected"),
    [
        pytest.param(None, None, {"withdrawn_unlisted": 1}, id="on_no_list"),
        pytest.param(2 * DAY, None, {"withdrawn_unlisted": 1}, id="one_of_two_identifiers"),
        pytest.param(2 * DAY, 3 * DAY, {"withdrawn_unlisted": 1}, id="one_from_before_the_withdrawal"),
        pytest.param(2 * DAY, HOUR, {}, id="both_since_then"),
    ],
)
def test_contact_that_a_hold_keeps_is_on_the_list_a_day_after_it_withdrew(
    records: Records, email_ago: timedelta | None, phone_ago: timedelta | None, expected: dict[str, int]
) -> None:
    for kind, text, ago in (("email", "anna@example.com", email_ago), ("phone", "+4930901820", phone_ago)):
        if ago is not None:
            records.suppress(kind, text, ago)
    records.contact("7", email="Anna@example.com", phone="030 901820", withdrawn=2 * DAY)
    records.hold(place="contacts", item_id="7")
    result = records.check("marketing", as_of=records.now)
    assert found(result) == {"exception_hold": 1} | expected
    assert result.verdict == ("breach" if expected else "compliant")


@pytest.mark.parametrize(
    ("withdrawn", "expected"),
    [
        pytest.param(DAY, {}, id="ends_exactly"),
        pytest.param(DAY + TICK, {"exception_hold": 1, "withdrawn_unlisted": 1}, id="beyond_24_hours"),
    ],
)
def test_disposal_has_a_day_to_list_whom_a_hold_keeps(
    records: Records, withdrawn: timedelta, expected: dict[str, int]
) -> None:
    records.contact("7", email="anna@example.com", withdrawn=withdrawn)
    records.hold(place="contacts", item_id="7")
    assert found(records.check("marketing", as_of=records.now)) == expected


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        pytest.param(2 * DAY, {"exception_hold": 1, "withdrawn_unlisted": 1}, id="later_than_the_entry"),
        pytest.param(HOUR, {"exception_hold": 1}, id="within_the_day"),
        pytest.param(5 * DAY, {"exception_hold": 1}, id="that_of_the_entry"),
    ],
)
def test_entry_is_no_older_than_the_last_withdrawal(
    records: Records, last: timedelta, expected: dict[str, int]
) -> None:
    """The contact's other columns as they are; its newest proven consent stands in for the column that tells the withdrawal."""
    text = CHECKS["contacts"].replace("proven_consent_at", "proven_consent_at AS last_withdrawn_at")
    (records.datamap / "sql" / "contacts.sql").write_text(text, encoding="utf-8")
    records.suppress("email", "anna@example.com", 5 * DAY)
    records.contact("7", email="anna@example.com", withdrawn=5 * DAY, proven=last)
    records.hold(place="contacts", item_id="7")
    assert found(records.check("marketing", as_of=records.now)) == expected


def test_contact_that_withdrew_and_can_not_be_read_is_told_until_it_is_mended(records: Records) -> None:
    records.contact("7", email="max(at)example.de", withdrawn=2 * DAY)
    records.contact("8", phone="030 901820", withdrawn=HOUR)
    assert found(records.check("marketing")) == {"past_event": 1, "unreadable_identifier": 1}


@given(
    st.one_of(
        st.emails(),
        st.text(alphabet="abzABZ019._+-@äß <>;,/'„“»’!*=€", max_size=20),
        st.builds(
            "{}@{}.de{}".format,
            st.text("aA.ß1-_+„*'", min_size=1, max_size=6),
            st.text("aAü-1", min_size=1, max_size=6),
            st.text("“!*'_-@. ", max_size=3),
        ),
    )
)
def test_disposal_and_verification_read_addresses_alike(text: str) -> None:
    """Written twice; where they differ, one of them misses a person."""
    assert spell("email", text) == identifiers_in("email", text)


@given(
    st.one_of(
        st.text(alphabet="0123456789+-/() x,;„“*$\t", max_size=30),
        st.from_regex(r"([$(„]?(0151|\+49 30|171) ?\d{6,8}!?[ -]{1,3}){2,3}", fullmatch=True),
        st.from_regex(r"(0|\+49|0049|49)? ?\(?1[567]\d\)?[ /-]?\d{7,8}( / 030 \d{6})?", fullmatch=True),
    )
)
def test_disposal_and_verification_read_numbers_alike(text: str) -> None:
    assert spell("phone", text) == identifiers_in("phone", text)
