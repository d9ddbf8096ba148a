"""What a deletion would take along or change beyond the rows that it names; such a table is refused before anything goes.

Those rows have a category and a rule of their own, and nothing would be noted about them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import sql

from retention.disposal.relations import RELATIONS, Relation, relation_parameters
from retention.errors import DataMapError, Problem

_EMPTIED = sql.SQL("""
WITH RECURSIVE emptied AS (
    SELECT to_regclass(name)::oid AS oid FROM unnest(%(tables)s::text[]) AS name
    UNION
    SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i JOIN emptied ON i.inhparent = emptied.oid
)
""")
"""The tables that rows are deleted from, with their partitions."""

# A key of or to a partitioned table stands there for each partition again; the topmost speaks for all.
_CASCADES = sql.SQL("""
{emptied}, relation AS ({relations}), cascading AS (
    SELECT k.* FROM pg_catalog.pg_constraint AS k JOIN emptied ON emptied.oid = k.confrelid
    WHERE k.contype = 'f' AND (k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd') AND EXISTS (
        SELECT FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = k.confrelid AND a.attnum = ANY(k.confkey) AND a.attname = ANY(%(anonymised)s::text[])
    ))
)
SELECT k.conrelid::regclass::text AS child, k.confrelid::regclass::text AS parent, k.conname FROM cascading AS k
WHERE NOT EXISTS (SELECT FROM cascading AS above WHERE above.oid = k.conparentid)
    AND (k.conrelid = k.confrelid OR NOT EXISTS (
        SELECT FROM relation AS r JOIN unnest(k.conkey, k.confkey) AS pair (of_child, of_parent)
            ON pair.of_child = r.column_no AND pair.of_parent = r.id_no
        WHERE r.child = k.conrelid AND r.parent = k.confrelid
    ))
ORDER BY 1, 2, 3
""").format(emptied=_EMPTIED, relations=RELATIONS)
_REWRITTEN = sql.SQL("""
{emptied}
SELECT r.ev_class::regclass::text AS rewritten, r.rulename
FROM pg_catalog.pg_rewrite AS r JOIN emptied ON emptied.oid = r.ev_class
WHERE r.ev_type IN ('2', '4') ORDER BY 1, 2
""").format(emptied=_EMPTIED)
"""Rules ON UPDATE and ON DELETE."""
# Its keys stand with the tables behind it, where nobody looks for them here; a foreign table's with another database.
_BEHIND = sql.SQL("""
{emptied}
SELECT c.oid::regclass::text AS found, CASE c.relkind WHEN 'f' THEN 'a foreign table' ELSE 'a view' END AS kind
FROM pg_catalog.pg_class AS c JOIN emptied ON emptied.oid = c.oid WHERE c.relkind NOT IN ('r', 'p') ORDER BY 1
""").format(emptied=_EMPTIED)
"""What is no table of this database, and leads to rows that stand elsewhere."""
_INHERITED = """
SELECT c.oid::regclass::text AS parent, i.inhrelid::regclass::text AS child
FROM unnest(%(tables)s::text[]) AS name
JOIN pg_catalog.pg_class AS c ON c.oid = to_regclass(name) AND c.relkind <> 'p'
JOIN pg_catalog.pg_inherits AS i ON i.inhparent = c.oid ORDER BY 1, 2
"""


_REFUSED = (
    (
        _CASCADES,
        "cascading_delete",
        "deleting from {parent} also changes {child} (constraint {conname})",
        "foreign keys that refuse (NO ACTION): what depends on the row is disposed of by its own rule, first",
    ),
    (
        _REWRITTEN,
        "rewritten_delete",
        "{rewritten} with the rule {rulename}, which does something else or more",
        "no rules ON DELETE or ON UPDATE: drop it (DROP RULE), or do its work elsewhere",
    ),
    (
        _BEHIND,
        "not_a_table",
        "{found}, {kind}: what a deletion there changes, nobody can tell",
        "the tables themselves, each by its name",
    ),
    (
        _INHERITED,
        "inherited_table",
        "{parent}, from which {child} inherits: one id may stand in both",
        "a table that no other inherits from (ALTER TABLE … NO INHERIT), and the other as a place of its own",
    ),
)
"""What is asked for, its code, and the words for what a row of the answer says: found, expected."""


def refuse_side_effects(
    source: psycopg.Connection[dict[str, Any]],
    place: str,
    tables: Sequence[str],
    relations: Sequence[Relation] = (),
    anonymised: Sequence[str] = (),
) -> None:
    """Raise DataMapError where deleting from these tables, or changing the `anonymised` columns, would silently delete or change
    other rows.

    A key that cascades is refused unless it is one of the mapped `relations`: along those the rows have gone already. A rule
    can do anything in the place of a deletion or beside it. What a view or a foreign table leads to has keys and rules of its
    own. And one id may stand in each of the tables that inherit from one.
    """
    asked = {"tables": list(tables), "anonymised": list(anonymised)} | relation_parameters(relations)
    problems = [
        Problem("datamap", 1, code, f"place {place!r}: {found.format_map(one)}", expected)
        for query, code, found, expected in _REFUSED
        for one in source.execute(query, asked)
    ]
    if problems:
        raise DataMapError(problems)
