"""What counts as somebody's address or number in a text, and what only looks like one."""

from __future__ import annotations

import pytest

from retention.hygiene.known import KnownValues
from retention.hygiene.patterns import kinds_in


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        pytest.param("deleted anna.muster@example.org", ["e-mail"], id="address"),
        pytest.param("jörg@müller.example", ["e-mail"], id="address_with_umlauts"),
        pytest.param("called +49 30 23125042 again", ["phone"], id="number"),
        pytest.param('{"phone": "030 23125042"}', ["phone"], id="number_as_a_whole_value"),
        pytest.param("GET / from 203.0.113.9", ["IP address"], id="ip"),
        pytest.param("GET / from 2001:db8::7", ["IP address"], id="ip_6"),
        pytest.param("paid from DE89 3704 0044 0532 0130 00", ["IBAN"], id="iban"),
        pytest.param("listening on 127.0.0.1:8080, 10.1.2.3, 192.168.0.4, fe80::1", [], id="machines_of_ours"),
        pytest.param("2026-11-23T19:50:00.123456+02:00 done", [], id="instant"),
        pytest.param("8c2b9b1e-8d5c-4b43-9a57-2f7f5d0c1a11", [], id="uuid"),
        pytest.param("0" * 64, [], id="digest_of_noughts"),
        pytest.param("psycopg 3.2.1, OpenSSL 3.0.13", [], id="versions"),
        pytest.param("postgresql+psycopg://see@connect-args/own", [], id="url"),
    ],
)
def test_kinds(text: str, kinds: list[str]) -> None:
    assert list(kinds_in(text)) == kinds


@pytest.mark.parametrize(
    ("text", "is_in"),
    [
        pytest.param("a hold for Zita Löwenzahn.", True, id="within_a_sentence"),
        pytest.param("ZITA  LÖWENZAHN", True, id="in_another_case"),
        pytest.param("Zita and Löwenzahn", False, id="words_apart"),
        pytest.param("Zitabella Löwenzahn", False, id="part_of_a_word"),
        pytest.param("recordings/t1/8c2b9b1e-8d5c-4b43-9a57-2f7f5d0c1a11.wav", True, id="id_within_a_key"),
        pytest.param("row 1234567890", False, id="a_number_alone_tells_nothing"),
        pytest.param("Anna", False, id="a_short_word_tells_nothing"),
    ],
)
def test_known_values(text: str, *, is_in: bool) -> None:
    known = KnownValues(["Zita Löwenzahn", "8c2b9b1e-8d5c-4b43-9a57-2f7f5d0c1a11", "1234567890", "Anna", ""])
    assert (known.are_in(text), len(known)) == (is_in, 2)
