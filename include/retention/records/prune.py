"""Let our own records go once their time is over, each batch with an entry in the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from retention.database import OwnConnection
from retention.disposal.guard import require_running
from retention.evidence import ledger
from retention.records.rules import PRUNED, Record, Records

KIND = "records_pruned"
BATCH_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class Pruned:
    """What went of one record: `rows` from before `before`."""

    record: str
    before: datetime
    rows: int


def prune(own: OwnConnection, records: Records, *, by: str, batch_rows: int = BATCH_ROWS) -> list[Pruned]:
    """Delete what every record's rule lets go by now. Raises StoppedError while everything is stopped, before each batch."""
    return [_prune(own, name, records.records[name], by, batch_rows) for name in PRUNED]


def _prune(own: OwnConnection, name: str, rule: Record, by: str, batch_rows: int) -> Pruned:
    row = own.execute("SELECT retention.records_end(%s) AS before", (rule.keep,)).fetchone()
    assert row is not None  # a SELECT of one value
    before, rows = row["before"], 0
    while (went := _batch(own, name, rule, before, by, batch_rows)) > 0:
        rows += went
    return Pruned(name, before, rows)


def _batch(own: OwnConnection, name: str, rule: Record, before: datetime, by: str, batch_rows: int) -> int:
    require_running(own)
    with own.transaction():
        row: Mapping[str, int] | None = own.execute(
            "SELECT retention.prune_records(%s, %s, %s) AS rows", (name, before, batch_rows)
        ).fetchone()
        rows = row["rows"] if row is not None else 0
        if rows:
            body = {"record": name, "before": before, "rows": rows, "keep": f"P{rule.keep}Y", "by": by}
            ledger.append(own, KIND, body | {"paragraph": rule.paragraph})
    return rows
