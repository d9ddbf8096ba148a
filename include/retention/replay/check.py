"""What came back: everything that is in the stores now, hashed place by place and looked up in the replay list.

Nothing is deleted here. What came back and is due goes by the next run of its category, as everything does: plan, guard, ledger.
What came back without the fact that made it due (a contract's end, a request) is due by no rule any more, as the restored source
lost it: `retention.replay.plan` plans it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from psycopg import sql

from retention.database import OwnConnection
from retention.datamap.loader import OF_OTHERS, AnyPlace, MappedPlace, MappedTable, RowPlace
from retention.disposal.explain import looked_at
from retention.disposal.pages import pages_of
from retention.disposal.reading import Reading
from retention.disposal.runtime import Runtime
from retention.disposal.selection import is_planned
from retention.disposal.suppression import suppressed_items
from retention.errors import RetentionError
from retention.evidence import ledger
from retention.policy.model import Action
from retention.replay.list_file import Disposed, Header, items_of, read_header, require_of_this_ledger, require_unended
from retention.replay.present import has_facts, present_rows

_ROWS = 1_000
ORPHAN = "no_row"
"""An object that came back without its row: the full listing finds and dates it."""


@dataclass(frozen=True, slots=True)
class CameBack:
    """One item that went and is there again: `status` and `reason` as its rule says now, and why it was due when it went."""

    place: str
    item_id: str
    category: str
    status: str
    reason: str
    was_due_by: str | None
    goes_again: bool


@dataclass(slots=True)
class ReplayCheck:
    """What came back. `by_age` places are not compared: what is there goes by its own age, so nothing can be lost with a fact.
    `failed` places could not be read, `dropped` ones are in the list and not in the data map."""

    header: Header
    listed: int = 0
    found: list[CameBack] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    by_age: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)

    def counts(self) -> list[dict[str, Any]]:
        """By place, what the rule says now and what made it due: no item."""
        counted = Counter((one.place, one.goes_again, one.reason, one.was_due_by) for one in self.found)
        names = ("place", "goes_again", "reason", "was_due_by")
        return [
            dict(zip(names, key, strict=True)) | {"count": count} for key, count in sorted(counted.items(), key=str)
        ]


def check_replay(runtime: Runtime, path: Path, as_of: datetime) -> ReplayCheck:
    """Compare every place with the list, and note in the ledger what came back.

    Raises RequestError for a list that is damaged, that another hash key wrote, that has ended, or that is of another ledger.
    A place that can't be read is named in `failed`, and doesn't keep the others from being read.
    """
    header = read_header(path, runtime.hasher)
    require_unended(header, max(as_of, runtime.now()))
    check = ReplayCheck(header)
    with runtime.own() as own:
        require_of_this_ledger(own, header)
        for place in runtime.datamap.places.values():
            if not isinstance(place, OF_OTHERS):
                _compare(runtime, own, place, path, as_of, check)
        check.dropped = sorted(_places_in(path) - set(runtime.datamap.places))
        noted = {"list": header.created_at, "items": check.listed, "found": check.counts(), "by": runtime.actor}
        ledger.append(own, "replay_checked", noted | {"failed": check.failed, "dropped": check.dropped})
    return check


def _compare(
    runtime: Runtime, own: OwnConnection, place: AnyPlace, path: Path, as_of: datetime, check: ReplayCheck
) -> None:
    category = place.spec.category
    rule = runtime.policy.rules.get(category)
    if rule is None or rule.action is Action.ANONYMISE or not has_facts(place):
        check.by_age.append(place.name)
        return
    assert isinstance(place, MappedPlace | MappedTable)  # `has_facts` says so
    listed = list(items_of(path, place.name))
    check.listed += len(listed)
    try:
        check.found += list(_came_back(runtime, own, place, listed, as_of)) if listed else []
    except RetentionError as error:
        check.failed[place.name] = type(error).__name__
    else:
        check.read.append(place.name)


def _came_back(
    runtime: Runtime, own: OwnConnection, place: RowPlace, listed: Sequence[Disposed], as_of: datetime
) -> Iterator[CameBack]:
    by_item = {bytes.fromhex(one.item): one for one in listed}
    rule = runtime.policy.rule(place.spec.category)
    with runtime.source(place) as source:
        reading = Reading[Any].take(runtime, own, rule, looked_at(runtime, source, rule, place), as_of)
    by_key = {bytes.fromhex(one.key): one for one in listed if one.key is not None and isinstance(place, MappedPlace)}
    for rows in pages_of(present_rows(runtime, place), _ROWS):
        hashes = runtime.hasher.items(place.name, [item_id for item_id, _ in rows])
        pairs = zip(rows, hashes, strict=True)
        back = {item_id: (key, by_item[digest]) for (item_id, key), digest in pairs if digest in by_item}
        for digest in runtime.hasher.items(place.name, [key for _, key in rows]) if by_key else ():
            by_key.pop(digest, None)
        yield from _judged(reading, own, place, back) if back else ()
    if isinstance(place, MappedPlace) and by_key:
        yield from _objects_alone(runtime, reading, place, by_key)


def _judged(
    reading: Reading[Any], own: OwnConnection, place: RowPlace, back: Mapping[str, tuple[str, Disposed]]
) -> Iterator[CameBack]:
    keys = sorted({key for key, _ in back.values()})
    suppressed = suppressed_items(reading, own, keys) if isinstance(place, MappedTable) else None
    selection = reading.selection(keys=keys, suppressed=suppressed)
    with reading.runtime.source(place) as source:
        rows = source.execute(sql.SQL("SELECT * FROM {}").format(selection.decided), selection.parameters).fetchall()
    for row in rows:
        if row["item_id"] in back:
            one = back[row["item_id"]][1]
            yield CameBack(
                place.name, row["item_id"], one.category, row["status"], row["reason"], one.reason, is_planned(row)
            )


def _objects_alone(
    runtime: Runtime, reading: Reading[Any], place: MappedPlace, without_row: dict[bytes, Disposed]
) -> Iterator[CameBack]:
    """Objects that came back, and whose rows did not."""
    for parts in pages_of(reading.checked.stores.objects.scan(), _ROWS):
        keys = sorted({part.key for part in parts})
        for key, digest in zip(keys, runtime.hasher.items(place.name, keys), strict=True):
            one = without_row.pop(digest, None)
            if one is not None:
                yield CameBack(place.name, key, one.category, "due", ORPHAN, one.reason, goes_again=True)


def _places_in(path: Path) -> set[str]:
    with path.open("rb") as file:
        return {json.loads(line)[0] for line in file if line.startswith(b"[")}
