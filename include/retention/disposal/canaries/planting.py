"""Plants canaries: in each place that allows them, one that is due and one that a hold keeps at a time, and where the promise
knows consents, one that these keep. In a log's partition only one that nothing keeps, which goes with it.

First the hold, then the item, then our own note of it: whoever is interrupted leaves an invented item that goes like any other,
and no canary that was never there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from retention.database import OwnConnection, database_time
from retention.datamap.canary import Canary
from retention.datamap.loader import AnyPlace, MappedPartitions
from retention.datamap.model import PlantedPlace
from retention.disposal.canaries.partitions import bounds_at, forget_redated
from retention.disposal.canaries.timing import Rhythm, Times, rhythm_of
from retention.disposal.canaries.writers import prepare, write
from retention.disposal.runtime import Runtime
from retention.errors import RetentionError
from retention.evidence.controls import Mode, mode_of, stop_of
from retention.evidence.holds import HoldScope, add_hold

KEPT_DAYS = 30
"""So long a canary is remembered: verification looks for one that is late, and by then a real check has found it, too."""


@dataclass
class Planting:
    """What one call did: how many in each place, where none were, and why."""

    planted: dict[str, int] = field(default_factory=dict)
    not_planted: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        """All fields."""
        return {"planted": self.planted, "not_planted": self.not_planted, "failed": self.failed}


def plant_canaries(runtime: Runtime) -> Planting:
    """Plant where the last ones are old enough. A place that fails takes no other with it."""
    done = Planting()
    with runtime.own() as own:
        own.execute("DELETE FROM retention.canaries WHERE planted_at < now() - make_interval(days => %s)", (KEPT_DAYS,))
        now = database_time(own)
        for place in runtime.datamap.places.values():
            rhythm, why_not = _rhythm(runtime, own, place, now)
            canary = canary_of(place)
            if rhythm is None or canary is None:
                done.not_planted[place.name] = why_not
                continue
            try:
                for kept_by in _keepers(place, canary):
                    times, why_not = _times(runtime, own, place, rhythm, is_kept=kept_by is not None)
                    if times is None:
                        done.not_planted[place.name] = why_not
                        continue
                    _plant(runtime, own, place, canary, times, kept_by)
                    done.planted[place.name] = done.planted.get(place.name, 0) + 1
            except RetentionError as error:
                done.failed[place.name] = str(error)
    return done


def canary_of(place: AnyPlace) -> Canary | None:
    """How canaries are planted in the place; None where its owner allows none, or its kind can have none."""
    return place.spec.canary if isinstance(place.spec, PlantedPlace) else None


def _rhythm(runtime: Runtime, own: OwnConnection, place: AnyPlace, now: datetime) -> tuple[Rhythm | None, str]:
    """How often the place gets canaries, if it gets some now, and else why it doesn't."""
    canary, category = canary_of(place), place.spec.category
    if canary is None:
        return None, "not_allowed" if isinstance(place.spec, PlantedPlace) else "kind"
    rule = runtime.policy.rules.get(category)
    rhythm = rhythm_of(rule, canary.event, now) if rule is not None else None
    if rhythm is None:
        return None, "no_time_to_spare"
    if isinstance(place, MappedPartitions):
        forget_redated(own, place.name, rhythm)
    if mode_of(own, category).value != Mode.ENFORCE:
        return None, "mode"
    if stop_of(own).value == "stopped":
        return None, "stopped"
    newest = own.execute(
        "SELECT max(planted_at) AS at FROM retention.canaries WHERE place = %s AND hash_key_id = %s",
        (place.name, runtime.hasher.key_id),
    ).fetchone()
    if newest is not None and newest["at"] is not None and newest["at"] > now - rhythm.every:
        return None, "not_yet"
    return rhythm, ""


def _keepers(place: AnyPlace, canary: Canary) -> tuple[str | None, ...]:
    """What keeps each canary of the place. In a partition a hold would keep all that is in it from being dropped."""
    if isinstance(place, MappedPartitions):
        return (None,)
    return (None, "hold", *(("consent",) if canary.consented is not None else ()))


def _times(
    runtime: Runtime, own: OwnConnection, place: AnyPlace, rhythm: Rhythm, *, is_kept: bool
) -> tuple[Times | None, str]:
    """The times of a canary that is planted now, or why there can be none."""
    now = database_time(own)
    if not isinstance(place, MappedPartitions):
        return rhythm.times(now, is_kept=is_kept), ""
    times = rhythm.times_in_partition(now, *bounds_at(runtime, place, now))
    if times is None:
        return None, "no_time_to_spare"
    if times.gone_by >= now + timedelta(days=KEPT_DAYS):
        return None, "forgotten_before_due"
    return times, ""


def _plant(
    runtime: Runtime, own: OwnConnection, place: AnyPlace, canary: Canary, times: Times, kept_by: str | None
) -> None:
    canary_id = uuid4()
    query = runtime.datamap.canary_sql.get(place.name, {}).get("consented" if kept_by == "consent" else "sql")
    planted = prepare(canary, runtime.hasher.canary(place.name, canary_id), times, query)
    if kept_by == "hold":
        add_hold(
            own,
            runtime.hasher,
            HoldScope(category=place.spec.category, place=place.name, item_id=planted.item_id),
            reason="canary: an invented item shows that a hold keeps what it names",
            requested_by=f"canaries, {runtime.actor}",
            approved_by=canary.approved_by,
            ends_at=times.stays_until,
            review_at=None,
        )
    write(place, canary, planted, runtime.resolve)
    own.execute(
        "INSERT INTO retention.canaries (canary_id, place, category, item_hash, hash_key_id, kept_by, start_at, stays_until, "
        "gone_by, breach_at, next_by) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            canary_id,
            place.name,
            place.spec.category,
            runtime.hasher.item(place.name, planted.seen_as),
            runtime.hasher.key_id,
            kept_by,
            *(times.start_at, times.stays_until, times.gone_by, times.breach_at, times.next_by),
        ),
    )
