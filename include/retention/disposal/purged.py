"""What a person asked to purge, compiled to SQL: due because somebody asked and somebody else approved, whatever its rule says.

Steps of the query in `retention.disposal.selection`: `purged` builds on `released`. What protects an item protects it here, too,
and a legal hold or a statutory minimum without exception: nobody can ask for more than the law allows. What is not surely in the
scope stays: a row without the asked date, or with another customer in its key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from psycopg import sql

from retention.disposal.fact_columns import FactColumns
from retention.disposal.replayed import Ladder

COVERAGE = "purge"
"""How plans are marked whose items a person asked for."""
PURGED = "purged"
"""Why these items are due."""
OUT_OF_SCOPE = "out_of_scope"
"""What was not asked for stays, whatever its own rule says: the next ordinary run sees to that."""
TENANTS_DIFFER = "tenants_differ"
DUE_AT = sql.SQL("least(due_at, %(as_of)s)")
DEADLINE_AT = sql.SQL("CASE WHEN clock_due_at IS NOT NULL THEN deadline_at ELSE %(never)s END")
NO_DATE = sql.SQL("arose_at IS NULL")


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeScope:
    """Which items of one category are asked for: those that match all that is filled. Ids are the sources' own internal ids; an
    item may be named by its object's key, too. `started_from <= start < started_before`, by the item's own start."""

    tenant_id: str | None = None
    person_id: str | None = None
    item_id: str | None = None
    started_from: datetime | None = None
    started_before: datetime | None = None

    def filled(self) -> dict[str, Any]:
        """What is asked for, by name."""
        found = {part.name: getattr(self, part.name) for part in fields(self)}
        return {name: value for name, value in found.items() if value is not None}

    def to_json(self) -> dict[str, str]:
        """The same as texts."""
        return {name: value if isinstance(value, str) else value.isoformat() for name, value in self.filled().items()}

    @classmethod
    def from_json(cls, texts: Mapping[str, str]) -> PurgeScope:
        """The reverse of `to_json`."""
        instants = ("started_from", "started_before")
        values: dict[str, Any] = {
            name: datetime.fromisoformat(text) if name in instants else text for name, text in texts.items()
        }
        return cls(**values)


def parameters_of(scope: PurgeScope | None) -> dict[str, Any]:
    """What the placeholders of `purged` stand for."""
    return {f"purge_{part.name}": getattr(scope, part.name, None) for part in fields(PurgeScope)}


def purged(columns: FactColumns) -> sql.Composed:
    """Each item with whether the ids that were asked for are surely its own, and whether its start lies in the asked period: NULL
    where nobody knows."""
    return sql.SQL(
        "SELECT released.*, coalesce("
        "(%(purge_tenant_id)s::text IS NULL OR %(purge_tenant_id)s IN (tenant_id, key_tenant)) "
        "AND (%(purge_person_id)s::text IS NULL OR ({person_known} AND person_id = %(purge_person_id)s)) "
        "AND (%(purge_item_id)s::text IS NULL OR %(purge_item_id)s IN (item_id, object_key)), FALSE) AS is_named, "
        "CASE WHEN %(purge_started_from)s::timestamptz IS NULL AND %(purge_started_before)s::timestamptz IS NULL THEN TRUE "
        "WHEN NOT redated THEN arose_at >= coalesce(%(purge_started_from)s::timestamptz, '-infinity') "
        "AND arose_at < coalesce(%(purge_started_before)s::timestamptz, 'infinity') END AS is_in_period, "
        "%(purge_tenant_id)s::text IS NOT NULL AND coalesce(tenant_id <> key_tenant, FALSE) AS has_two_tenants "
        "FROM released"
    ).format(person_known=columns.person_known())


def ladder(columns: FactColumns, by_minimum: sql.Composable, by_duty: sql.Composable, ambiguous: str) -> Ladder:
    """Status and reason, in the order of precedence."""
    return [
        (sql.SQL("NOT is_named OR is_in_period IS FALSE"), "retain", sql.Literal(OUT_OF_SCOPE)),
        (sql.SQL("is_in_period IS NULL"), "retain", sql.Literal("undated")),
        (sql.SQL("has_two_tenants"), "retain", sql.Literal(TENANTS_DIFFER)),
        (sql.SQL("twins > 1"), "retain", sql.Literal(ambiguous)),
        (by_minimum, "kept_by_minimum", sql.Literal("statutory_minimum")),
        (by_duty, "kept_by_minimum", sql.Literal("statutory_duty")),
        (sql.SQL("hold_ids IS NOT NULL"), "held", sql.Literal("legal_hold")),
        (columns.restricted(), "restricted", sql.Literal("restriction")),
        (sql.SQL("%(now)s < exempt_until AND NOT was_asked"), "exempt", sql.Literal("consent")),
        (columns.waits(), "retain", sql.Literal("waits")),
        (sql.SQL("TRUE"), "due", sql.Literal(PURGED)),
    ]
