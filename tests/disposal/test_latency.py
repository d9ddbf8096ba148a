"""What the report says of the time from the event that made a recording due to its end, against what was planted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.world import DAY, HASHER, HOUR, World, next_second, now

from retention.database import connect
from retention.disposal.execute import execute_plan
from retention.disposal.plan import make_plan
from retention.reports.disposals import latency

MINUTE = timedelta(minutes=1)


def test_latency_counts_from_transcription_cap_or_end_of_hold_to_gone(world: World) -> None:
    """Whichever made it due: the transcription, the cap less its lead, or the end of the hold that kept it until lately."""
    begun = now()
    waited = [5 * MINUTE, 20 * MINUTE, 40 * MINUTE, 60 * MINUTE, 80 * MINUTE]
    planted = {world.add_recording(age=DAY, transcribed_ago=ago): ago for ago in waited}
    planted[world.add_recording(age=30 * DAY - 49 * HOUR + 90 * MINUTE)] = 90 * MINUTE
    released = world.add_recording(age=DAY, transcribed_ago=10 * HOUR)
    world.add_hold(
        place="call_recordings",
        item_id=released.recording_id,
        effective_at=begun - 20 * HOUR,
        ends_at=begun - 30 * MINUTE,
    )
    planted[released] = 30 * MINUTE
    world.add_recording(age=DAY)
    next_second()
    plan = make_plan(world.runtime(), "audio", as_of=now(), run_id="hourly", requested_by="anna", coverage="rows")
    execute_plan(world.runtime(), plan.plan_id, plan.digest)
    ended = now()
    with connect(world.own) as own:
        gone = {
            bytes(row["item_hash"]): row["gone_at"] for row in own.execute("SELECT * FROM retention.disposed_items")
        }
        told = latency(own, "audio", ended, 1)
    took = sorted(
        (gone[HASHER.item("call_recordings", one.recording_id)] - begun + ago).total_seconds()
        for one, ago in planted.items()
    )
    assert len(gone) == told.items == len(took)
    # Of seven: the fourth; and 94 hundredths of the way from the sixth to the seventh.
    p99_s = took[5] + 0.94 * (took[6] - took[5])
    assert (told.p50_s, told.p99_s) == (pytest.approx(took[3], abs=1), pytest.approx(p99_s, abs=1))
    assert begun < min(gone.values()) and max(gone.values()) <= ended
    assert round(took[3] / 60) in (40, 41, 42)
