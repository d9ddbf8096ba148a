"""What Airflow's own database remembers of runs: cleared by Airflow's own command, and by us where that stops short.

There is no plan with items: nobody chooses among runs. The threshold is the rule's due time, one entry in the ledger says what is
older before anything goes, another one what went and what is left. Our own evidence lies in our own database and outlives it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from retention import locks
from retention.connections import postgres_conninfo
from retention.datamap.loader import MappedAirflow
from retention.disposal.age_alone import require_age_alone
from retention.disposal.clocks import current_time
from retention.disposal.guard import (
    require_enforce,
    require_holds_placed,
    require_holds_unaltered,
    require_not_off,
    require_rule_in_force,
    require_running,
)
from retention.disposal.runtime import Runtime
from retention.errors import ModeError, PartlyFailedError, RetentionError, StoppedError
from retention.evidence import ledger
from retention.evidence.controls import Mode, mode_of
from retention.evidence.holds import read_holds
from retention.policy.facts import Hold, ItemFacts
from retention.policy.holds import covers, is_in_force
from retention.policy.model import RetentionRule
from retention.stores.airflow_metadata import AirflowMetadata

Clean = Callable[[str, datetime], None]
"""Runs `airflow db clean` on the database of this connection id, for all that is older than this; raises RetentionError."""


@dataclass(frozen=True, slots=True)
class Cleared:
    """Counts by table: what was older than `before` (None: a legal hold keeps everything), and what still is.

    `copies_left`: why a copy by `db clean` stays, a legal hold or the SQLSTATE of a refusal.
    """

    place: str
    before: datetime | None
    older: Mapping[str, int] = field(default_factory=dict)
    left: Mapping[str, int] = field(default_factory=dict)
    copies_left: Mapping[str, str] = field(default_factory=dict)
    dry_run: bool = False

    def to_json(self) -> dict[str, Any]:
        """Fields for the ledger and for XCom."""
        return asdict(self)


def clear_metadata(runtime: Runtime, place: MappedAirflow, *, as_of: datetime, run_id: str, clean: Clean) -> Cleared:
    """Clear all that is due by `as_of`. In mode `observe` it is only counted; a legal hold that covers the place keeps it.

    Stop and mode are read again between its steps. Raises what the guard raises, also on the way (what went by then is recorded),
    DataMapError for a rule that asks for more than age, StoreUnreadable, and PartlyFailedError where something due is left.
    """
    rule = runtime.policy.rule(place.spec.category)
    require_rule_in_force(rule, as_of)
    require_age_alone(rule, place)
    metadata = AirflowMetadata(postgres_conninfo(runtime.resolve(place.store.disposal)))
    metadata.check()
    with runtime.own() as own:
        require_not_off(own, rule.category)
        require_running(own)
        # Until the session ends: a new hold waits so long.
        own.execute(f"SELECT pg_advisory_lock_shared({locks.HOLDS})")
        holds, now = read_holds(own), current_time(runtime, own)
        require_holds_placed(holds, runtime.datamap, now)
        require_holds_unaltered(own, runtime.hasher, holds, now)
        held = [hold for hold in holds if _may_cover(hold, place, now)]
        before = _not_held(due_before(rule, as_of), held)
        rehearsal = mode_of(own, rule.category).value == Mode.OBSERVE
        older = metadata.count_older(before) if before is not None else {}
        cleared = Cleared(place.name, before, older, older, {}, dry_run=rehearsal)
        body = {"run": run_id, "by": runtime.actor, "category": rule.category}
        if before is None or rehearsal:
            ledger.append(own, "metadata_kept", body | cleared.to_json())
            return cleared
        ledger.append(own, "metadata_intent", body | {"place": place.name, "before": before, "older": older})
        runtime.on_step("intent_recorded")
        copies: dict[str, str] = {}
        halted: RetentionError | None = None
        try:
            for step in _steps(metadata, place, before, held, copies, clean):
                require_running(own)
                require_enforce(own, rule.category)
                step()
        except (StoppedError, ModeError) as error:
            halted = error
        cleared = Cleared(place.name, before, older, metadata.count_older(before), copies)
        ledger.append(own, "metadata_cleared", body | cleared.to_json())
    if halted is not None:
        raise halted
    _require_nothing_left(cleared)
    return cleared


def _steps(
    metadata: AirflowMetadata,
    place: MappedAirflow,
    before: datetime,
    held: Sequence[Hold],
    copies: dict[str, str],
    clean: Clean,
) -> Iterator[Callable[[], object]]:
    """What deletes something, one after the other; why a copy stays is noted in `copies`."""
    for name in metadata.archives():
        yield partial(_drop_copy, metadata, name, held, copies)
    yield partial(clean, place.store.disposal, before)
    for table in metadata.left_by_airflow():
        yield partial(metadata.finish, table, before)


def _drop_copy(metadata: AirflowMetadata, name: str, held: Sequence[Hold], copies: dict[str, str]) -> None:
    begins = [hold.started_from for hold in held if hold.started_from is not None]
    if begins and metadata.may_reach(name, min(begins)):
        copies[name] = _HELD
    elif (refusal := metadata.drop_archive(name)) is not None:
        copies[name] = refusal


def due_before(rule: RetentionRule, as_of: datetime) -> datetime:
    """The latest instant before which every record is due, whichever version of the rule it arose under."""
    spans = rule.terms(as_of)
    threshold = as_of
    for number, span in enumerate(spans):
        until = as_of - span.due_after[rule.clock_event]
        ends = spans[number + 1].arose_from if number + 1 < len(spans) else None
        threshold = until if ends is None else min(until, ends)
        if ends is None or until < ends:
            break
    return threshold


def _may_cover(hold: Hold, place: MappedAirflow, now: datetime) -> bool:
    """Whether the hold is in force and covers records here. Single ones can't be held: only the category, or what began at some
    time."""
    everything = ItemFacts(place=place.name, item_id="", tenant_id=None, starts={}, person_known=False)
    return is_in_force(hold, now) and covers(hold, everything, place.spec.category, None)


def _not_held(before: datetime, held: Sequence[Hold]) -> datetime | None:
    """`before`, but no later than what a legal hold covers begins; None where a hold has no beginning."""
    if any(hold.started_from is None for hold in held):
        return None
    return min([before, *(hold.started_from for hold in held if hold.started_from is not None)])


_HELD = "legal_hold"
_IN_USE = "55006"


def _require_nothing_left(cleared: Cleared) -> None:
    """A copy of the last hour may be in use, and one may be held: both are no failure."""
    refused = sorted(code for code in cleared.copies_left.values() if code not in (_IN_USE, _HELD))
    if not cleared.left and not refused:
        return
    left = ", ".join(f"{count} × {table}" for table, count in sorted(cleared.left.items())) or "none"
    raise PartlyFailedError(
        f"Airflow's database: records past their due time that are left: {left}; copies by `airflow db clean` that could not be "
        f"dropped: {', '.join(refused) or 'none'}. Expected none of both. A DAG with catchup keeps its last run: set "
        "catchup=False. A run that still runs stays: end it. 42501 or 42883: run include/sql/roles/airflow.sql again.",
        failed=sum(cleared.left.values()) + len(refused),
        summary=cleared,
    )
