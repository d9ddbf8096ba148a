"""Which names of columns look personal."""

from __future__ import annotations

import pytest

from retention.verification.coverage.catalog import Column
from retention.verification.coverage.names import looks_personal

PERSONAL = """
    name vorname nachname Nachname lastName kunden_name product_name email e_mail EMailAdresse kundenemail email2 mail tel tel2
    phone telefon_privat mobil ip client_ip remote_ip_addr ipv4 iban address adresse lieferadresse strasse straße street plz
    zip postleitzahl ort geburtsdatum birth_date dob geschlecht ssn steuer_id steuernummer user_agent ua device_id deviceId
    imei prénom nom apellidos correo naissance indirizzo telefone pesel nazwisko contact ansprechpartner lat lon password
    transcript avatar_url customer kunde created_by_user patient mitarbeiter recipient author internal_notes message
"""
THINGS = """
    id created_at status description file_name table_name event_name tip zipped shipping hotel average page image language
    storage amount currency_name sku valid_from capacity importance cust_id customer_id order_no position bucket object_key
    duration_s size_bytes version digest payload settings user_id message_count notes_version
"""


@pytest.mark.parametrize("name", PERSONAL.split())
def test_looks_personal(name: str) -> None:
    assert looks_personal(name)


@pytest.mark.parametrize("name", THINGS.split())
def test_looks_like_a_thing(name: str) -> None:
    assert not looks_personal(name)


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        pytest.param("email_verified", "flag", False, id="flag"),
        pytest.param("address_id", "number", False, id="key_of_another_row"),
        pytest.param("caller_id", "id", False, id="uuid_of_another_row"),
        pytest.param("device_id", "id", True, id="id_of_a_device"),
        pytest.param("tax_id", "number", True, id="tax_number"),
        pytest.param("phone", "number", True, id="phone_as_number"),
        pytest.param("geburtstag", "day", True, id="birthday"),
        pytest.param("address_valid_from", "day", False, id="day_of_something"),
        pytest.param("seen_from", "address", True, id="type_of_addresses"),
        pytest.param("caller_id", "text", True, id="text_under_a_caller"),
    ],
)
def test_types_say_what_a_name_can_mean(name: str, kind: str, expected: bool) -> None:
    assert Column(name, kind, readable=True).named_personal is expected
