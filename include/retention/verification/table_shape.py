"""Questions to a place's tables themselves, beside the map's check SQL: what is anonymised, left over, or left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from psycopg import sql

from retention.datamap.model import Dependent, TablePlace
from retention.verification.row_queries import around
from retention.verification.source import Source


def text_parameters(spec: TablePlace) -> dict[str, object]:
    """The texts that anonymised columns bear, as the queries name them."""
    return {f"text_{column}": text for column, text in spec.anonymise.items() if text is not None}


def wholly_anonymised(spec: TablePlace) -> sql.Composed:
    """Whether a row `t` is anonymised in every column. Values are compared in the database, and never leave it."""
    columns = [
        sql.SQL("t.{} IS NULL").format(sql.Identifier(name)) if text is None else _bears(name)
        for name, text in spec.anonymise.items()
    ]
    return sql.SQL("({})").format(sql.SQL(" AND ").join(columns))


def half_query(spec: TablePlace) -> sql.Composed:
    """The ids of rows in which some columns bear the text of an anonymised one, and others do not."""
    some = sql.SQL(" OR ").join(_bears(name) for name, text in spec.anonymise.items() if text is not None)
    return sql.SQL("SELECT CAST(t.{} AS text) FROM {} AS t WHERE ({}) AND NOT {}").format(
        sql.Identifier(spec.id_column), table_of(spec.table), some, wholly_anonymised(spec)
    )


def orphan_queries(spec: TablePlace) -> Iterator[tuple[str, sql.Composed]]:
    """For each dependent table: a query for how many rows it has, and how many of them belong to no row."""
    yield from _orphans_of(spec.table, spec.id_column, spec.dependents)


def _orphans_of(parent: str, parent_id: str, dependents: Sequence[Dependent]) -> Iterator[tuple[str, sql.Composed]]:
    for one in dependents:
        yield (
            one.table,
            sql.SQL(
                "SELECT count(*), count(*) FILTER (WHERE p.{id} IS NULL{named}) FROM {table} AS d LEFT JOIN {parent} AS p "
                "ON d.{column} = p.{id}"
            ).format(
                named=sql.SQL(" AND d.{} IS NOT NULL").format(sql.Identifier(one.column))
                if one.may_name_none
                else sql.SQL(""),
                id=sql.Identifier(parent_id),
                table=table_of(one.table),
                parent=table_of(parent),
                column=sql.Identifier(one.column),
            ),
        )
        if one.id_column is not None:
            yield from _orphans_of(one.table, one.id_column, one.dependents)


def extent_query(spec: TablePlace, ids: sql.Composable) -> sql.Composed:
    """How many rows belong to each of the rows with these ids, at any depth; nothing of a row that has none."""
    parts = [rows for one in spec.dependents for rows in _belonging_to(one, ids)]
    return sql.SQL("SELECT CAST(b.owner AS text), count(*) FROM ({}) AS b GROUP BY b.owner").format(
        sql.SQL(" UNION ALL ").join(sql.SQL("SELECT r.owner FROM ({}) AS r").format(rows) for rows in parts)
    )


def _belonging_to(one: Dependent, ids: sql.Composable) -> Iterator[sql.Composed]:
    """For the table and each below it: its rows, by the id of the row that they lead to (`owner`) and their own (`id`)."""
    rows = sql.SQL("SELECT d.{column} AS owner, d.{id} AS id FROM {table} AS d WHERE d.{column} = ANY({ids})").format(
        column=sql.Identifier(one.column),
        id=sql.Identifier(one.id_column or one.column),
        table=table_of(one.table),
        ids=ids,
    )
    yield from _with_rows_below(one, rows)


def _with_rows_below(one: Dependent, rows: sql.Composed) -> Iterator[sql.Composed]:
    yield rows
    for inner in one.dependents:
        below = sql.SQL(
            "SELECT p.owner, d.{id} AS id FROM ({rows}) AS p INNER JOIN {table} AS d ON d.{column} = p.id"
        ).format(
            id=sql.Identifier(inner.id_column or inner.column),
            rows=rows,
            table=table_of(inner.table),
            column=sql.Identifier(inner.column),
        )
        yield from _with_rows_below(inner, below)


def unseen_query(spec: TablePlace, check_items: str) -> sql.Composed:
    """How many of the table's rows the check SQL leaves out, but wholly anonymised ones."""
    gone = wholly_anonymised(spec) if spec.anonymise else sql.SQL("FALSE")
    return sql.SQL(
        "SELECT count(*) FROM {table} AS t WHERE NOT {gone} AND NOT EXISTS (SELECT FROM {query} WHERE f.item_id = t.{id})"
    ).format(table=table_of(spec.table), gone=gone, query=around(check_items), id=sql.Identifier(spec.id_column))


def table_of(name: str) -> sql.Identifier:
    """`schema.table` as SQL."""
    return sql.Identifier(*name.split("."))


def _bears(column: str) -> sql.Composed:
    return sql.SQL("t.{} IS NOT DISTINCT FROM {}").format(sql.Identifier(column), sql.Placeholder(f"text_{column}"))


def type_of_ids(source: Source, file: str, oid: int) -> sql.Composable:
    """How SQL writes the type of the ids: one without limits, which cuts none. Without -1, `character` would have one letter; two
    types cut by themselves."""
    asked = sql.SQL(
        "SELECT CASE WHEN t.oid IN ('name'::regtype, '\"char\"'::regtype) THEN 'text' ELSE format_type(t.oid, -1) END "
        "FROM (SELECT CAST(%s AS oid) AS oid) AS t"
    )
    [(name,)] = source.ask(file, asked, (oid,))
    trusted: Any = name  # the server's own spelling of a type
    return sql.SQL(trusted)
