"""Faults in what becomes of logs: which partition is old, how old a file is, what its hold still means."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from tests.mutants.mutant import mutant, wrap

from retention.disposal import log_files
from retention.disposal.partitions import whole
from retention.policy.facts import Start
from retention.stores.directory import DirectoryStore
from retention.stores.partitions import PartitionStore
from retention.stores.protocol import Removal, RemovalResult

Patch = pytest.MonkeyPatch
_YOUNG = timedelta(days=12)


@mutant("partitions", "logs", "past_cap")
def partition_by_its_name(patch: Patch) -> None:
    """A partition is as old as the day in its name says, whatever is in it."""

    def old(right: Callable[..., Any], store: Any) -> Any:
        return [one for one in right(store) if _named_day(one.name) < datetime.now(UTC) - _YOUNG]

    wrap(patch, PartitionStore, "partitions", old)


def _named_day(name: str) -> datetime:
    found = re.search(r"\d{8}", name)
    assert found is not None
    return datetime.strptime(found.group(), "%Y%m%d").replace(tzinfo=UTC)


@mutant("partitions", "logs", "past_cap")
def detached_and_not_dropped(patch: Patch) -> None:
    """A partition is detached, which the log table no longer shows, and never dropped."""

    def detach(store: PartitionStore, partition: Any, _end: Any, **_: Any) -> RemovalResult:
        assert isinstance(store.table.connect, str)
        with psycopg.connect(store.table.connect, autocommit=True) as session:
            session.execute(f"ALTER TABLE logs.request_log DETACH PARTITION {partition.name}".encode())
        return RemovalResult(Removal.REMOVED, 1)

    patch.setattr(PartitionStore, "drop", detach)
    patch.setattr(PartitionStore, "exists", lambda *_: False)


@mutant("partitions", "logs", "protected_missing")
def hold_on_part_of_a_partition_ignored(patch: Patch) -> None:
    """A partition goes whole although a hold covers some hours of it."""
    patch.setattr(whole, "_touches", lambda *_: False)


@mutant("files", "logs", "past_cap")
def file_as_old_as_its_date(patch: Patch) -> None:
    """A file is as old as its date in the file system, which every copy and every new line resets."""

    def by_date(right: Callable[..., Any], looked: Any, part: Any, *args: Any) -> Any:
        starts = {looked.rule.clock_event: Start(part.stored_at, True)}
        return replace(right(looked, part, *args), starts=starts, youngest_at=part.stored_at)

    wrap(patch, log_files, "file_facts", by_date)


@mutant("files", "logs", "past_cap")
def packed_files_skipped(patch: Patch) -> None:
    """What rotation has packed ends in .gz, and no pattern of the job fits it."""

    def unpacked(right: Callable[..., Any], store: Any) -> Any:
        return (part for part in right(store) if not part.key.endswith(".gz"))

    wrap(patch, DirectoryStore, "scan", unpacked)


@mutant("holds", "logs", "protected_missing")
def hold_lost_by_rotation(patch: Patch) -> None:
    """A hold on `held.log` keeps nothing once rotation calls the file `held.log.1`."""
    patch.setattr(log_files, "holds_on_file", lambda holds, _place, _name: holds)
