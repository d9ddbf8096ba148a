"""What another policy would make due or keep, counted on the real stores. No plan is made, nothing noted in the ledger.

As with every look, dates that were read in log files are remembered in our own database.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from typing import Any

from psycopg import sql

from retention.datamap.loader import OF_OTHERS, AnyPlace
from retention.disposal.checked import CheckedObjects, CheckedTable
from retention.disposal.kinds import kind_of
from retention.disposal.lines import Tally
from retention.disposal.reading import Reading
from retention.disposal.runtime import Runtime
from retention.disposal.selection import Selection, is_disposable
from retention.disposal.suppression import suppressed_items
from retention.policy.loader import Policy
from retention.policy.model import RetentionRule

NO_RULE = "no_rule"
"""Why something stays where one of the policies has no rule for its category, or none that has taken effect."""
NOT_AMONG_DUE = "not_due"


@dataclass(slots=True)
class PlaceDifference:
    """One place by both policies. What is newly due has the new policy's reason, what is due no longer the reason why it stays.

    `counted` is False where no plan deletes (external copies, Airflow's database).
    """

    place: str
    category: str
    counted: bool = True
    due_before: int = 0
    due_after: int = 0
    newly_due: Counter[str] = field(default_factory=Counter)
    no_longer_due: Counter[str] = field(default_factory=Counter)


def changed_categories(before: Policy, after: Policy) -> tuple[list[str], list[str]]:
    """Categories whose rule differs (or is missing in one of them), and those whose rule is the same."""
    every = sorted(before.rules.keys() | after.rules.keys())
    changed = [name for name in every if before.rules.get(name) != after.rules.get(name)]
    return changed, [name for name in every if name not in changed]


def judged_at(before: Policy, after: Policy, category: str, as_of: datetime) -> datetime:
    """The instant by which a category is compared: `as_of`, or the later one at which a version that follows one in force takes
    effect in either policy. Before that day the change does nothing, and nothing would be counted of it.
    """
    rules = [policy.rules[category] for policy in (before, after) if category in policy.rules]
    coming = [rule.versions[-1].effective_at for rule in rules if rule.in_force(as_of)]
    return max([as_of, *coming])


def compare(before: Runtime, after: Runtime, category: str, as_of: datetime) -> Iterator[PlaceDifference]:
    """Each place of the category as both policies decide it at `as_of`, with holds and consents as they are now.

    Raises what a plan's look at the places raises: DataMapError, StoreUnreadable, HoldsUnreadable.
    """
    for place in before.datamap.places.values():
        if place.spec.category == category:
            yield _compare_place(before, after, place, as_of)


def _compare_place(before: Runtime, after: Runtime, place: AnyPlace, as_of: datetime) -> PlaceDifference:
    found = PlaceDifference(place.name, place.spec.category)
    if isinstance(place, OF_OTHERS):
        return replace(found, counted=False)
    readings = [_reading(runtime, place, as_of) for runtime in (before, after)]
    one = next((reading for reading in readings if reading is not None), None)
    if one is not None and isinstance(one.checked, CheckedObjects | CheckedTable):
        _count_rows(one, readings, found)
    else:
        _count_items(readings, found)
    return found


def _reading(runtime: Runtime, place: AnyPlace, as_of: datetime) -> Reading[Any] | None:
    """A look at the place by this policy; None where it has no rule for it, or none that is in force by then."""
    rule: RetentionRule | None = runtime.policy.rules.get(place.spec.category)
    if rule is None or not rule.in_force(as_of):
        return None
    checked = kind_of(place).check(runtime, rule, place)
    with runtime.own() as own:
        return Reading.take(runtime, own, rule, checked, as_of)


def _count_rows(one: Reading[Any], readings: list[Reading[Any] | None], found: PlaceDifference) -> None:
    """Both decisions of each row, side by side in the source and in one snapshot."""
    sides = [_side(reading) for reading in readings]
    names = ("before", "after")
    query = sql.SQL(
        "SELECT b.status AS status_before, a.status AS status_after, a.reason AS reason_after, count(*) AS items "
        "FROM {before} AS b FULL JOIN {after} AS a ON a.item_id = b.item_id AND a.object_key = b.object_key "
        "GROUP BY b.status, a.status, a.reason"
    )
    with one.runtime.source(one.checked.place) as source, source.transaction():
        source.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        decided = {
            name: _renamed(side, name, source) if side is not None else _NOTHING
            for name, side in zip(names, sides, strict=True)
        }
        parameters = {
            f"{name}_{parameter}": value
            for name, side in zip(names, sides, strict=True)
            if side is not None
            for parameter, value in side.parameters.items()
        }
        rows = source.execute(query.format(**decided), parameters).fetchall()
    for row in rows:
        _note(
            found,
            row["items"],
            was_due=is_disposable({"status": row["status_before"]}),
            is_due=is_disposable({"status": row["status_after"]}),
            reason=row["reason_after"] or NO_RULE,
        )


def _side(reading: Reading[Any] | None) -> Selection | None:
    if reading is None:
        return None
    if not isinstance(reading.checked, CheckedTable):
        return reading.selection()
    with reading.runtime.own() as own:
        return reading.selection(suppressed=suppressed_items(reading, own))


_NOTHING = sql.SQL(
    "(SELECT CAST(NULL AS text) AS item_id, CAST(NULL AS text) AS object_key, CAST(NULL AS text) AS status, "
    "CAST(NULL AS text) AS reason WHERE FALSE)"
)


def _renamed(selection: Selection, prefix: str, source: Any) -> sql.Composed:
    """The selection with names of its own for its parameters, so that two stand in one query."""
    text: Any = re.sub(
        r"%%|%\((\w+)\)s",
        lambda found: f"%({prefix}_{found[1]})s" if found[1] else "%%",
        selection.decided.as_string(source),
    )
    return sql.SQL("(SELECT item_id, object_key, status, reason FROM {})").format(sql.SQL(text))


def _count_items(readings: list[Reading[Any] | None], found: PlaceDifference) -> None:
    """Where no SQL decides (files, partitions): what is due by each policy, told apart by a hash of 8 bytes."""
    was, now = ({} if reading is None else _due(reading) for reading in readings)
    for item, reason in now.items():
        _note(found, 1, was_due=item in was, is_due=True, reason=reason)
    gone = was.keys() - now.keys()
    if gone:
        _note(found, len(gone), was_due=True, is_due=False, reason=NO_RULE if readings[1] is None else NOT_AMONG_DUE)


def _due(reading: Reading[Any]) -> dict[bytes, str]:
    with reading.runtime.own() as own:
        items = kind_of(reading.checked.place).due_items(reading, own, "rows", Tally())
        return {
            blake2b(f"{item.item_id}\0{item.part_id}".encode(), digest_size=8).digest(): item.reason for item in items
        }


def _note(found: PlaceDifference, items: int, *, was_due: bool, is_due: bool, reason: str) -> None:
    found.due_before += items * was_due
    found.due_after += items * is_due
    if is_due and not was_due:
        found.newly_due[reason] += items
    if was_due and not is_due:
        found.no_longer_due[reason] += items
