"""What a database says about its own tables: keys, references, times, sizes, and which columns look personal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg

from retention.connections import Connection, postgres_conninfo
from retention.database import prepare_session
from retention.errors import StoreUnreadable
from retention.verification.coverage.catalog import Relation, parts_of, read_columns, read_relations
from retention.verification.coverage.sampling import sample

_WRITABLE = re.compile("[a-z_][a-z0-9_]*")
"""What the data map can name (datamap/model.py)."""

_COLUMNS = """
SELECT a.attrelid, a.attname, pg_catalog.format_type(a.atttypid, NULL), a.attnotnull
FROM pg_catalog.pg_attribute AS a
WHERE a.attrelid = ANY(%s) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
"""

_KEYS = """
SELECT con.conrelid, con.contype::text, con.confrelid, con.confdeltype::text, con.convalidated,
    ARRAY(
        SELECT a.attname FROM unnest(con.conkey) WITH ORDINALITY AS k (attnum, n)
        INNER JOIN pg_catalog.pg_attribute AS a ON a.attrelid = con.conrelid AND a.attnum = k.attnum ORDER BY k.n
    ),
    ARRAY(
        SELECT a.attname FROM unnest(con.confkey) WITH ORDINALITY AS k (attnum, n)
        INNER JOIN pg_catalog.pg_attribute AS a ON a.attrelid = con.confrelid AND a.attnum = k.attnum ORDER BY k.n
    )
FROM pg_catalog.pg_constraint AS con
WHERE con.contype IN ('p', 'f') AND con.conrelid = ANY(%s) AND con.conparentid = 0
ORDER BY con.conname
"""

_INDEXED = """
SELECT i.indrelid, a.attname
FROM pg_catalog.pg_index AS i
INNER JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
WHERE i.indrelid = ANY(%s) AND i.indisvalid AND i.indpred IS NULL
"""

_ROWS = "SELECT oid, CAST(reltuples AS bigint) FROM pg_catalog.pg_class WHERE oid = ANY(%s)"
_PARTITIONED_BY = "SELECT partrelid, pg_catalog.pg_get_partkeydef(partrelid) FROM pg_catalog.pg_partitioned_table"


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key of one column. `cascades`: deleting there deletes or changes rows here. `valid`: no older row breaks it."""

    column: str
    table: str
    to_column: str
    indexed: bool
    cascades: bool
    valid: bool = True


@dataclass(slots=True)
class Table:
    """One table as its database describes it. `types` in the order of its columns; `personal` gives why a column looks so."""

    name: str
    words: str
    types: dict[str, str] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    key: tuple[str, ...] = ()
    references: list[Reference] = field(default_factory=list)
    personal: dict[str, tuple[str, ...]] = field(default_factory=dict)
    rows: int | None = None
    partitioned_by: str | None = None

    @property
    def id_column(self) -> str | None:
        """The primary key, where it is one column that the data map can name."""
        return self.key[0] if len(self.key) == 1 and _WRITABLE.fullmatch(self.key[0]) else None

    @property
    def times(self) -> list[str]:
        """Columns that hold an instant or a day."""
        return [name for name, kind in self.types.items() if kind.startswith("timestamp") or kind == "date"]

    @property
    def time_range(self) -> str | None:
        """The column by whose range it is partitioned, where that is one instant."""
        match = re.fullmatch(r"RANGE \(([a-z_][a-z0-9_]*)\)", self.partitioned_by or "")
        return match[1] if match is not None and self.types.get(match[1]) == "timestamp with time zone" else None

    @property
    def can_be_named(self) -> bool:
        """Whether the data map can name it."""
        schema, _dot, table = self.name.partition(".")
        return _WRITABLE.fullmatch(schema) is not None and _WRITABLE.fullmatch(table) is not None


def read_tables(connection: Connection) -> dict[str, Table]:
    """Every table that holds rows of its own (no partitions), by schema and name.

    Raises StoreUnreadable where the database does not answer, RequestError for a connection of another type.
    """
    with _session(connection) as session:
        relations = {relation.oid: relation for relation in read_relations(session)}
        roots = {oid: one for oid, one in relations.items() if not one.parents and one.relkind != "l"}
        tables = {oid: Table(one.name, one.words) for oid, one in roots.items()}
        oids = [list(tables)]
        for oid, name, kind, required in session.execute(_COLUMNS, oids).fetchall():
            tables[oid].types[name] = kind
            if required:
                tables[oid].required.add(name)
        for oid, rows in session.execute(_ROWS, oids).fetchall():
            tables[oid].rows = rows if rows >= 0 else None
        for oid, partitioned_by in session.execute(_PARTITIONED_BY).fetchall():
            if oid in tables:
                tables[oid].partitioned_by = partitioned_by
        _read_keys(session, tables)
        _look_for_persons(session, relations, tables)
    return {table.name: table for table in tables.values()}


def _read_keys(session: psycopg.Connection[Any], tables: Mapping[int, Table]) -> None:
    oids = [list(tables)]
    indexed = set(session.execute(_INDEXED, oids).fetchall())
    for oid, kind, other, on_delete, valid, columns, to_columns in session.execute(_KEYS, oids).fetchall():
        if kind == "p":
            tables[oid].key = tuple(columns)
        elif len(columns) == 1 and other in tables:
            tables[oid].references.append(
                Reference(
                    columns[0],
                    tables[other].name,
                    to_columns[0],
                    indexed=(oid, columns[0]) in indexed,
                    cascades=on_delete in "cnd",
                    valid=valid,
                )
            )


def _look_for_persons(
    session: psycopg.Connection[Any], relations: Mapping[int, Relation], tables: Mapping[int, Table]
) -> None:
    columns, parts = read_columns(session, [relations[oid] for oid in tables]), parts_of(relations)
    for oid, table in tables.items():
        found = sample(session, relations[oid], columns[oid], parts[oid]).found
        for column in columns[oid]:
            why = (("name",) if column.named_personal else ()) + tuple(found.get(column.name, ()))
            if why:
                table.personal[column.name] = why


@contextmanager
def _session(connection: Connection) -> Iterator[psycopg.Connection[Any]]:
    """A session that only reads, and waits for nobody's lock."""
    try:
        session = psycopg.connect(
            postgres_conninfo(connection), autocommit=True, connect_timeout=10, application_name="retention map draft"
        )
    except psycopg.OperationalError as error:
        said = (str(error).strip().splitlines() or [""])[0].rpartition(" failed: ")[2]
        raise StoreUnreadable(
            f"connection {connection.connection_id!r} did not answer: {said}; expected a running PostgreSQL."
        ) from None
    with session:
        prepare_session(session)
        session.execute("SET default_transaction_read_only = on")
        session.execute("SET lock_timeout = '2s'")
        yield session
