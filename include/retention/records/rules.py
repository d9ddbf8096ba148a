"""The retention rules of our own records, from YAML: every record of ours has one, with its paragraph and reason."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import BeforeValidator, model_validator

from retention.documents import read_document
from retention.errors import PolicyError
from retention.policy.periods import parse_years
from retention.strict import StrictModel, refuse

PRUNED = ("reports", "checks", "disposed_items", "plans", "holds")
"""Records that go in their time, in this order: a report rests on its check."""
WHOLE = ("ledger", "tree_heads", "histories", "suppression_list")
"""Records that are worth nothing in part, or have no end."""
PASSING = ("planned_items", "memory_of_checks", "record_times", "canaries", "copies", "undated_withdrawals")
"""What is no evidence: whoever writes it lets it go once it has served."""
TABLES = {
    "reports": ("reports", "report_papers"),
    "checks": ("check_runs", "findings"),
    "disposed_items": ("disposed_items",),
    "plans": ("plans", "approvals"),
    "holds": ("holds",),
    "ledger": ("ledger",),
    "tree_heads": ("tree_heads",),
    "histories": ("mode_changes", "stop_changes", "homes"),
    "suppression_list": ("suppression_list",),
    "planned_items": ("plan_items", "plan_batches", "plan_scopes"),
    "memory_of_checks": ("protected_items", "kept_items", "seen_files", "withdrawn_contacts", "version_dates"),
    "record_times": ("record_times",),
    "canaries": ("canaries",),
    "copies": ("copies",),
    "undated_withdrawals": ("undated_withdrawals",),
}
"""In which tables of our schema each record stands. Every table of ours but alembic's own is in exactly one."""
LEAST_YEARS = 3
"""The database refuses less, too (migration 0026)."""


def _years(value: object) -> int | None:
    """Whole calendar years after the record's own; None for `whole`, 0 for `passing`."""
    return {"whole": None, "passing": 0}[value] if value in ("whole", "passing") else parse_years(value)


class Record(StrictModel):
    """How long one record is kept, and why."""

    what: str
    """What stands in it."""
    keep: Annotated[int | None, BeforeValidator(_years)]
    """`P3Y`: to the end of the third calendar year after its own (Europe/Berlin). `whole`: all of it stays. `passing`: it goes by
    itself once it has served, which `reason` says."""
    paragraph: str
    """What allows or asks for that."""
    reason: str
    """Why so long, and why no longer."""


_KEPT = {None: "whole", 0: "passing"}


def _expected(name: str, keep: int | None) -> str | None:
    """What the record's rule should say instead; None where it says it."""
    if name not in PRUNED:
        expected = "whole" if name in WHOLE else "passing"
        return expected if _KEPT.get(keep) != expected else None
    if not keep:
        return "a period such as P3Y"
    return f"P{LEAST_YEARS}Y or more: claims and fines lapse no earlier" if keep < LEAST_YEARS else None


class Records(StrictModel):
    """All records, by name."""

    owner: str
    """Who answers for this file."""
    records: dict[str, Record]
    """Each of our records once."""

    @model_validator(mode="after")
    def _all_of_ours(self) -> Self:
        known = (*PRUNED, *WHOLE, *PASSING)
        missing = sorted(set(known) - self.records.keys())
        strange = sorted(self.records.keys() - set(known))
        if missing or strange:
            found = f"no rule for {', '.join(missing)}" if missing else f"a rule for {', '.join(strange)}"
            raise refuse(found, f"exactly one for each of: {', '.join(known)}", "records")
        for name, record in self.records.items():
            expected = _expected(name, record.keep)
            if expected is not None:
                raise refuse(_KEPT.get(record.keep, f"P{record.keep}Y"), expected, "records", name, "keep")
        return self


def load_records(file: Path) -> Records:
    """Read the file. Raises PolicyError with every problem, by line."""
    return read_document(file, PolicyError).build(Records, PolicyError)
