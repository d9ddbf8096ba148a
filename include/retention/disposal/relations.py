"""Which rows belong to which, as the data map says it, held against what the database itself knows of its tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from retention.datamap.model import Dependent, TablePlace
from retention.errors import DataMapError, Problem


@dataclass(frozen=True, slots=True)
class Relation:
    """Rows of `child` belong to the row of `parent` whose `id_column` their `column` names."""

    child: str
    column: str
    parent: str
    id_column: str


RELATIONS = sql.SQL("""
SELECT asked.*, c.attrelid AS child, c.attnum AS column_no, c.atttypid AS column_type,
    p.attrelid AS parent, p.attnum AS id_no, p.atttypid AS id_type
FROM unnest(%(children)s::text[], %(columns)s::text[], %(parents)s::text[], %(ids)s::text[])
    WITH ORDINALITY AS asked (child_name, column_name, parent_name, id_name, number)
JOIN pg_catalog.pg_attribute AS c ON c.attrelid = to_regclass(asked.child_name) AND c.attname = asked.column_name
JOIN pg_catalog.pg_attribute AS p ON p.attrelid = to_regclass(asked.parent_name) AND p.attname = asked.id_name
""")
"""The relations with the numbers of their tables and columns; `number` counts from 1. One without such a table or column is
left out."""

# A uuid is nobody else's: where no key says what it names, its value does. A number or a text may be another table's as well.
_UNSURE = sql.SQL("""
WITH relation AS ({})
SELECT number FROM relation AS r
CROSS JOIN LATERAL (
    SELECT coalesce(bool_or(k.convalidated AND k.confrelid = r.parent AND pair.of_parent = r.id_no), FALSE) AS leads_there,
        count(k.oid) > 0 AS leads_anywhere
    FROM pg_catalog.pg_constraint AS k CROSS JOIN LATERAL unnest(k.conkey, k.confkey) AS pair (of_child, of_parent)
    WHERE k.contype = 'f' AND k.conrelid = r.child AND pair.of_child = r.column_no
) AS key
WHERE NOT key.leads_there
    AND (key.leads_anywhere OR r.column_type <> 'uuid'::regtype OR r.id_type <> 'uuid'::regtype)
ORDER BY number
""").format(RELATIONS)
_UNIQUE = """
SELECT 1 FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_attribute AS a
    ON a.attrelid = i.indrelid AND i.indnkeyatts = 1 AND a.attnum = i.indkey[0]
WHERE i.indrelid = to_regclass(%s) AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND a.attname = %s
"""


def relations_of(spec: TablePlace) -> list[Relation]:
    """The place's dependents and what they belong to, those of the row itself first."""
    return list(_relations(spec.table, spec.id_column, spec.dependents))


def relation_parameters(relations: Sequence[Relation]) -> dict[str, Any]:
    """What `RELATIONS` asks for."""
    return {
        "children": [one.child for one in relations],
        "columns": [one.column for one in relations],
        "parents": [one.parent for one in relations],
        "ids": [one.id_column for one in relations],
    }


def require_sure_relations(
    source: psycopg.Connection[dict[str, Any]], place: str, relations: Sequence[Relation]
) -> None:
    """Raise DataMapError unless every dependent's rows belong to that one row and no other.

    A column such as `owner_id` may name rows of several tables, and a number that counts within its row comes again in others:
    rows of somebody else would go along.
    """
    problems = []
    for found in source.execute(_UNSURE, relation_parameters(relations)):
        one = relations[found["number"] - 1]
        leads_to = f"{one.parent}.{one.id_column}"
        problems.append(
            Problem(
                "datamap",
                1,
                "unsure_dependent",
                f"place {place!r}: {one.child}.{one.column} without a validated foreign key to {leads_to}",
                "that key (ALTER TABLE … ADD FOREIGN KEY), or UUIDs on both sides and no key to another table; else the table "
                "as a place of its own",
            )
        )
    for parent, id_column in dict.fromkeys((one.parent, one.id_column) for one in relations):
        problems += _id_problems(source, place, parent, id_column)
    if problems:
        raise DataMapError(problems)


def require_unique_id(source: psycopg.Connection[dict[str, Any]], place: str, table: str, id_column: str) -> None:
    """Raise DataMapError unless one id means one row: otherwise another item's row would go along."""
    problems = _id_problems(source, place, table, id_column)
    if problems:
        raise DataMapError(problems)


def _id_problems(source: psycopg.Connection[dict[str, Any]], place: str, table: str, id_column: str) -> list[Problem]:
    if source.execute(_UNIQUE, (table, id_column)).fetchone() is not None:
        return []
    found = f"place {place!r}: {table}.{id_column} without a unique index of its own"
    return [Problem("datamap", 1, "id_not_unique", found, "an id_column that is a primary key or unique")]


def _relations(parent: str, id_column: str, dependents: Sequence[Dependent]) -> Iterator[Relation]:
    for one in dependents:
        yield Relation(one.table, one.column, parent, id_column)
        if one.id_column is not None:
            yield from _relations(one.table, one.id_column, one.dependents)
