"""Reads the facts of a table place by its SQL as it stands, and judges them in Python: nothing of the product that runs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from tests.sample.stores import Stores

from retention.database import connect
from retention.datamap.loader import MappedTable, load_datamap
from retention.evidence.holds import read_holds
from retention.policy.decide import decide
from retention.policy.facts import Decision, Duty, Hold, ItemFacts, Start
from retention.policy.loader import load_policy
from retention.policy.model import RetentionRule
from retention.settings import INCLUDE

DATAMAP, POLICY = load_datamap(INCLUDE / "datamap"), load_policy(INCLUDE / "policies")
TABLES = {name: place for name, place in DATAMAP.places.items() if isinstance(place, MappedTable)}


def rows_of(conninfo: str, text: str) -> dict[str, dict[str, Any]]:
    """What the SQL returns, by item."""
    statement = sql.SQL("SELECT * FROM ({}\n) AS fact").format(sql.SQL(text))  # type: ignore[arg-type]
    with psycopg.connect(conninfo, row_factory=dict_row, options="-c TimeZone=UTC") as connection:
        return {str(row["item_id"]): row for row in connection.execute(statement)}


def facts_of(place: MappedTable, row: Mapping[str, Any]) -> ItemFacts:
    """One row as the rule's facts."""
    starts = {
        name.removeprefix("start_"): Start(at, row.get(name.replace("start_", "happened_"), at is not None))
        for name, at in row.items()
        if name.startswith("start_")
    }
    paragraph = (row.get("duty_paragraph") or "").strip()
    return ItemFacts(
        place.name,
        str(row["item_id"]),
        row["tenant_id"],
        starts,
        evidence_at=row["evidence_at"],
        person_id=row["person_id"],
        person_known=row.get("person_known", True),
        duty=Duty(paragraph, row["duty_until"]) if paragraph else None,
        waits=row.get("waits", False),
        is_processor=place.spec.role == "processor",
        may_have_been_kept="waits" in row or "restricted" in row,
    )


def is_anonymised(place: MappedTable, conninfo: str) -> set[str]:
    """The rows whose columns are all what they become."""
    if not place.spec.anonymise:
        return set()
    done = sql.SQL(" AND ").join(
        sql.SQL("{} IS NOT DISTINCT FROM {}").format(sql.Identifier(column), sql.Literal(becomes))
        for column, becomes in place.spec.anonymise.items()
    )
    query = sql.SQL("SELECT {}::text FROM {} WHERE {}").format(
        sql.Identifier(place.spec.id_column), sql.Identifier(*place.spec.table.split(".")), done
    )
    with psycopg.connect(conninfo) as connection:
        return {item_id for (item_id,) in connection.execute(query)}


def decisions(stores: Stores, place: MappedTable) -> dict[str, Decision]:
    """What the rule says right after the load about every row that is an item."""
    rule: RetentionRule = POLICY.rule(place.spec.category)
    with connect(stores.own) as own:
        holds: Sequence[Hold] = read_holds(own)
    as_of, done = stores.record().as_of, is_anonymised(place, stores.company)
    return {
        item_id: decide(facts_of(place, row), rule, holds, as_of)
        for item_id, row in rows_of(stores.company, place.items_sql).items()
        if item_id not in done
    }
