"""A manual purge: exactly what was asked for goes, once others have approved it; what protects anything protects it here, too."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.table_world import TableWorld
from tests.world import DAY, HOUR, World, next_second, now

from retention.disposal.approval import approve_plan
from retention.disposal.approvals import Via
from retention.disposal.execute import DisposalSummary, execute_plan
from retention.disposal.plan import PlanSummary
from retention.disposal.purged import PurgeScope
from retention.disposal.runtime import Runtime
from retention.errors import GuardError, PlanError, RequestError
from retention.purge.preview import preview_of
from retention.purge.request import PurgeRequest, plan_purge

TABLE = "transcript"


def asked(runtime: Runtime, category: str, *, run: str = "r1", by: str = "anna", **scope: Any) -> PlanSummary:
    request = PurgeRequest(category, PurgeScope(**scope), reason="customer's letter", ticket="T-17", requested_by=by)
    return plan_purge(runtime, request, as_of=now(), run=run)


def approve(runtime: Runtime, plan: PlanSummary, *people: str, via: Via = Via.AIRFLOW) -> None:
    with runtime.own() as own:
        for person in people:
            approve_plan(own, plan.plan_id, plan.digest, approved_by=person, reason="looked at it", via=via)


def purge(runtime: Runtime, category: str, **scope: Any) -> DisposalSummary:
    plan = asked(runtime, category, **scope)
    approve(runtime, plan, "ben")
    return execute_plan(runtime, plan.plan_id, plan.digest)


def kept(plan: PlanSummary) -> dict[str, int]:
    return {reason: count for reason, count in plan.kept_by_reason.items() if reason != "out_of_scope"}


def test_one_customers_rows_go_before_their_time_and_nothing_else(tables: TableWorld) -> None:
    mine, other = tables.add_transcript("t1"), tables.add_transcript("t2")
    assert tables.dispose(TABLE).gone == 0
    plan = asked(tables.runtime, TABLE, tenant_id="t1")
    assert (plan.coverage, plan.due, plan.considered, plan.kept_by_reason) == ("purge", 1, 2, {"out_of_scope": 1})
    approve(tables.runtime, plan, "ben")
    assert execute_plan(tables.runtime, plan.plan_id, plan.digest).gone == 1
    assert tables.ids("transcripts", "transcript_id") == {other} != {mine}
    assert [row["reason"] for row in tables.own_sql("SELECT reason FROM retention.disposed_items")] == ["purged"]


def test_one_item_by_its_id_goes_alone(tables: TableWorld) -> None:
    mine, other = tables.add_transcript("t1"), tables.add_transcript("t1")
    assert purge(tables.runtime, TABLE, item_id=str(mine)).gone == 1
    assert tables.ids("transcripts", "transcript_id") == {other}


@pytest.mark.parametrize(
    ("columns", "scope", "reason"),
    [
        pytest.param({"duty_paragraph": "§ 147 AO"}, {"tenant_id": "t1"}, "statutory_duty", id="duty"),
        pytest.param({"waits": True}, {"tenant_id": "t1"}, None, id="waits_for_another"),
    ],
)
def test_what_is_protected_stays(
    tables: TableWorld, columns: dict[str, Any], scope: dict[str, Any], reason: str | None
) -> None:
    tables.add_transcript("t1", **columns)
    plan = asked(tables.runtime, TABLE, **scope)
    assert plan.due == 0
    if reason is not None:
        assert kept(plan) == {reason: 1}
    approve(tables.runtime, plan, "ben")
    assert execute_plan(tables.runtime, plan.plan_id, plan.digest).gone == 0
    assert len(tables.ids("transcripts", "transcript_id")) == 1


def test_a_hold_outranks_the_purge_and_the_customers_own_request(tables: TableWorld) -> None:
    tables.add_contract("t1", 40 * DAY)
    tables.add_transcript("t1")
    tables.sql("INSERT INTO requests VALUES ('t1', now() - interval '20 days')")
    tables.add_hold(tenant_id="t1")
    assert kept(asked(tables.runtime, TABLE, tenant_id="t1")) == {"legal_hold": 1}


def test_a_hold_after_the_approval_saves_the_item(tables: TableWorld) -> None:
    tables.add_transcript("t1")
    plan = asked(tables.runtime, TABLE, tenant_id="t1")
    approve(tables.runtime, plan, "ben")
    tables.add_hold(tenant_id="t1")
    next_second()
    done = execute_plan(tables.runtime, plan.plan_id, plan.digest)
    assert (done.gone, done.spared) == (0, {"legal_hold": 1})


def test_a_row_that_left_the_scope_since_stays(tables: TableWorld) -> None:
    tables.add_transcript("t1")
    plan = asked(tables.runtime, TABLE, tenant_id="t1")
    approve(tables.runtime, plan, "ben")
    tables.sql("UPDATE transcripts SET tenant_id = 't2'")
    done = execute_plan(tables.runtime, plan.plan_id, plan.digest)
    assert (done.gone, done.spared) == (0, {"out_of_scope": 1})


def test_dates_are_those_of_the_item_and_the_end_is_outside(tables: TableWorld) -> None:
    end = now() - 5 * DAY
    before = tables.add_transcript("t1", created_at=end - timedelta(microseconds=1))
    tables.add_transcript("t1", created_at=end)
    assert purge(tables.runtime, TABLE, tenant_id="t1", started_before=end).gone == 1
    assert before not in tables.ids("transcripts", "transcript_id")


def test_recordings_go_with_all_their_versions_and_a_consented_one_stays(
    world: World, settle: Callable[[], None]
) -> None:
    runtime = world.runtime()
    going, consented, other = (world.add_recording(age=5 * DAY, tenant=tenant) for tenant in ("t1", "t1", "t2"))
    for party in ("caller", "customer"):
        world.add_consent(consented, party, given_ago=4 * DAY)
    world.put(going.key)
    settle()
    plan = asked(runtime, "audio", tenant_id="t1")
    assert (plan.due, kept(plan)) == (1, {"consent": 1})
    approve(runtime, plan, "ben")
    assert execute_plan(runtime, plan.plan_id, plan.digest).gone == 1
    assert world.parts(going.key) == 0
    assert world.is_there(consented)
    assert world.is_there(other)


APPROVALS: list[Any] = [
    pytest.param([], id="nobody"),
    pytest.param([("anna", Via.COMMAND_LINE)], id="who_asked"),
    pytest.param([("ben", Via.COMMAND_LINE)], id="a_name_on_a_command_line"),
]


@pytest.mark.parametrize("people", APPROVALS)
def test_without_another_person_who_is_known_nothing_goes(tables: TableWorld, people: list[tuple[str, Via]]) -> None:
    tables.add_transcript("t1")
    plan = asked(tables.runtime, TABLE, tenant_id="t1")
    for person, via in people:
        with pytest.raises(GuardError):
            approve(tables.runtime, plan, person, via=via)
    with pytest.raises(GuardError, match="0 of 1 approvals"):
        execute_plan(tables.runtime, plan.plan_id, plan.digest)
    assert len(tables.ids("transcripts", "transcript_id")) == 1


def test_who_asked_is_refused_whatever_the_login_says(tables: TableWorld) -> None:
    tables.add_transcript("t1")
    plan = asked(tables.runtime, TABLE, tenant_id="t1")
    with pytest.raises(GuardError, match="second person"):
        approve(tables.runtime, plan, " Anna ")


def test_an_approval_that_was_written_past_the_product_by_a_bare_name_does_not_count(tables: TableWorld) -> None:
    tables.add_transcript("t1")
    plan = asked(tables.runtime, TABLE, tenant_id="t1")
    tables.own_sql(
        "INSERT INTO retention.approvals (plan_id, digest, approved_by, reason) VALUES (%s, %s, 'ben', 'x') RETURNING plan_id",
        plan.plan_id,
        plan.digest,
    )
    with pytest.raises(GuardError, match="0 of 1 approvals"):
        execute_plan(tables.runtime, plan.plan_id, plan.digest)


def test_above_the_volume_limit_two_others_are_needed(tables: TableWorld) -> None:
    tables.add_transcript("t1")
    plan = asked(tables.runtime, TABLE, tenant_id="t1")
    tables.own_sql(
        "UPDATE retention.plans SET blocked_reason = 'volume limit: planted' WHERE plan_id = %s RETURNING plan_id",
        plan.plan_id,
    )
    approve(tables.runtime, plan, "ben", "BEN ")
    with pytest.raises(GuardError, match="1 of 2 approvals"):
        execute_plan(tables.runtime, plan.plan_id, plan.digest)
    approve(tables.runtime, plan, "carl")
    assert execute_plan(tables.runtime, plan.plan_id, plan.digest).gone == 1


@pytest.mark.parametrize(
    "planted", ["DELETE FROM retention.plan_scopes", 'UPDATE retention.plan_scopes SET scope = \'{"tenant_id": "t2"}\'']
)
def test_a_scope_that_is_missing_or_changed_never_means_all(tables: TableWorld, planted: str) -> None:
    tables.add_transcript("t1")
    tables.add_transcript("t2")
    plan = asked(tables.runtime, TABLE, tenant_id="t1")
    approve(tables.runtime, plan, "ben")
    tables.own_sql(f"{planted} RETURNING plan_id")
    with pytest.raises(PlanError, match="what was asked for"):
        execute_plan(tables.runtime, plan.plan_id, plan.digest)
    assert len(tables.ids("transcripts", "transcript_id")) == 2


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        pytest.param(dict, "a missing one never means all", id="empty"),
        pytest.param(lambda: {"started_from": now() - DAY}, "expected the last one, too", id="first_date_alone"),
        pytest.param(lambda: {"started_before": now() + HOUR}, "which is to come", id="future_cut_off"),
        pytest.param(
            lambda: {"started_from": now() - DAY, "started_before": now() - 2 * DAY},
            "ends before it starts",
            id="turned_round",
        ),
        pytest.param(lambda: {"tenant_id": "anna@example.org"}, "internal id", id="address"),
        pytest.param(lambda: {"tenant_id": "nobody"}, "found nothing that tenant_id name", id="unknown_customer"),
        pytest.param(
            lambda: {"item_id": "1f0e0000-0000-4000-8000-000000000000"}, "found nothing that item_id", id="unknown_item"
        ),
        pytest.param(lambda: {"tenant_id": ""}, "empty text", id="empty_text"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    tables: TableWorld, scope: Callable[[], dict[str, Any]], words: str
) -> None:
    tables.add_transcript("t1")
    with pytest.raises(RequestError, match=words):
        asked(tables.runtime, TABLE, **scope())
    assert tables.own_sql("SELECT plan_id FROM retention.plans") == []


def test_another_customers_item_is_refused_without_naming_whose_it_is(tables: TableWorld) -> None:
    tables.add_transcript("t1")
    other = tables.add_transcript("t2")
    with pytest.raises(RequestError, match="not under this customer") as refused:
        asked(tables.runtime, TABLE, tenant_id="t1", item_id=str(other))
    assert "t2" not in str(refused.value)
    assert str(other) not in str(refused.value)


def test_what_goes_by_age_alone_or_is_anonymised_is_refused(tables: TableWorld) -> None:
    with pytest.raises(RequestError, match="anonymised and not deleted"):
        asked(tables.runtime, "usage", tenant_id="t1")


def test_the_same_run_gives_the_same_plan_and_one_entry(tables: TableWorld) -> None:
    tables.add_transcript("t1")
    first, second = (asked(tables.runtime, TABLE, tenant_id="t1") for _ in range(2))
    assert first.plan_id == second.plan_id
    assert asked(tables.runtime, TABLE, run="r2", tenant_id="t1").plan_id != first.plan_id
    bodies = [
        json.loads(row["body"])
        for row in tables.own_sql("SELECT body FROM retention.ledger WHERE kind = 'purge_requested'")
    ]
    assert [(one["by"], one["ticket"], one["scope"]) for one in bodies] == [("anna", "T-17", ["tenant_id"])] * 2


def test_the_scope_goes_with_the_plans_items(tables: TableWorld) -> None:
    tables.add_transcript("t1")
    assert purge(tables.runtime, TABLE, tenant_id="t1").gone == 1
    assert tables.own_sql("SELECT plan_id FROM retention.plan_scopes") == []


def test_the_preview_counts_and_names_nobody(tables: TableWorld) -> None:
    oldest, newest = now() - 9 * DAY, now() - 2 * DAY
    ids = [tables.add_transcript("t1", created_at=at) for at in (newest, oldest)]
    tables.add_transcript("t1", duty_paragraph="§ 147 AO")
    tables.add_transcript("t2")
    plan = asked(tables.runtime, TABLE, tenant_id="t1")
    with tables.runtime.own() as own:
        preview = preview_of(own, plan.plan_id)
    [place] = preview.places
    assert (preview.goes, preview.not_asked_for, preview.stays) == (2, 1, {"statutory_duty": 1})
    assert (place.place, place.items, place.tenants, place.oldest_at, place.newest_at) == (
        "transcripts",
        2,
        1,
        oldest,
        newest,
    )
    assert (preview.digest, preview.approvals_needed) == (plan.digest, 1)
    assert not any(str(one) in json.dumps(preview.to_json(), default=str) for one in ids)
