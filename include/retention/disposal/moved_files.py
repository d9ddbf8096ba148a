"""Files that are under their names no more although nobody is known to have removed them: they may stand under another."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from datetime import datetime

from retention.datamap.loader import MappedFiles, MappedPlace
from retention.disposal.lines import Line
from retention.disposal.opened_log_files import FILES_AT_ONCE, open_every_file, open_log_files
from retention.disposal.pages import pages_of
from retention.disposal.record_memory import RecordMemory
from retention.disposal.rotated_files import may_have_been
from retention.disposal.runtime import Runtime
from retention.errors import StoreUnreadable
from retention.stores.directory import may_be_same_file, mtime_of
from retention.stores.protocol import StoredPart
from retention.stores.record_times import RecordTimes

_PLANNED = """
SELECT min(CAST(p.stored_before ->> i.place AS timestamptz)) AS at
FROM retention.plan_items AS i
INNER JOIN retention.plans AS p USING (plan_id)
WHERE i.place = %s AND i.item_id = ANY(%s)
"""


def may_stand_elsewhere(
    runtime: Runtime, place: MappedPlace | MappedFiles, lines: Sequence[Line], now: datetime
) -> set[Line]:
    """Of lines whose files went: those of which a file anywhere below the connection's path may be the renamed file, or a packed
    copy. Objects have no other names.

    Only lines that an earlier try may have removed are asked about, so that every file is looked at for them. Where a folder
    can't be read, which need not be ours, it may hide any of them.
    """
    if not lines or not isinstance(place, MappedFiles):
        return set()
    try:
        return set(_found_elsewhere(runtime, place, lines, now))
    except StoreUnreadable:
        return set(lines)


def _found_elsewhere(runtime: Runtime, place: MappedFiles, lines: Sequence[Line], now: datetime) -> Iterator[Line]:
    below = open_every_file(place, runtime.resolve)
    planned_at, planned = _planned_at(runtime, place, lines), _planned_times(runtime, place, lines)
    for parts in pages_of(below.scan(), FILES_AT_ONCE):
        # What has been what it is since before the plan was seen beside these files, and is another.
        changed = [
            part
            for part in parts
            if planned_at is None
            or part.stored_at is None
            or part.stored_at >= planned_at
            or any(may_be_same_file(line.part_id or "", part) for line in lines)
        ]
        times = below.times_of(changed, now=now)
        for part in changed:
            now_in_it = times.get(part)
            yield from (line for line in lines if _may_be(line, planned.get(line), part, now_in_it, place.spec.folder))


def _may_be(line: Line, planned: RecordTimes | None, part: StoredPart, times: RecordTimes | None, folder: str) -> bool:
    """Whether the file bears the same date: that of its oldest record, or its own, which packers leave as it was. By its inode,
    which may be another file's by now, it may be it unless none of its records can have been in it. One that can't be read may
    be what rotation made of its name, too."""
    if mtime_of(part.part_id or "") == mtime_of(line.part_id or ""):
        return True
    is_same = may_be_same_file(line.part_id or "", part)
    if times is None or times.oldest is None or times.unread:
        return is_same or may_have_been(part.key, posixpath.join(folder, line.object_key))
    return line.arose_at == times.oldest or (is_same and _may_share_records(planned, times))


def _may_share_records(planned: RecordTimes | None, times: RecordTimes) -> bool:
    """Unless all records of one are older than all of the other. A line without a time may be of any age."""
    if planned is None or planned.has_undated or times.has_undated:
        return True
    (first, last), (oldest, youngest) = planned[:2], times[:2]
    if first is None or last is None or oldest is None or youngest is None:
        return True
    return oldest <= last and first <= youngest


def _planned_times(runtime: Runtime, place: MappedFiles, lines: Sequence[Line]) -> dict[Line, RecordTimes]:
    """Of when the records were that each file held when it was planned, as far as that is remembered."""
    memory = RecordMemory(runtime, place.name, open_log_files(place, runtime.resolve))
    known = memory.known([(line.object_key, line.part_id or "") for line in lines])
    return {line: known[part] for line in lines if (part := (line.object_key, line.part_id or "")) in known}


def _planned_at(runtime: Runtime, place: MappedFiles, lines: Sequence[Line]) -> datetime | None:
    """By the store's clock; None where no plan says it any more."""
    with runtime.own() as own:
        found = own.execute(_PLANNED, (place.name, [line.item_id for line in lines])).fetchone()
    at: datetime | None = found["at"] if found is not None else None
    return at
