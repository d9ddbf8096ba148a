"""What a database holds, from its own catalog: it names every table, also those that the verifying role may not read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import psycopg

from retention.verification.coverage.names import looks_like_birth, looks_personal, names_by_number, refers_to_row

_RELATIONS = """
SELECT
    c.oid, n.nspname AS schema_name, c.relname AS relation_name, CAST(c.relkind AS text) AS relkind,
    pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS schema_usable,
    pg_catalog.row_security_active(c.oid) AS row_security,
    ARRAY(SELECT i.inhparent FROM pg_catalog.pg_inherits AS i WHERE i.inhrelid = c.oid ORDER BY i.inhseqno) AS parents
FROM pg_catalog.pg_class AS c
INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
WHERE
    c.relkind IN ('r', 'p', 'm', 'f') AND c.relpersistence <> 't'
    AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast'
ORDER BY n.nspname, c.relname
"""
"""Ordinary and partitioned tables, materialised views, foreign tables. Temporary tables end with somebody's session."""

_COLUMNS = """
SELECT
    a.attrelid AS oid, a.attname AS name, CAST(t.typcategory AS text) AS category, t.typname AS type_name,
    CAST(e.typcategory AS text) AS element_category, e.typname AS element_type_name,
    pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT') AS readable
FROM pg_catalog.pg_attribute AS a
INNER JOIN pg_catalog.pg_type AS t ON a.atttypid = t.oid
LEFT JOIN pg_catalog.pg_type AS e ON t.typelem = e.oid AND t.typcategory = 'A'
WHERE a.attrelid = ANY(%s) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
"""

_LARGE_OBJECTS = "SELECT EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata) AS there"
LARGE_OBJECTS = "pg_catalog.pg_largeobject"
"""Where PostgreSQL keeps large objects: data outside of every table."""

_WORDS = {"r": "table", "p": "partitioned table", "m": "materialised view", "f": "foreign table", "l": "large objects"}
_OPAQUE = frozenset({"bytea", "geometry", "geography", "raster"})
_NEVER_TEXT = frozenset(
    {"uuid", "pg_lsn", "xid", "xid8", "cid", "tid", "txid_snapshot", "pg_snapshot", "macaddr", "macaddr8"}
)


class Relation(NamedTuple):
    """One thing that holds rows. `name` is schema and table; `parents` are the oids of what it is a partition or child of.

    `row_security`: a policy decides which rows the verifying role sees of it.
    """

    oid: int
    name: str
    relkind: str
    parents: tuple[int, ...]
    schema_usable: bool
    row_security: bool
    path: tuple[str, str]

    @property
    def words(self) -> str:
        """What it is."""
        return _WORDS[self.relkind]


class Column(NamedTuple):
    """One column. `readable` is what the verifying role may do, `kind` what can be looked for in it.

    `kind`: `text` (also json, arrays of text …), `opaque` (bytes that hold anything), `address` (a type for machines' addresses),
    `day`, `number`, `flag` (true or false, instants, lists of known words), `id` (uuid).
    """

    name: str
    kind: str
    readable: bool

    @property
    def named_personal(self) -> bool:
        """Whether its name, or its type, says that it is personal."""
        if self.kind == "address":
            return True
        if self.kind == "flag":
            return False
        if self.kind == "day":
            return looks_like_birth(self.name)
        if self.kind in ("number", "id") and refers_to_row(self.name):
            return names_by_number(self.name)
        return looks_personal(self.name)


def read_relations(session: psycopg.Connection[Any]) -> list[Relation]:
    """Everything that holds rows in this database, whoever may read it."""
    rows = session.execute(_RELATIONS).fetchall()
    found = [
        Relation(oid, f"{schema}.{name}", relkind, tuple(parents), usable, row_security, (schema, name))
        for oid, schema, name, relkind, usable, row_security, parents in rows
    ]
    if (session.execute(_LARGE_OBJECTS).fetchone() or (False,))[0]:
        schema, name = LARGE_OBJECTS.split(".")
        found.append(Relation(0, LARGE_OBJECTS, "l", (), False, False, (schema, name)))
    return found


def read_columns(session: psycopg.Connection[Any], relations: Sequence[Relation]) -> dict[int, list[Column]]:
    """The columns of these relations, by oid."""
    found: dict[int, list[Column]] = {relation.oid: [] for relation in relations}
    usable = {relation.oid for relation in relations if relation.schema_usable}
    for oid, name, category, type_name, of_element, element_type, readable in session.execute(
        _COLUMNS, (list(found),)
    ).fetchall():
        is_array = category == "A" and of_element is not None
        kind = _kind(of_element, element_type) if is_array else _kind(category, type_name)
        found[oid].append(Column(name, kind, bool(readable) and oid in usable))
    return found


def ancestors(relation: Relation, by_oid: Mapping[int, Relation]) -> Iterator[Relation]:
    """What it is a partition or child of, the nearest first."""
    for oid in relation.parents:
        if oid in by_oid:
            yield by_oid[oid]
            yield from ancestors(by_oid[oid], by_oid)


def parts_of(relations: Mapping[int, Relation]) -> dict[int, list[int]]:
    """By oid of each relation: its own, and those of its partitions and children, theirs included."""
    parts: dict[int, dict[int, None]] = {oid: {oid: None} for oid in relations}
    for oid, relation in relations.items():
        for above in ancestors(relation, relations):
            parts[above.oid][oid] = None
    return {oid: list(found) for oid, found in parts.items()}


def _kind(category: str, type_name: str) -> str:
    if type_name == "uuid":
        return "id"
    if category == "I" or type_name in ("macaddr", "macaddr8"):
        return "address"
    if type_name in _OPAQUE:
        return "opaque"
    if type_name == "date":
        return "day"
    if category == "N":
        return "number"
    if category in "BDTEGRVZ" or type_name in _NEVER_TEXT:
        return "flag"
    return "text"
