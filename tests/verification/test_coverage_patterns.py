"""What a column holds is matched in the source; the patterns run here on a real PostgreSQL."""

from __future__ import annotations

import json

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql
from stdnum import iban

from retention.verification.coverage.patterns import KINDS, conditions

VALID_IBANS = ("DE89370400440532013000", "GB82WEST12345698765432", "NO9386011117947", "MT84MALT011000012345MTLCAST001S")


def matched(session: psycopg.Connection, value: str) -> list[str]:
    """The kinds that this value is taken for."""
    query = sql.SQL("SELECT {} FROM (VALUES (CAST({} AS text))) AS v (text)").format(
        sql.SQL(", ").join(conditions(sql.Identifier("v", "text"))), sql.Literal(value)
    )
    [row] = session.execute(query).fetchall()
    return [kind for kind, hit in zip(KINDS, row, strict=True) if hit]


@pytest.fixture(scope="module")
def session(postgres_server):  # type: ignore[no-untyped-def]
    with psycopg.connect(postgres_server.conninfo(), autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize(
    ("value", "kinds"),
    [
        pytest.param("anna.beispiel@example.org", ["e-mail"], id="email"),
        pytest.param("Bitte an Anna <ANNA+crm@mail.example.co.uk>, danke", ["e-mail"], id="email_in_text"),
        pytest.param("jörg@bücher.example", ["e-mail"], id="email_idn"),
        pytest.param('{"who": {"mail": "a@b.de"}}', ["e-mail"], id="email_in_json"),
        pytest.param("{a@b.de,NULL}", ["e-mail"], id="email_in_array"),
        pytest.param("pkg@1.2.3 and @scope", [], id="package_version"),
        pytest.param("+49 30 23125000", ["phone"], id="phone_international"),
        pytest.param("Tel.: +49 (0)151/2312-5000 abends", ["phone"], id="phone_in_text"),
        pytest.param("0049 30 23125000", ["phone"], id="phone_double_nought"),
        pytest.param("0151 23125000", ["phone"], id="phone_national"),
        pytest.param('{"a": ["030/23125000"]}', ["phone"], id="phone_national_in_json"),
        pytest.param("2026-11-23T05:06:07+01:00", [], id="instant"),
        pytest.param("01.02.2026", [], id="german_day"),
        pytest.param("0000012345678", [], id="padded_number"),
        pytest.param("order 0151231250001 of today", [], id="number_in_text"),
        pytest.param("8d3ee2c1-0102-4304-8506-0708090a0b0c", [], id="uuid"),
        pytest.param("203.0.113.77", ["IP address"], id="ipv4"),
        pytest.param("from 203.0.113.77:8080 GET /", ["IP address"], id="ipv4_in_log_line"),
        pytest.param("127.0.0.1", [], id="loopback"),
        pytest.param("0.0.0.0", [], id="any_address"),  # noqa: S104  # no address to bind to
        pytest.param("0.1.2.3", [], id="this_network"),
        pytest.param("1.2.3.4.5", [], id="version_of_five"),
        pytest.param("10.0.19041.1", [], id="version_too_large"),
        pytest.param("2001:db8::1", ["IP address"], id="ipv6_short"),
        pytest.param("2001:0db8:0000:0000:0000:ff00:0042:8329", ["IP address"], id="ipv6_whole"),
        pytest.param('{"ip": "fe80::1ff:fe23:4567:890a"}', ["IP address"], id="ipv6_in_json"),
        pytest.param("12:34:56", [], id="time_of_day"),
        pytest.param("a::b, std::string, ::text", [], id="program"),
        *(pytest.param(value, ["IBAN"], id=f"iban_{value[:2]}") for value in VALID_IBANS),
        pytest.param("Konto DE89 3704 0044 0532 0130 00 EUR 50", ["IBAN"], id="iban_spaced_in_text"),
        pytest.param("DE88370400440532013000", [], id="iban_wrong_checksum"),
        pytest.param("DE8937040044053201300", [], id="iban_too_short"),
        pytest.param("ZZ89370400440532013000", [], id="iban_of_no_country"),
        pytest.param("", [], id="empty"),
    ],
)
def test_values_are_taken_for(session: psycopg.Connection, value: str, kinds: list[str]) -> None:
    assert matched(session, value) == kinds


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(number=st.integers(0, 10**18 - 1), shift=st.integers(0, 96))
def test_ibans_are_those_that_the_standard_accepts(session: psycopg.Connection, number: int, shift: int) -> None:
    bban = f"{number:018d}"
    right = int(iban.calc_check_digits(f"DE00{bban}"))
    given_digits = 2 + (right - 2 + shift) % 97
    value = f"DE{given_digits:02d}{bban}"
    assert ("IBAN" in matched(session, value)) == iban.is_valid(value)


def test_a_long_word_with_a_sign_takes_no_longer_than_others(session: psycopg.Connection) -> None:
    session.execute("SET statement_timeout = '20s'")
    assert matched(session, "A1b+" * 5_000 + " @. +0:::...") == []


def test_patterns_find_what_jsonb_holds(session: psycopg.Connection) -> None:
    document = json.dumps({"note": "ruf an: +49 30 23125000", "konto": VALID_IBANS[0], "n": [1, {"m": "a@b.de"}]})
    query = sql.SQL("SELECT {} FROM (SELECT CAST(CAST({} AS jsonb) AS text) AS text) AS v").format(
        sql.SQL(", ").join(conditions(sql.Identifier("v", "text"))), sql.Literal(document)
    )
    assert session.execute(query).fetchall() == [(True, True, False, True)]
