"""Log objects and log files: each version, each file stands for itself. It is as old as the oldest record in it, and goes when
its youngest is due; what its name and the store's date say counts only where its records say nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from retention.database import OwnConnection
from retention.datamap.loader import MappedFiles, MappedPlace
from retention.disposal.age_alone import require_age_alone
from retention.disposal.checked import CheckedLogFiles
from retention.disposal.lines import DueItem, Line, Outcomes, Tally
from retention.disposal.moved_files import may_stand_elsewhere
from retention.disposal.object_removal import present_targets, remove_bytes
from retention.disposal.opened_log_files import FILES_AT_ONCE, claimed_elsewhere, open_log_files, refuse_shared_files
from retention.disposal.pages import pages_of
from retention.disposal.reading import Reading
from retention.disposal.record_memory import RecordMemory
from retention.disposal.rotated_files import holds_on_file
from retention.disposal.runtime import Runtime
from retention.policy.decide import EARLIEST, decide
from retention.policy.facts import Basis, Decision, Hold, ItemFacts, Start
from retention.policy.model import RetentionRule
from retention.stores.dry_run import DryRunRecordStore
from retention.stores.protocol import PartKind, StoredPart, Target
from retention.stores.record_times import RecordTimes


class LogFileKind:
    """See `retention.disposal.kinds.PlaceKind`."""

    batch_items = 500
    """A file is looked at again before it goes, under the lock that new holds wait for."""
    threads = 4
    """Reading files takes longer than removing them."""

    def check(self, runtime: Runtime, rule: RetentionRule, place: MappedPlace | MappedFiles) -> CheckedLogFiles:
        """Look whether all files can be listed, and whether the rule asks for what files can tell."""
        require_age_alone(rule, place)
        records = open_log_files(place, runtime.resolve)
        records.check()
        return CheckedLogFiles(place, records, claimed_elsewhere(place, runtime.datamap, runtime.resolve))

    def clock(self, runtime: Runtime, checked: CheckedLogFiles) -> datetime:
        """The time of the bucket or file system."""
        return checked.records.clock()

    def due_items(
        self, reading: Reading[CheckedLogFiles], own: OwnConnection, coverage: str, tally: Tally
    ) -> Iterator[DueItem]:
        """By a full listing, whatever the coverage: nothing else knows of these files."""
        return _due_parts(reading, tally)

    def decide_again(
        self, reading: Reading[CheckedLogFiles], lines: Sequence[Line], coverage: str
    ) -> tuple[list[Line], Outcomes]:
        """As they are stored and held now. A file that changed since is another one, and stays."""
        present = present_targets(reading.checked.records, lines)
        parts = {line: present[line.target][0] for line in lines if line.target in present}
        decided = decide_parts(reading, list(parts.values()))
        absent = {line for line in lines if line not in parts and not _was_changed(line, present)}
        tried = [line for line in absent if line.was_tried]
        moved = may_stand_elsewhere(reading.runtime, reading.checked.place, tried, reading.now)
        due: list[Line] = []
        outcomes: Outcomes = {}
        for line in lines:
            decision = decided.get(parts[line]) if line in parts else None
            if line in moved:
                outcomes[line] = ("spared", "moved")
            elif line in absent:
                outcomes[line] = ("gone_confirmed_on_recovery", None) if line.was_tried else ("spared", "already_gone")
            elif decision is None:
                outcomes[line] = ("spared", "newer_version")
            elif not decision.disposable:
                outcomes[line] = ("spared", decision.reason)
            else:
                due.append(line)
        return due, outcomes

    def remove(
        self, reading: Reading[CheckedLogFiles], own: OwnConnection, due: Sequence[Line], stored_before: datetime
    ) -> tuple[Outcomes, int]:
        """Remove exactly these parts, and look whether they are gone."""
        if not due:
            return {}, 0
        outcomes, confirmed, count = remove_bytes(reading.checked.records, due, stored_before, reading.runtime.on_step)
        for line, had_bytes in confirmed.items():
            # It was there when it was decided on again: what went since, somebody else took.
            outcomes[line] = ("gone", None) if had_bytes else ("spared", "already_gone")
        if not reading.checked.is_rehearsal:
            memory_of(reading).forget(own, [(line.object_key, line.part_id or "") for line in confirmed])
        return outcomes, count

    def gone(self, runtime: Runtime, place: MappedPlace | MappedFiles, lines: Sequence[Line]) -> list[Line]:
        """The lines whose parts a listing doesn't show any more, under whatever name."""
        present = present_targets(open_log_files(place, runtime.resolve), lines)
        absent = [line for line in lines if line.target not in present and not _was_changed(line, present)]
        moved = may_stand_elsewhere(runtime, place, absent, runtime.now())
        return [line for line in absent if line not in moved]

    def release(self, checked: CheckedLogFiles) -> None:
        """Nothing is kept open."""

    def rehearsing(self, checked: CheckedLogFiles) -> CheckedLogFiles:
        """The same with a store that removes nothing."""
        return replace(checked, records=DryRunRecordStore(checked.records), is_rehearsal=True)


def decide_parts(reading: Reading[CheckedLogFiles], parts: Sequence[StoredPart]) -> dict[StoredPart, Decision]:
    """What the rule says about each part; absent where it went or changed while it was read."""
    return {part: decision for part, (_, decision) in _decided(reading, parts).items()}


def memory_of(reading: Reading[CheckedLogFiles]) -> RecordMemory:
    """What is known of this place's files."""
    return RecordMemory(reading.runtime, reading.checked.place.name, reading.checked.records)


def _due_parts(reading: Reading[CheckedLogFiles], tally: Tally) -> Iterator[DueItem]:
    for page in pages_of(reading.checked.records.scan(), FILES_AT_ONCE):
        if any(reading.checked.is_claimed_elsewhere(part.key) for part in page):
            raise refuse_shared_files(reading.checked.place.name)
        decided = _decided(reading, [part for part in page if not is_empty(part)])
        tally.considered += len(page)
        tally.keep("no_records", sum(is_empty(part) for part in page))
        tally.keep("newer_version", sum(part not in decided and not is_empty(part) for part in page))
        for part, (item, decision) in decided.items():
            tally.fallback += decision.basis is Basis.FALLBACK
            if not decision.disposable:
                tally.keep(decision.reason, 1, decision.due_at if decision.reason == "not_due" else None)
                continue
            due = _due_item(part, item, decision)
            tally.take(due.deadline_at)
            yield due


def _decided(
    reading: Reading[CheckedLogFiles], parts: Sequence[StoredPart]
) -> dict[StoredPart, tuple[ItemFacts, Decision]]:
    times = memory_of(reading).times(parts, now=reading.now)
    there = [part for part in parts if part in times or part.kind in (PartKind.DELETE_MARKER, PartKind.UPLOAD)]
    doubtful = [part for part in there if part not in times or not _tells_its_age(times[part])]
    stated = reading.checked.records.stated_at(doubtful)
    decided = {}
    for part in there:
        item = file_facts(reading, part, times.get(part), stated.get(part))
        decided[part] = item, decide(item, reading.rule, _holds_on(reading, part), reading.as_of, now=reading.now)
    return decided


def _holds_on(reading: Reading[CheckedLogFiles], part: StoredPart) -> Sequence[Hold]:
    """Objects keep their names, files don't."""
    return (
        holds_on_file(reading.holds, reading.checked.place.name, part.key)
        if part.kind is PartKind.FILE
        else reading.holds
    )


def file_facts(
    reading: Reading[CheckedLogFiles], part: StoredPart, times: RecordTimes | None, stated_at: datetime | None
) -> ItemFacts:
    """One part as an item. Anybody's records may be in it.

    Where its records tell, they alone say how old it is. Else the oldest evidence stands in, the records that could be read
    among it, and nothing in it is taken to be younger than the store's date.
    """
    place = reading.checked.place
    facts = ItemFacts(
        place=place.name,
        item_id=part.key,
        object_key=part.key,
        tenant_id=None,
        person_known=False,
        starts={},
        is_processor=place.spec.role == "processor",
    )
    if times is not None and times.oldest is not None and _tells_its_age(times):
        starts = {reading.rule.clock_event: Start(times.oldest, True)}
        return replace(facts, starts=starts, youngest_at=times.youngest, may_be_older=times.has_undated)
    dates = [at for at in (part.stored_at, stated_at) if at is not None and at >= EARLIEST]
    if times is None:
        return replace(facts, evidence_at=min(dates, default=None))
    # What an object's metadata say may be of another time than its records; a file's mtime is when they were written.
    written_at = part.stored_at if part.kind is PartKind.VERSION else min(dates, default=None)
    evidence_at = min((at for at in (times.oldest, *dates) if at is not None), default=None)
    youngest_at = max((at for at in (times.youngest, written_at) if at is not None), default=None)
    return replace(facts, evidence_at=evidence_at, youngest_at=youngest_at)


def _tells_its_age(times: RecordTimes) -> bool:
    """Whether no record can be older than the oldest that has a time."""
    return times.oldest is not None and not times.unread and not times.begins_undated


def _due_item(part: StoredPart, item: ItemFacts, decision: Decision) -> DueItem:
    assert decision.due_at is not None and decision.deadline_at is not None  # disposable items are dated
    arose_at = next((start.at for start in item.starts.values()), item.evidence_at)
    return DueItem(
        place=item.place,
        item_id=f"{part.key}#{part.part_id}",
        object_key=part.key,
        part_id=part.part_id,
        tenant_id=None,
        person_id=None,
        arose_at=arose_at,
        evidence_at=item.evidence_at,
        basis=decision.basis.value,
        reason=decision.reason,
        due_at=decision.due_at,
        deadline_at=decision.deadline_at,
    )


def is_empty(part: StoredPart) -> bool:
    """A file without a byte has no record in it. Programs keep such files open, and wait."""
    return part.size_bytes == 0 and part.kind in (PartKind.VERSION, PartKind.FILE)


def _was_changed(line: Line, present: Mapping[Target, list[StoredPart]]) -> bool:
    """Whether the file is there, but not as it was planned. Versions never change."""
    return any(part.kind is PartKind.FILE for part in present.get(Target(line.object_key), ())) and (
        line.target not in present
    )
