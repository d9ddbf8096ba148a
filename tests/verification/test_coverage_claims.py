"""What the data map says of one database, and how long somebody's declaration counts."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from retention.datamap.loader import DataMap, MappedTable
from retention.datamap.model import ConnectionKind, SourceConnection, TablePlace
from retention.datamap.system_map import NotPersonal
from retention.verification.coverage.claims import claims_on, old_or_ahead

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SOURCE = SourceConnection(kind=ConnectionKind.POSTGRES, disposal="a", verification="b")


def declaration(table: str, *columns: str, day: date = date(2026, 1, 1), connection: str = "db") -> NotPersonal:
    return NotPersonal(
        connection=connection, table=f"public.{table}", columns=columns, reason="r", owner="o", declared_on=day
    )


def the_map(*declared: NotPersonal, **places: MappedTable) -> DataMap:
    return DataMap(dict(places), {"db": SOURCE, "other": SOURCE}, declared, "")


def leads(**more: object) -> MappedTable:
    spec = TablePlace.model_validate(
        {
            "kind": "table", "category": "leads", "role": "processor", "owner": "o", "connection": "db",
            "table": "public.leads", "id_column": "lead_id", "facts": {"items": "i.sql", "check_items": "c.sql"}, **more,
        }
    )  # fmt: skip
    return MappedTable("leads", spec, SOURCE, "", None, "", None)


def test_a_place_has_its_table_and_all_that_belongs_to_it() -> None:
    inner = {"table": "public.vectors", "column": "note_id"}
    place = leads(
        dependents=({"table": "public.notes", "column": "lead_id", "id_column": "note_id", "dependents": (inner,)},)
    )
    assert claims_on(the_map(leads=place), ["db"], NOON).places == {
        "public.leads": {"leads": {"lead_id"}},
        "public.notes": {"leads": {"lead_id", "note_id"}},
        "public.vectors": {"leads": {"note_id"}},
    }
    assert claims_on(the_map(leads=place), ["other"], NOON).places == {}


def test_of_an_anonymised_table_the_other_columns_stay() -> None:
    claims = claims_on(the_map(leads=leads(anonymise={"name": "gone", "email": None})), ["db"], NOON)
    assert claims.kept == {"public.leads": {"name", "email"}}


def test_columns_are_declared_apart_from_tables() -> None:
    claims = claims_on(the_map(declaration("a"), declaration("a", "title"), declaration("b", "x", "y")), ["db"], NOON)
    assert claims.declared == {"public.a"}
    assert claims.declared_columns == {"public.a": {"title"}, "public.b": {"x", "y"}}


def test_a_declaration_counts_on_its_own_connection_alone() -> None:
    assert claims_on(the_map(declaration("a", connection="other")), ["db"], NOON).declared == set()


@pytest.mark.parametrize(
    ("day", "counts", "reason"),
    [
        pytest.param(date(2026, 11, 23), True, None, id="today"),
        pytest.param(date(2026, 11, 24), True, None, id="tomorrow_elsewhere_it_is_today"),
        pytest.param(date(2026, 11, 25), False, "day_lies_ahead", id="day_after_tomorrow"),
        pytest.param(date(2024, 11, 24), True, None, id="two_years_less_a_day"),
        pytest.param(date(2024, 11, 23), True, "older_than_2_years", id="two_years"),
        pytest.param(date(2024, 2, 29), True, "older_than_2_years", id="leap_day"),
    ],
)
def test_declarations_are_looked_at_again_after_two_years(day: date, counts: bool, reason: str | None) -> None:
    entry = declaration("a", day=day)
    assert (claims_on(the_map(entry), ["db"], NOON).declared == {"public.a"}) is counts
    assert [why for _entry, why in old_or_ahead(the_map(entry), NOON)] == ([reason] if reason else [])
