"""What a replay list names and a restore brought back, compiled to SQL: due because it went before, whatever the restored source
still knows of why.

Steps of the query in `retention.disposal.selection`: `replayed` builds on `released` and `consent`. What protects an item today
protects it here, too, without exception: whoever asked for it to go may stand in what the restore lost, and then nobody can tell
that a request outranks a hold. Of consents only those count that came after the deletion: the earlier ones did not keep it then.
"""

from __future__ import annotations

from typing import Any

from psycopg import sql

from retention.disposal.fact_columns import FactColumns
from retention.policy.facts import WAITS
from retention.policy.model import RetentionRule

COVERAGE = "replay"
"""How plans are marked whose items a replay list names."""
REPLAYED = "replayed"
"""Why these items are due."""
GONE_AT = sql.Identifier("replayed_gone_at")
NO_DATE = sql.SQL("replayed_newest_at IS NULL")

Ladder = list[tuple[sql.Composable, str, sql.Composable]]


def replayed(rule: RetentionRule, columns: FactColumns, parameters: dict[str, Any]) -> sql.Composed:
    """The listed items alone, each with when it went, the newest date that its row or key says of when it was collected, and the
    newest consent that stands. When an object was stored says nothing: the restore itself may have stored it."""
    parameters["skew_s"] = rule.schedule.clock_skew.total_seconds()
    proven = sql.SQL("proven_consent_at" if "proven_consent_at" in columns.types else "NULL::timestamptz")
    return sql.SQL(
        "SELECT released.*, listed.gone_at AS replayed_gone_at, "
        "greatest({clock}, released.evidence_at, released.key_day) AS replayed_newest_at, "
        "greatest({proven}, (SELECT max(greatest(said.given_at, said.recorded_at)) "
        "FROM unnest(consent.given_at, consent.recorded_at, consent.ends_at, consent.withdrawn_at) "
        "AS said (given_at, recorded_at, ends_at, withdrawn_at) "
        "WHERE coalesce(%(now)s < said.ends_at, TRUE) AND coalesce(%(now)s < said.withdrawn_at, TRUE))) AS replayed_consent_at "
        "FROM released JOIN unnest(%(replayed_ids)s::text[], %(replayed_at)s::timestamptz[]) AS listed (item_id, gone_at) "
        "ON listed.item_id = released.item_id LEFT JOIN consent ON consent.item_id = released.item_id"
    ).format(clock=sql.Identifier(f"start_{rule.clock_event}"), proven=proven)


def ladder(columns: FactColumns, by_minimum: sql.Composable, by_duty: sql.Composable, ambiguous: str) -> Ladder:
    """Status and reason, in the order of precedence."""
    after = sql.SQL("{} > replayed_gone_at - %(skew_s)s * interval '1 second'")
    return [
        (sql.SQL("twins > 1"), "retain", sql.Literal(ambiguous)),
        (NO_DATE, "retain", sql.Literal("undated")),
        (after.format(sql.SQL("replayed_newest_at")), "retain", sql.Literal("collected_anew")),
        (by_minimum, "kept_by_minimum", sql.Literal("statutory_minimum")),
        (by_duty, "kept_by_minimum", sql.Literal("statutory_duty")),
        (sql.SQL("hold_ids IS NOT NULL"), "held", sql.Literal("legal_hold")),
        (columns.restricted(), "restricted", sql.Literal("restriction")),
        (after.format(sql.SQL("replayed_consent_at")), "exempt", sql.Literal("consented_anew")),
        (columns.waits(), "retain", sql.Literal(WAITS)),
        (sql.SQL("TRUE"), "due", sql.Literal(REPLAYED)),
    ]
