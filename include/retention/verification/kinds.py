"""The kinds of finding: what each means and how much it weighs. docs/findings.md is written from here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from retention.verification.result import Severity
from retention.verification.wording import WORDING, Wording

_SQL = Path(__file__).resolve().parents[2] / "sql" / "verification" / "kinds"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of finding. `unit` is what `count` counts, `looks_at` which counter of the reading says how many were checked."""

    name: str
    severity: Severity
    unit: str
    looks_at: str
    in_sql: bool = True

    @property
    def wording(self) -> Wording:
        """Title, meaning and what to do, in English and German."""
        return WORDING[self.name]

    @property
    def definition(self) -> str:
        """The kind's one definition: a query over the judged inventory, for Great Expectations and for our own counts."""
        return (_SQL / f"{self.name}.sql").read_text(encoding="utf-8").rstrip()


_B, _U, _F, _E = Severity.BREACH, Severity.UNKNOWN, Severity.FINDING, Severity.EXCEPTION

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("past_cap", _B, "items", "parts"),
        Kind("transcribed_but_present", _B, "items", "objects"),
        Kind("past_event", _B, "items", "parts"),
        Kind("kept_without_reason", _B, "items", "parts"),
        Kind("protected_missing", _B, "items", "protected"),
        Kind("protected_shrunk", _B, "items", "protected"),
        Kind("gone_under_hold", _B, "items", "holds", in_sql=False),
        Kind("canary_late", _B, "canaries", "canaries"),
        Kind("canary_lost", _B, "canaries", "canaries"),
        Kind("withdrawn_unlisted", _B, "rows", "identified"),
        Kind("deleted_unlisted", _B, "rows", "withdrawn"),
        Kind("half_anonymised", _B, "rows", "anonymised"),
        Kind("orphan_dependent", _B, "rows", "dependents"),
        Kind("exception_duty", _E, "items", "parts"),
        Kind("exception_hold", _E, "items", "parts"),
        Kind("exception_restriction", _E, "items", "parts"),
        Kind("exception_waits", _E, "items", "parts"),
        Kind("exception_consent", _E, "items", "parts"),
        Kind("invalid_hold", _F, "holds", "parts"),
        Kind("endless_hold", _F, "holds", "parts"),
        Kind("review_lapsed", _F, "items", "parts"),
        Kind("duty_without_end", _F, "items", "parts"),
        Kind("kept_for_long", _F, "items", "parts"),
        Kind("unexplained_gone", _F, "items", "protected"),
        Kind("orphan_object", _F, "items", "objects"),
        Kind("row_without_object", _F, "items", "rows"),
        Kind("ambiguous_object", _F, "items", "objects"),
        Kind("owner_unknown", _F, "rows", "records"),
        Kind("unreadable_identifier", _F, "rows", "identified"),
        Kind("vanished_unlisted", _F, "rows", "withdrawn"),
        Kind("zoneless_time", _F, "places", "records"),
        Kind("trigger_on_disposal", _F, "triggers", "records"),
        Kind("leftover_partition", _F, "items", "partitions"),
        Kind("unnamed_identifier", _F, "columns", "identifying"),
        Kind("agreement_binds_nobody", _F, "agreements", "agreements"),
        Kind("attestation_old", _F, "places", "externals"),
        Kind("declaration_old", _F, "declarations", "declarations"),
        Kind("declaration_names_nothing", _F, "declarations", "declared_names"),
        Kind("canary_missing", _F, "places", "canaries"),
        Kind("fallback_dated", _F, "items", "parts"),
        Kind("future_dated", _F, "items", "parts"),
        Kind("undated", _U, "items", "parts"),
        Kind("oldest_unknown", _U, "items", "parts"),
        Kind("unmapped_bucket", _U, "buckets", "buckets"),
        Kind("unmapped_prefix", _U, "items", "stored"),
        Kind("unmapped_row", _U, "rows", "rows"),
        Kind("unmapped_table", _U, "tables", "tables"),
        Kind("unmapped_file", _U, "files", "files_seen"),
        Kind("personal_column", _U, "columns", "columns"),
        Kind("hidden_table", _U, "tables", "tables"),
        Kind("map_names_nothing", _U, "names", "names"),
        Kind("unseen_row", _U, "rows", "records"),
        Kind("external_unattested", _U, "places", "externals"),
        Kind("unreadable_place", _U, "places", "places"),
        Kind("replica_lags", _U, "places", "places"),
        Kind("kept_in_doubt", _U, "items", "parts"),
        Kind("event_unknown", _U, "items", "parts"),
        Kind("unknown_tenant", _U, "rows", "records"),
        Kind("event_dated_ahead", _U, "items", "parts"),
        Kind("objects_missing", _U, "places", "rows"),
        Kind("protected_gone_unproven", _U, "items", "protected"),
        Kind("memory_lost", _U, "items", "remembered"),
        Kind("place_dropped", _F, "places", "read_before"),
        Kind("hold_on_nothing", _U, "holds", "holds", in_sql=False),
        Kind("unrecorded_hold", _F, "holds", "holds", in_sql=False),
        Kind("evidence_changed", _U, "entries", "entries", in_sql=False),
        Kind("evidence_unsigned", _F, "entries", "entries", in_sql=False),
        Kind("evidence_lost", _F, "heads", "entries", in_sql=False),
        Kind("evidence_unanchored", _U, "entries", "entries", in_sql=False),
        Kind("clocks_differ", _U, "clocks", "clocks", in_sql=False),
        Kind("inventory_incomplete", _U, "checks", "entries", in_sql=False),
        Kind("check_failed", _U, "checks", "checks", in_sql=False),
    )
}
"""Breaches first, then what is kept lawfully, what somebody should look at, and what is unknown."""
