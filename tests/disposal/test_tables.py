"""Rows of tables: what goes with them, what keeps them, in which order, and what a refusal leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from tests.table_world import TableWorld
from tests.world import DAY, HOUR, now

from retention.disposal.execute import execute_plan
from retention.disposal.explain import explain_item
from retention.disposal.hold_scope import look_up
from retention.errors import PartlyFailedError, RequestError
from retention.policy.facts import HoldScope
from retention.reports.run_words import describe_plainly
from retention.reports.runs import last_runs

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("ended_ago", "goes"),
    [
        pytest.param(27 * DAY + MINUTE, True, id="begin_of_the_lead"),
        pytest.param(27 * DAY - MINUTE, False, id="before_the_lead"),
        pytest.param(40 * DAY, True, id="overdue"),
        pytest.param(-40 * DAY, False, id="ends_ahead"),
        pytest.param(None, False, id="open"),
    ],
)
def test_transcript_goes_when_the_last_contract_has_ended(
    tables: TableWorld, ended_ago: timedelta | None, goes: bool
) -> None:
    tables.add_contract("t1", 400 * DAY)
    tables.add_contract("t1", ended_ago)
    tables.add_transcript("t1")
    summary = tables.dispose("transcript")
    assert (summary.planned, summary.gone) == ((1, 1) if goes else (0, 0))
    left = 0 if goes else 1
    assert [tables.count(table) for table in ("transcripts", "segments", "embeddings")] == [left, 2 * left, 2 * left]


def test_transcript_of_any_age_stays_while_nothing_ended(tables: TableWorld) -> None:
    tables.add_contract("t1", None)
    tables.add_transcript("t1", created_at=now() - 3000 * DAY)
    tables.add_transcript("without a contract", created_at=now() - 3000 * DAY)
    tables.add_transcript(None, created_at=now() - 3000 * DAY)
    plan = tables.plan("transcript")
    assert (plan.due, plan.kept_by_reason) == (0, {"no_event": 3})


def test_agreed_limit_of_one_customer_is_shorter_and_no_other_customers(tables: TableWorld) -> None:
    for tenant in ("brief", "t1"):
        tables.add_contract(tenant, 8 * DAY)
        tables.add_transcript(tenant)
    assert tables.dispose("transcript").gone == 1
    assert tables.sql("SELECT tenant_id FROM transcripts") == [("t1",)]


@pytest.mark.parametrize(
    ("columns", "goes"),
    [
        pytest.param({"duty_paragraph": "§147 AO", "duty_until": now() + DAY}, False, id="runs"),
        pytest.param({"duty_paragraph": "§147 AO", "duty_until": now() - DAY}, True, id="over"),
        pytest.param({"duty_paragraph": "§147 AO"}, False, id="without_end"),
        pytest.param({"duty_paragraph": " ", "duty_until": now() + DAY}, True, id="without_paragraph"),
        pytest.param({"duty_until": now() + DAY}, True, id="not_flagged"),
    ],
)
def test_flagged_duty_keeps_even_what_the_customer_wants_gone(
    tables: TableWorld, columns: dict[str, object], goes: bool
) -> None:
    tables.sql("INSERT INTO requests VALUES ('t1', now() - interval '1 hour')")
    tables.add_transcript("t1", **columns)
    assert tables.dispose("transcript").gone == goes
    assert tables.count("transcripts") == (not goes)


def test_hold_of_ours_keeps_from_the_end_of_the_contract_and_not_from_the_customers_request(tables: TableWorld) -> None:
    tables.add_contract("t1", 40 * DAY)
    tables.add_transcript("t1")
    tables.add_hold(tenant_id="t1", category="transcript")
    assert tables.plan("transcript").kept_by_reason == {"legal_hold": 1}
    tables.sql("INSERT INTO requests VALUES ('t1', now() - interval '1 hour')")
    assert tables.dispose("transcript").gone == 1


def test_what_waits_for_something_else_stays_until_it_waits_no_more(tables: TableWorld) -> None:
    tables.add_contract("t1", 40 * DAY)
    key = tables.add_transcript("t1", waits=True)
    assert tables.dispose("transcript").spared == {"waits": 1}
    plan = tables.plan("transcript")
    assert (plan.due, plan.waiting, plan.kept_by_reason) == (0, 1, {})
    tables.sql("UPDATE transcripts SET waits = false WHERE transcript_id = %s", key)
    assert execute_plan(tables.runtime, plan.plan_id, plan.digest).gone == 1


def test_hold_and_duty_after_the_plan_save_the_row_with_all_that_belongs_to_it(tables: TableWorld) -> None:
    tables.add_contract("t1", 40 * DAY)
    held, flagged, other = (tables.add_transcript("t1") for _ in range(3))
    plan = tables.plan("transcript")
    tables.add_hold(item_id=held, place="transcripts")
    tables.sql("UPDATE transcripts SET duty_paragraph = '§147 AO' WHERE transcript_id = %s", flagged)
    summary = execute_plan(tables.runtime, plan.plan_id, plan.digest)
    assert (summary.gone, summary.spared) == (1, {"legal_hold": 1, "statutory_duty": 1})
    assert tables.ids("transcripts", "transcript_id") == {held, flagged}
    assert tables.count("embeddings") == 4
    assert other not in tables.ids("transcripts", "transcript_id")


def test_row_that_something_unmapped_refers_to_fails_alone_and_stays_whole(tables: TableWorld) -> None:
    tables.sql("CREATE TABLE exports (transcript_id uuid REFERENCES transcripts)")
    tables.add_contract("t1", 40 * DAY)
    keys = [tables.add_transcript("t1") for _ in range(5)]
    tables.sql("INSERT INTO exports VALUES (%s)", keys[2])
    with pytest.raises(PartlyFailedError) as failure:
        tables.dispose("transcript")
    assert failure.value.summary.failures == {"23503": 1}  # type: ignore[attr-defined]
    assert tables.ids("transcripts", "transcript_id") == {keys[2]}
    assert (tables.count("segments"), tables.count("embeddings")) == (2, 2)


def test_row_that_a_trigger_keeps_is_no_success(tables: TableWorld) -> None:
    tables.sql("CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
    tables.sql("CREATE TRIGGER keep BEFORE DELETE ON transcripts FOR EACH ROW EXECUTE FUNCTION keep()")
    tables.add_contract("t1", 40 * DAY)
    tables.add_transcript("t1", segments=0)
    with pytest.raises(PartlyFailedError) as failure:
        tables.dispose("transcript")
    assert failure.value.summary.failures == {"still_there": 1}  # type: ignore[attr-defined]


def test_row_that_went_meanwhile_is_not_ours(tables: TableWorld) -> None:
    tables.add_contract("t1", 40 * DAY)
    tables.add_transcript("t1", segments=0)
    plan = tables.plan("transcript")
    tables.sql("DELETE FROM transcripts")
    summary = execute_plan(tables.runtime, plan.plan_id, plan.digest)
    assert (summary.gone, summary.spared) == (0, {"already_gone": 1})


def test_dry_run_removes_nothing_and_counts_the_same(tables: TableWorld) -> None:
    tables.add_contract("t1", 40 * DAY)
    tables.add_transcript("t1")
    plan = tables.plan("transcript")
    assert execute_plan(tables.runtime, plan.plan_id, plan.digest, dry_run=True).gone == 1
    assert tables.count("embeddings") == 2
    assert execute_plan(tables.runtime, plan.plan_id, plan.digest).gone == 1


def test_usage_is_anonymised_once_and_stays(tables: TableWorld) -> None:
    rows = [(1, now() - 20 * DAY), (2, now() - 12 * DAY), (3, now() - 11 * DAY), (4, now() + DAY), (5, None)]
    for key, at in rows:
        tables.sql("INSERT INTO usage_events VALUES (%s, %s, '192.0.2.1', 'Firefox', '/preise')", key, at)
    plan = tables.plan("usage")
    assert (plan.due, plan.kept_by_reason) == (2, {"not_due": 1, "undated": 2})
    assert execute_plan(tables.runtime, plan.plan_id, plan.digest).gone == 2
    found = tables.sql("SELECT event_id, ip, agent, page FROM usage_events ORDER BY 1")
    assert found[:3] == [
        (1, None, "anonymised", "/preise"),
        (2, None, "anonymised", "/preise"),
        (3, "192.0.2.1", "Firefox", "/preise"),
    ]
    assert tables.plan("usage").due == 0


def test_half_anonymised_row_is_due_again(tables: TableWorld) -> None:
    tables.sql("INSERT INTO usage_events VALUES (1, now() - interval '20 days', '192.0.2.1', 'anonymised', '/')")
    assert tables.dispose("usage").gone == 1
    assert tables.sql("SELECT ip FROM usage_events") == [(None,)]


def test_plan_claims_no_breach_of_what_may_have_been_kept_until_lately(tables: TableWorld) -> None:
    """The source tells what waits, and not since when it no longer does."""
    tables.add_contract("alpha", ended_ago=40 * DAY)
    key = tables.add_transcript("alpha", waits=True)
    assert tables.plan("transcript").breaches_at is None
    tables.sql("UPDATE transcripts SET waits = false")
    planned = tables.plan("transcript")
    assert (planned.due, planned.breaches_at) == (1, None)
    said = explain_item(tables.runtime, "transcripts", key, as_of=now(), asked_by="anna")
    assert (said["status"], said["deadline_at"]) == ("due", None)


def test_plan_tells_the_first_breach_that_lies_ahead(tables: TableWorld) -> None:
    tables.add_contract("alpha", ended_ago=29 * DAY)
    tables.add_transcript("alpha")
    breaches_at = tables.plan("transcript").breaches_at
    assert breaches_at is not None and now() + 23 * HOUR < breaches_at < now() + 25 * HOUR


def test_nothing_of_a_person_leaves_the_source(tables: TableWorld) -> None:
    tables.add_contact(1, email="anna.secret@example.com", phone="0171 3920001", withdrawn_at=now() - HOUR)
    tables.dispose("marketing")
    with psycopg.connect(tables.own) as connection:
        names = connection.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'retention'"
        ).fetchall()
        everything = [str(row) for (name,) in names for row in connection.execute(f"SELECT * FROM {name}")]  # type: ignore[arg-type]
    assert everything
    assert not [text for text in everything if "secret" in text or "3920001" in text]


def test_killed_after_the_rows_went_is_recorded_by_the_next_run(tables: TableWorld) -> None:
    tables.add_contract("t1", 40 * DAY)
    tables.add_transcript("t1")
    plan = tables.plan("transcript")

    def die(step: str) -> None:
        if step == "rows_confirmed":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        execute_plan(replace(tables.runtime, on_step=die), plan.plan_id, plan.digest)
    summary = execute_plan(tables.runtime, plan.plan_id, plan.digest)
    assert (summary.gone, summary.recovered, summary.failed) == (0, 1, 0)


def test_row_is_explained_by_its_id(tables: TableWorld) -> None:
    tables.add_contract("t1", 40 * DAY)
    key = tables.add_transcript("t1", duty_paragraph="§147 AO")
    said = explain_item(tables.runtime, "transcripts", key, as_of=now(), asked_by="anna")
    assert (said["status"], said["reason"]) == ("kept_by_minimum", "statutory_duty")
    with pytest.raises(RequestError, match="expected the id of one of its rows"):
        explain_item(tables.runtime, "transcripts", "no id at all", as_of=now(), asked_by="anna")


def test_what_waits_is_neither_due_nor_spared_to_whoever_reads(tables: TableWorld) -> None:
    """It is a reason to stay: `1 of 1 due items gone; 1 waits`, and an hour in which all waits is one with nothing due."""
    tables.add_contract("t1", 40 * DAY)
    tables.add_transcript("t1", waits=True)
    tables.add_transcript("t1")
    planned = tables.plan("transcript")
    assert (planned.due, planned.waiting) == (1, 1)
    for due, gone in ((1, 1), (0, 0)):
        tables.dispose("transcript")
        with tables.runtime.own() as own:
            newest, *_ = last_runs(own, "transcript", now())
        assert (newest.due, newest.gone, newest.waiting, newest.spared) == (due, gone, 1, {})
        assert newest.kept_by_reason is not None and newest.kept_by_reason["waits"] == 1
    with tables.runtime.own() as own:
        assert max(run.gone for run in last_runs(own, "transcript", now())) == 1, "the run that mattered is still told"
    assert "nothing was due; 1 waits for what has to go first" in describe_plainly(newest, now())


def test_row_that_went_is_explained_by_when_it_went(tables: TableWorld) -> None:
    tables.add_contract("t1", 40 * DAY)
    key = tables.add_transcript("t1")
    plan = tables.plan("transcript")
    execute_plan(tables.runtime, plan.plan_id, plan.digest)
    with pytest.raises(RequestError, match=f"any more: it went 20.* under plan {plan.plan_id}"):
        explain_item(tables.runtime, "transcripts", key, as_of=now(), asked_by="anna")


@pytest.mark.parametrize(
    ("scope", "rows"),
    [
        pytest.param({"tenant_id": "t1"}, 2, id="customer"),
        pytest.param({"tenant_id": "t1", "category": "usage"}, 0, id="of_another_category"),
        pytest.param({"person_id": "p1"}, 1, id="person"),
        pytest.param({"item_id": "t1", "place": "transcripts"}, 0, id="mistyped_id"),
    ],
)
def test_hold_on_rows_says_how_many_it_covers(tables: TableWorld, scope: dict[str, str], rows: int) -> None:
    tables.add_transcript("t1", person_id="p1")
    tables.add_transcript("t1")
    assert look_up(lambda: tables.runtime, HoldScope(**scope)).rows == rows
