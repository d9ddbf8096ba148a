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
LEAST_YEARS = 3
"""The database refuses less, too (migration 0026)."""


def _years(value: object) -> int | None:
    """Whole calendar years after the record's own; None for `whole`."""
    return None if value == "whole" else parse_years(value)


class Record(StrictModel):
    """How long one record is kept, and why."""

    what: str
    """What stands in it."""
    keep: Annotated[int | None, BeforeValidator(_years)]
    """`P3Y`: to the end of the third calendar year after its own (Europe/Berlin). `whole`: all of it stays."""
    paragraph: str
    """What allows or asks for that."""
    reason: str
    """Why so long, and why no longer."""


class Records(StrictModel):
    """All records, by name."""

    owner: str
    """Who answers for this file."""
    records: dict[str, Record]
    """Each of our records once."""

    @model_validator(mode="after")
    def _all_of_ours(self) -> Self:
        known = (*PRUNED, *WHOLE)
        missing = sorted(set(known) - self.records.keys())
        strange = sorted(self.records.keys() - set(known))
        if missing or strange:
            found = f"no rule for {', '.join(missing)}" if missing else f"a rule for {', '.join(strange)}"
            raise refuse(found, f"exactly one for each of: {', '.join(known)}", "records")
        for name, record in self.records.items():
            if (record.keep is None) != (name in WHOLE):
                expected = "whole" if name in WHOLE else "a period such as P3Y"
                raise refuse("whole" if record.keep is None else f"P{record.keep}Y", expected, "records", name, "keep")
            if record.keep is not None and record.keep < LEAST_YEARS:
                expected = f"P{LEAST_YEARS}Y or more: claims and fines lapse no earlier"
                raise refuse(f"P{record.keep}Y", expected, "records", name, "keep")
        return self


def load_records(file: Path) -> Records:
    """Read the file. Raises PolicyError with every problem, by line."""
    return read_document(file, PolicyError).build(Records, PolicyError)
