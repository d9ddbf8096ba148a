"""A withdrawn consent keeps no recording, whichever of several records of the same consent says so."""

from __future__ import annotations

from collections.abc import Callable

from tests.world import DAY, HOUR, World

from retention.disposal.execute import execute_plan
from retention.disposal.plan import PlanSummary

Plan = Callable[..., PlanSummary]


def withdraw(world: World, consent_id: str) -> None:
    world.sql("UPDATE consents SET withdrawn_at = now() - interval '1 hour' WHERE consent_id = %s", consent_id)


def test_a_withdrawal_on_one_of_two_records_ends_both(world: World, plan: Plan) -> None:
    gone, kept = (world.add_recording(age=50 * DAY) for _ in range(2))
    for recording in (gone, kept):
        for party in ("caller", "caller", "customer"):
            consent_id = world.add_consent(recording, party, given_ago=49 * DAY)
    withdraw(world, world.add_consent(gone, "caller", given_ago=48 * DAY))
    planned = plan()
    assert (planned.due, planned.kept_by_reason) == (1, {"consent": 1})
    assert execute_plan(world.runtime(), planned.plan_id, planned.digest).gone == 1
    assert world.is_there(kept) and not world.is_there(gone)
    withdraw(world, consent_id)
    assert plan().due == 1


def test_a_customers_withdrawal_for_all_calls_ends_what_it_had_given_for_one(world: World, plan: Plan) -> None:
    recording = world.add_recording(age=50 * DAY)
    for party in ("caller", "customer"):
        world.add_consent(recording, party, given_ago=49 * DAY)
    for_all = world.add_consent(recording, "customer", given_ago=400 * DAY)
    world.sql("UPDATE consents SET call_id = NULL WHERE consent_id = %s", for_all)
    assert plan().due == 0
    withdraw(world, for_all)
    assert plan().due == 1


def test_a_consent_given_again_in_time_counts_at_the_batch(world: World, plan: Plan) -> None:
    recording = world.add_recording(age=40 * DAY)
    withdrawn = [world.add_consent(recording, party, given_ago=39 * DAY) for party in ("caller", "customer")]
    world.sql(
        "UPDATE consents SET withdrawn_at = given_at + interval '1 day' WHERE consent_id = ANY(%s::uuid[])", withdrawn
    )
    planned = plan()
    assert planned.due == 1
    for party in ("caller", "customer"):
        world.add_consent(recording, party, given_ago=38 * DAY - HOUR)
    result = execute_plan(world.runtime(), planned.plan_id, planned.digest)
    assert (result.gone, result.spared) == (0, {"consent": 1})
    assert world.is_there(recording)
