"""What anonymised columns become has to fit them; ids are compared uncut also where rules are decided."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.table_world import MAP, SQL, TableWorld
from tests.world import DAY, HOUR, now

from retention.errors import DataMapError

AGENT = "agent: anonymised"


@pytest.mark.parametrize(
    ("column_type", "text"),
    [
        pytest.param("varchar(5)", "anonymised", id="cut"),
        pytest.param("char(3)", "anonymised", id="cut_in_fixed_length"),
        pytest.param("short", "anonymised", id="cut_by_a_domain"),
        pytest.param("name", "x" * 64, id="cut_by_its_type"),
        pytest.param("numeric(3,1)", "'0.05'", id="rounded"),
        pytest.param("numeric(3,1)", "'1000'", id="too_large"),
        pytest.param("integer", "anonymised", id="of_another_type"),
        pytest.param("checked", "anonymised", id="refused_by_a_domain"),
        pytest.param("json", "'{}'", id="never_equal"),
    ],
)
def test_a_text_that_does_not_fit_is_refused(tables: TableWorld, tmp_path: Path, column_type: str, text: str) -> None:
    tables.sql("CREATE DOMAIN short AS varchar(5)")
    tables.sql("CREATE DOMAIN checked AS text CHECK (VALUE = 'Firefox')")
    tables.sql(f"ALTER TABLE usage_events ALTER agent TYPE {column_type} USING NULL")
    tables.remap(tmp_path / "map_2", MAP.replace(AGENT, f"agent: {text}"))
    with pytest.raises(DataMapError, match="replacement_changed"):
        tables.plan("usage")


@pytest.mark.parametrize(
    ("column_type", "text"),
    [
        pytest.param("varchar(10)", "anonymised", id="just_so_long"),
        pytest.param("char(12)", "anonymised", id="shorter"),
        pytest.param("short", "anonymised", id="domain"),
        pytest.param("numeric(3,1)", "'0.00'", id="number_written_otherwise"),
        pytest.param("inet", "'0.0.0.0'", id="address"),
        pytest.param("timestamp(0)", "'1970-01-01'", id="instant"),
    ],
)
def test_a_text_that_fits_is_known_again(tables: TableWorld, tmp_path: Path, column_type: str, text: str) -> None:
    tables.sql("CREATE DOMAIN short AS varchar(10)")
    tables.sql(f"ALTER TABLE usage_events ALTER agent TYPE {column_type} USING NULL")
    tables.remap(tmp_path / "map_2", MAP.replace(AGENT, f"agent: {text}"))
    tables.sql("INSERT INTO usage_events VALUES (1, now() - interval '20 days', '192.0.2.1', NULL, '/preise')")
    assert tables.dispose("usage").gone == 1
    assert tables.plan("usage").due == 0


@pytest.mark.parametrize("column_type", ["varchar(5)", "char(5)"])
def test_an_id_that_is_longer_than_its_column_names_no_row(
    tables: TableWorld, tmp_path: Path, column_type: str
) -> None:
    """SQL that reads a second table, too, whose ids are the first one's with more at their end."""
    tables.sql(f"ALTER TABLE contacts ALTER COLUMN contact_id TYPE {column_type}")
    tables.sql("CREATE TABLE old_contacts (contact_id text, withdrawn_at timestamptz)")
    contacts = SQL["contacts.sql"].replace("contact_id AS", "contact_id::text AS")
    contacts += " UNION ALL SELECT contact_id || '-old', 'self', NULL, NULL, withdrawn_at, NULL, NULL FROM old_contacts"
    tables.remap(tmp_path / "map_2", MAP, contacts=contacts)
    tables.sql("INSERT INTO contacts (contact_id, email) VALUES ('C0001', 'stays@example.org')")
    tables.sql("INSERT INTO old_contacts VALUES ('C0001', %s)", now() - HOUR)
    assert tables.dispose("marketing").gone == 0
    assert tables.ids("contacts", "contact_id") == {"C0001"}


def test_an_id_of_fixed_length_is_found_by_all_of_it(tables: TableWorld) -> None:
    tables.sql("ALTER TABLE contacts ALTER COLUMN contact_id TYPE char(5)")
    tables.sql(
        "INSERT INTO contacts (contact_id, email, withdrawn_at) VALUES ('C0001', 'goes@example.org', %s)", now() - DAY
    )
    assert tables.dispose("marketing").gone == 1
    assert tables.count("contacts") == 0
