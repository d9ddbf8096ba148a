"""The rights that a run will need on its place's tables, asked for before it: else the first batch would find out.

Bytes go before the rows that describe them, so what is found out only then is found out too late.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import psycopg

from retention.datamap.dependents import all_dependents
from retention.datamap.model import RowTable, TablePlace
from retention.errors import Problem
from retention.policy.model import Action

_ANY_COLUMN, _COLUMN, _TABLE = "any column", "column", "table"


class Need(NamedTuple):
    """One right: on this column, on some column (this one would do), or on the whole table."""

    table: str
    right: str
    reach: str
    column: str | None = None


# By name and not by regclass, which fails for a schema that may not be used. A table that isn't there is not asked for: that the
# map names it in vain is found where its SQL is read.
_ASKED = """
SELECT
    asked.number, current_user AS role_name, quote_ident(current_user) AS role, quote_ident(asked.of_column) AS of_column,
    quote_ident(n.nspname) AS schema_name,
    pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS schema_usable,
    pg_catalog.row_security_active(c.oid) AS row_security,
    current_setting('transaction_read_only') = 'on' AS read_only,
    asked.reach = 'column' AND a.attnum IS NULL AS is_missing,
    CASE asked.reach
        WHEN 'table' THEN pg_catalog.has_table_privilege(c.oid, asked.privilege)
        WHEN 'column' THEN pg_catalog.has_column_privilege(c.oid, a.attnum, asked.privilege)
        ELSE pg_catalog.has_any_column_privilege(c.oid, asked.privilege)
    END AS granted
FROM unnest(%(tables)s::text[], %(rights)s::text[], %(reaches)s::text[], %(columns)s::text[]) WITH ORDINALITY
    AS asked (table_name, privilege, reach, of_column, number)
JOIN pg_catalog.pg_namespace AS n ON n.nspname = split_part(asked.table_name, '.', 1)
JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = split_part(asked.table_name, '.', 2)
LEFT JOIN pg_catalog.pg_attribute AS a
    ON a.attrelid = c.oid AND a.attname = asked.of_column AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY asked.number
"""


def table_needs(spec: TablePlace, action: Action) -> list[Need]:
    """What locks its rows, removes or anonymises them, removes what belongs to them, and looks whether they are gone."""
    becomes = list(spec.anonymise) if action is Action.ANONYMISE else []
    read = dict.fromkeys([spec.id_column, *spec.identifiers, *becomes])
    needs = [Need(spec.table, "SELECT", _COLUMN, column) for column in read]
    # PostgreSQL lets only those lock a row who may update some column of it.
    needs += [Need(spec.table, "UPDATE", _COLUMN, column) for column in becomes]
    needs += [] if becomes else [Need(spec.table, "UPDATE", _ANY_COLUMN, spec.id_column)]
    needs += [] if becomes else [Need(spec.table, "DELETE", _TABLE)]
    for one in all_dependents(spec):
        columns = filter(None, dict.fromkeys([one.column, one.id_column]))
        needs += [Need(one.table, "SELECT", _COLUMN, column) for column in columns]
        needs.append(Need(one.table, "DELETE", _TABLE))
    return needs


def row_needs(row: RowTable) -> list[Need]:
    """What removes the row of an object that is gone, and compares before whether it still names that object."""
    read = filter(None, (row.id_column, row.bucket_column, row.key_column))
    return [*(Need(row.table, "SELECT", _COLUMN, column) for column in read), Need(row.table, "DELETE", _TABLE)]


def lacking_rights(source: psycopg.Connection[dict[str, Any]], place: str, needs: Sequence[Need]) -> list[Problem]:
    """All that the session's role lacks, and what grants it; and columns that are not there."""
    asked = {
        "tables": [need.table for need in needs],
        "rights": [need.right for need in needs],
        "reaches": [need.reach for need in needs],
        "columns": [need.column for need in needs],
    }
    answers = [(needs[int(row["number"]) - 1], row) for row in source.execute(_ASKED, asked)]
    said = [
        one
        for table, of_table in groupby(answers, key=lambda answer: answer[0].table)
        for one in _lacking(table, list(of_table))
    ]
    if answers and answers[0][1]["read_only"]:
        found = f"a session of role {answers[0][1]['role_name']} that may only read"
        said.append(("missing_right", found, "the primary server, and default_transaction_read_only off for that role"))
    return [
        Problem("datamap", 1, code, f"place {place!r}: {found}", expected)
        for code, found, expected in dict.fromkeys(said)
    ]


def _lacking(table: str, answers: Sequence[tuple[Need, Mapping[str, Any]]]) -> Iterator[tuple[str, str, str]]:
    """The code of each problem with one table, what was found, and what was expected."""
    row, lacking = answers[0][1], []
    name, role = row["role_name"], row["role"]
    for need, answer in answers:
        if answer["is_missing"]:
            yield "no_column", f"no column {need.column} in {table}", "a column that the table has"
        elif not answer["granted"]:
            lacking.append((need.right, answer["of_column"]))
    if not row["schema_usable"]:
        right = f"USAGE ON SCHEMA {row['schema_name']}"
        found = f"role {name} without USAGE on schema {row['schema_name']}"
        yield "missing_right", found, f"that right: GRANT {right} TO {role}"
    if lacking:
        rights = _listed(lacking)
        found = f"role {name} without {rights} on {table}"
        yield "missing_right", found, f"these rights: GRANT {rights} ON {table} TO {role}"
    if row["row_security"]:
        found = f"row security on {table}, which could hide rows from role {name}"
        yield "missing_right", found, f"ALTER ROLE {role} BYPASSRLS"


def _listed(lacking: Sequence[tuple[str, str | None]]) -> str:
    """`SELECT (id, email), DELETE`, as GRANT writes it."""
    columns: dict[str, list[str]] = {}
    for right, column in lacking:
        columns.setdefault(right, []).extend([column] if column is not None else [])
    return ", ".join(f"{right} ({', '.join(names)})" if names else right for right, names in columns.items())
