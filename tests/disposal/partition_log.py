"""A log table in partitions with the world around it: what tests of partitions act on."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.logs import LogsWorld
from tests.stores.partitioned import LogTable
from tests.world import DAY, HOUR, now

from retention.disposal.execute import DisposalSummary, execute_plan
from retention.disposal.plan import PlanSummary, make_plan


@dataclass
class Logs:
    """The log table and the world around it; `day(n)` is midnight (UTC) n days ago."""

    table: LogTable
    world: LogsWorld

    def day(self, ago: int) -> datetime:
        return now().replace(hour=0, minute=0, second=0, microsecond=0) - ago * DAY

    def add(self, ago: int, rows: int = 3, days: int = 1) -> str:
        """A partition that begins so many days ago, with rows at its beginning and, of the last day, at its end."""
        lower = self.day(ago)
        name = self.table.add_partition(lower, lower + days * DAY)
        for at in (lower + HOUR, lower + days * DAY - HOUR):
            self.log(at, rows)
        return name

    def log(self, at: datetime | None, rows: int = 1, stored_at: datetime | None = None) -> None:
        self.table.log(at, rows, stored_at or at)

    def plan(self, *, as_of: datetime | None = None, **runtime: Any) -> PlanSummary:
        run = f"test/{uuid.uuid4()}"
        return make_plan(self.world.runtime(**runtime), "logs", as_of=as_of or now(), run_id=run, requested_by="anna")

    def dispose(self, *, dry_run: bool = False, **runtime: Any) -> DisposalSummary:
        planned = self.plan(**runtime)
        return execute_plan(self.world.runtime(**runtime), planned.plan_id, planned.digest, dry_run=dry_run)

    def partitions(self) -> list[str]:
        return [one for one in self.table.names if self.table.sql("SELECT to_regclass(%s)", one) != [(None,)]]
