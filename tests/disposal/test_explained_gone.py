"""What is said of an item that is not there: when it went, under which run and why; and what a run says of what stayed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from tests.log_world import DAY, FILES, OBJECTS, LogWorld
from tests.table_world import TableWorld
from tests.world import now

from retention.disposal.execute import execute_plan
from retention.disposal.explain import explain_item
from retention.disposal.runtime import Runtime
from retention.errors import ItemGoneError, RequestError


def gone(runtime: Runtime, place: str, item: str) -> tuple[Mapping[str, Any], str]:
    """What is said of an item that went, and the message."""
    with pytest.raises(ItemGoneError, match="no such item") as raised:
        explain_item(runtime, place, item, as_of=now(), asked_by="anna")
    assert item not in str(raised.value) and item not in json.dumps(raised.value.gone, default=str)
    return raised.value.gone, str(raised.value)


def test_a_row_that_went_says_when_why_and_under_which_run(tables: TableWorld) -> None:
    tables.add_contract("t1", 40 * DAY)
    key = tables.add_transcript("t1")
    plan = tables.plan("transcript")
    execute_plan(replace(tables.runtime, actor="otto"), plan.plan_id, plan.digest)
    said, message = gone(tables.runtime, "transcripts", key)
    assert (said["plan_id"], said["outcome"], said["reasons"]) == (plan.plan_id, "gone", ["contract_ended"])
    assert said["run_id"].startswith("test/") and said["run_id"] in message
    assert said["by"] == "otto" and said["rule"] == plan.rule and said["records"] == 1
    [entry] = tables.own_sql("SELECT kind, body FROM retention.ledger WHERE seq = %s", said["ledger_entry"])
    assert entry["kind"] == "result" and json.loads(entry["body"])["plan"] == str(plan.plan_id)
    assert "due since 20" in message and message.endswith("contract_ended. Expected one that is there.")


def test_what_went_before_its_reason_was_kept_names_those_of_its_plan(tables: TableWorld) -> None:
    tables.add_contract("t1", 40 * DAY)
    key = tables.add_transcript("t1")
    tables.dispose("transcript")
    tables.own_sql("UPDATE retention.disposed_items SET reason = NULL")
    assert gone(tables.runtime, "transcripts", key)[0]["reasons"] == ["contract_ended"]
    tables.own_sql("UPDATE retention.plans SET due_by_reason = NULL")
    said, message = gone(tables.runtime, "transcripts", key)
    assert said["reasons"] == [] and "not recorded why" in message


def test_an_object_that_went_is_found_by_its_key(log_world: LogWorld, settle: Callable[[], None]) -> None:
    for _ in range(2):
        log_world.put("a.log", log_world.lines(20 * DAY))
    settle()
    assert log_world.dispose().gone == 2
    said, message = gone(log_world.runtime(), OBJECTS, "logs/a.log")
    assert (said["records"], said["reasons"]) == (2, ["logged"])
    assert "(and 1 more under its key or name)" in message


def test_a_file_that_went_is_found_by_its_path(log_world: LogWorld, settle: Callable[[], None]) -> None:
    log_world.write("a.log", log_world.lines(20 * DAY))
    settle()
    assert log_world.dispose().gone == 1
    assert gone(log_world.runtime(), FILES, "a.log")[0]["reasons"] == ["logged"]


def test_what_an_interrupted_run_may_have_removed_is_said_as_that(tables: TableWorld) -> None:
    class Killed(BaseException):
        pass

    def die(step: str) -> None:
        if step == "rows_removed":
            raise Killed

    tables.add_contract("t1", 40 * DAY)
    key = tables.add_transcript("t1")
    plan = tables.plan("transcript")
    with pytest.raises(Killed):
        execute_plan(replace(tables.runtime, on_step=die), plan.plan_id, plan.digest)
    tables.sql("DELETE FROM embeddings; DELETE FROM segments; DELETE FROM transcripts")
    said, message = gone(tables.runtime, "transcripts", key)
    assert (said["outcome"], said["plan_id"]) == ("under_way", plan.plan_id)
    assert "may have gone" in message
    execute_plan(tables.runtime, plan.plan_id, plan.digest)
    said, message = gone(tables.runtime, "transcripts", key)
    assert said["outcome"] == "gone_confirmed_on_recovery" and "left it open" in message


def test_what_no_run_removed_is_not_said_to_be_gone(tables: TableWorld) -> None:
    tables.add_contract("t1", 40 * DAY)
    key = tables.add_transcript("t1")
    tables.sql("DELETE FROM embeddings; DELETE FROM segments; DELETE FROM transcripts")
    with pytest.raises(RequestError, match="none that a run of ours removed") as raised:
        explain_item(tables.runtime, "transcripts", key, as_of=now(), asked_by="anna")
    assert not isinstance(raised.value, ItemGoneError)


def test_only_objects_and_files_are_known_by_their_key(tables: TableWorld) -> None:
    """The key of a partition's rows is the partition's name, and that may be there still."""
    tables.add_contract("t1", 40 * DAY)
    key = tables.add_transcript("t1")
    tables.dispose("transcript")
    tables.own_sql("UPDATE retention.disposed_items SET item_hash = sha256('another')")
    with pytest.raises(RequestError, match="none that a run of ours removed"):
        explain_item(tables.runtime, "transcripts", key, as_of=now(), asked_by="anna")


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_run_counts_what_it_did_not_plan_by_why_it_stays(tables: TableWorld, *, dry_run: bool) -> None:
    tables.add_contract("t1", 40 * DAY)
    tables.add_contract("t2", None)
    tables.add_transcript("t1")
    tables.add_transcript("t2")
    held = tables.add_transcript("t1")
    tables.add_hold(category="transcript", place="transcripts", item_id=held)
    summary = tables.dispose("transcript", dry_run=dry_run)
    assert (summary.gone, summary.kept_by_reason) == (1, {"no_event": 1, "legal_hold": 1})
