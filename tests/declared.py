"""Declarations for all that a test's database has besides the tables of its places."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import psycopg

from retention.verification.coverage.catalog import ancestors, read_columns, read_relations


def declare_rest(
    file: Path, conninfo: str, *, connection: str = "company_db", mapped: Collection[str] = ("public.recordings",)
) -> None:
    """Declare in this file of a map every table but the `mapped` ones, and each of their columns that looks personal by name."""
    with psycopg.connect(conninfo, autocommit=True) as session:
        relations = {one.oid: one for one in read_relations(session)}
        columns = read_columns(session, list(relations.values()))
    lines = ["not_personal:"]
    for oid, relation in relations.items():
        if relation.name in mapped or any(ancestors(relation, relations)):
            continue
        personal = ", ".join(column.name for column in columns[oid] if column.named_personal)
        terms = f"connection: {connection}, table: {relation.name}, reason: of no interest here, owner: Tests"
        lines.append(f"  - {{{terms}, declared_on: 2026-01-01}}")
        lines += [f"  - {{{terms}, declared_on: 2026-01-01, columns: [{personal}]}}"] if personal else []
    text = file.read_text("utf-8")
    assert "\nnot_personal:" not in text
    file.write_text(text.rstrip("\n") + "\n" + "\n".join(lines) + "\n", "utf-8")
