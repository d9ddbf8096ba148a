"""What a restore brought back goes again by a replay list, also where the source lost why; what is protected now, or is another
item by now, does not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.table_world import TableWorld
from tests.world import DAY, HASHER, Recording, World, next_second, now

from retention import database
from retention.disposal.execute import DisposalSummary, execute_plan
from retention.disposal.plan import PlanSummary
from retention.disposal.runtime import Runtime
from retention.errors import ModeError, RequestError
from retention.evidence import ledger
from retention.evidence.hashing import ItemHasher
from retention.replay import plan as replay_plan
from retention.replay.check import check_replay
from retention.replay.list_file import read_header, write_list
from retention.replay.plan import plan_replay


def export(own_conninfo: str, path: Path, hasher: ItemHasher = HASHER) -> Path:
    with database.connect(own_conninfo) as own:
        head = ledger.head(own)
        write_list(own, path, hasher, "P35D", 35 * DAY, (head.seq, head.hash))
    return path


def planned(runtime: Runtime, path: Path, category: str, as_of: datetime | None = None) -> PlanSummary:
    return plan_replay(runtime, path, category, as_of=as_of or now(), requested_by="anna")


def replayed(runtime: Runtime, path: Path, category: str) -> DisposalSummary:
    plan = planned(runtime, path, category)
    return execute_plan(runtime, plan.plan_id, plan.digest)


class Lost:
    """A transcript went with its customer's contract; the restore brought it back, and lost the contract's end."""

    def __init__(self, tables: TableWorld, folder: Path) -> None:
        self.tables, self.runtime = tables, tables.runtime
        tables.add_contract("gone", 40 * DAY)
        self.key = tables.add_transcript("gone")
        assert tables.dispose("transcript").gone == 1
        self.list = export(tables.own, folder / "replay.list")
        tables.sql("UPDATE contracts SET ended_at = NULL")

    def come_back(self, **columns: object) -> None:
        self.tables.add_transcript("gone", segments=0, **{"transcript_id": self.key} | columns)

    def kept(self) -> dict[str, int]:
        """Why what came back stays: nothing of it is planned."""
        plan = planned(self.runtime, self.list, "transcript")
        assert (plan.due, plan.waiting) == (0, 0)
        return {reason: count for reason, count in plan.kept_by_reason.items() if reason != "not_listed"}


@pytest.fixture
def lost(tables: TableWorld, tmp_path: Path) -> Lost:
    return Lost(tables, tmp_path)


def test_what_lost_its_fact_goes_again_and_nothing_else(lost: Lost) -> None:
    lost.come_back()
    other = lost.tables.add_transcript("gone")
    assert lost.tables.dispose("transcript").gone == 0
    plan = planned(lost.runtime, lost.list, "transcript")
    assert (plan.coverage, plan.due, plan.considered, plan.kept_by_reason) == ("replay", 1, 2, {"not_listed": 1})
    assert execute_plan(lost.runtime, plan.plan_id, plan.digest).gone == 1
    assert lost.tables.ids("transcripts", "transcript_id") == {other}
    assert check_replay(lost.runtime, lost.list, now()).found == []
    rows = lost.tables.own_sql("SELECT reason FROM retention.disposed_items ORDER BY gone_at")
    assert [row["reason"] for row in rows] == ["contract_ended", "replayed"]


def test_the_ledger_names_the_list_and_no_item(lost: Lost) -> None:
    lost.come_back()
    plan = planned(lost.runtime, lost.list, "transcript")
    [row] = lost.tables.own_sql("SELECT body FROM retention.ledger WHERE kind = 'replay_planned'")
    body = json.loads(row["body"])
    assert (body["plan"], body["by"]) == (str(plan.plan_id), "anna")
    assert body["list_sha256"] == hashlib.sha256(lost.list.read_bytes()).hexdigest()
    assert lost.key not in row["body"]


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        pytest.param(lambda: {"created_at": now() + DAY}, "collected_anew", id="collected_anew_under_its_id"),
        pytest.param(lambda: {"created_at": now()}, "collected_anew", id="collected_anew_within_the_clocks_difference"),
        pytest.param(lambda: {"duty_paragraph": "§ 147 AO"}, "statutory_duty", id="duty"),
    ],
)
def test_what_is_another_item_or_has_a_duty_by_now_stays(
    lost: Lost, columns: Callable[[], dict[str, object]], reason: str
) -> None:
    lost.come_back(**columns())
    assert lost.kept() == {reason: 1}


def test_what_is_held_now_stays_though_the_customer_had_asked(lost: Lost) -> None:
    lost.come_back()
    lost.tables.add_hold(tenant_id="gone")
    lost.tables.sql("INSERT INTO requests VALUES ('gone', now() - interval '5 days')")
    assert lost.kept() == {"legal_hold": 1}


def test_a_hold_between_plan_and_execution_saves_it(lost: Lost) -> None:
    lost.come_back()
    plan = planned(lost.runtime, lost.list, "transcript")
    lost.tables.add_hold(tenant_id="gone")
    done = execute_plan(lost.runtime, plan.plan_id, plan.digest)
    assert (done.gone, done.spared) == (0, {"legal_hold": 1})


def test_a_new_item_under_its_id_between_plan_and_execution_stays(lost: Lost) -> None:
    lost.come_back()
    plan = planned(lost.runtime, lost.list, "transcript")
    lost.tables.sql("UPDATE transcripts SET created_at = now()")
    done = execute_plan(lost.runtime, plan.plan_id, plan.digest)
    assert (done.gone, done.spared) == (0, {"collected_anew": 1})


def test_what_waits_for_another_is_spared_while_that_is_there(lost: Lost) -> None:
    lost.come_back(waits=True)
    plan = planned(lost.runtime, lost.list, "transcript")
    assert (plan.due, plan.waiting) == (0, 1)
    assert execute_plan(lost.runtime, plan.plan_id, plan.digest).spared == {"waits": 1}


@pytest.mark.parametrize(
    ("proven_ago", "gone"),
    [
        pytest.param(None, 1, id="none"),
        pytest.param(9 * DAY, 1, id="earlier"),
        pytest.param(timedelta(), 0, id="later"),
    ],
)
def test_only_a_consent_that_came_after_the_deletion_keeps_a_contact(
    tables: TableWorld, tmp_path: Path, proven_ago: timedelta | None, gone: int
) -> None:
    old = {"email": "a@example.org", "created_at": now() - 90 * DAY}
    tables.add_contact(1, withdrawn_at=now() - 2 * DAY, **old)
    assert tables.dispose("marketing").gone == 1
    listed = export(tables.own, tmp_path / "replay.list")
    tables.add_contact(1, proven_consent_at=now() - proven_ago if proven_ago is not None else None, **old)
    done = replayed(tables.runtime, listed, "marketing")
    assert done.gone == gone and done.kept_by_reason.get("consented_anew", 0) == 1 - gone


def test_an_empty_list_plans_nothing(tables: TableWorld, tmp_path: Path) -> None:
    listed = export(tables.own, tmp_path / "replay.list")
    tables.add_contract("gone", 40 * DAY)
    tables.add_transcript("gone")
    plan = planned(tables.runtime, listed, "transcript")
    assert (plan.due, plan.kept_by_reason) == (0, {"not_listed": 1})
    assert execute_plan(tables.runtime, plan.plan_id, plan.digest).planned == 0 and tables.count("transcripts") == 1


def test_a_list_with_a_forged_line_or_time_is_refused(lost: Lost) -> None:
    """Whoever can write the file can sum it up anew, and can't seal it: no list makes us delete what we didn't delete before."""
    lost.come_back()
    *lines, _seal = lost.list.read_bytes().splitlines(keepends=True)
    later = [line.replace(b'"20', b'"21') if line.startswith(b"[") else line for line in lines]
    for forged in (lines, later, [lines[0], *lines[1:], *lines[1:]]):
        text = b"".join(forged)
        for seal in (
            hashlib.sha256(text).hexdigest(),
            ItemHasher(bytes(32)).replay_list(hashlib.sha256(text).hexdigest()).hex(),
        ):
            lost.list.write_bytes(text + f"{seal}\n".encode())
            with pytest.raises(RequestError, match="truncated or changed"):
                planned(lost.runtime, lost.list, "transcript")


def test_a_list_that_is_swapped_after_its_seal_was_looked_at_changes_nothing(
    lost: Lost, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost.come_back()
    make = replay_plan.make_plan

    def swapped(*arguments: Any, **named: Any) -> PlanSummary:
        header, *_ = lost.list.read_bytes().splitlines(keepends=True)
        lost.list.write_bytes(header)
        return make(*arguments, **named)

    monkeypatch.setattr(replay_plan, "make_plan", swapped)
    digest = hashlib.sha256(lost.list.read_bytes()).hexdigest()
    assert planned(lost.runtime, lost.list, "transcript").due == 1
    [row] = lost.tables.own_sql("SELECT body FROM retention.ledger WHERE kind = 'replay_planned'")
    assert json.loads(row["body"])["list_sha256"] == digest


def test_a_list_of_another_installation_is_refused(lost: Lost) -> None:
    foreign = replace(lost.runtime, hasher=ItemHasher(bytes(reversed(range(32)))))
    with pytest.raises(RequestError, match="hash key"):
        planned(foreign, lost.list, "transcript")


@pytest.mark.parametrize("restored", [False, True])
def test_a_list_of_a_copy_with_our_hash_key_is_refused_unless_what_it_knew_was_lost(
    lost: Lost, tmp_path: Path, *, restored: bool
) -> None:
    lost.come_back()
    copied = tmp_path / "copied.list"
    with database.connect(lost.tables.own) as own:
        head = ledger.head(own)
        write_list(own, copied, HASHER, "P35D", 35 * DAY, (head.seq + 5, "aa" * 32))
        if restored:
            ledger.append(own, "restored", {"by": "anna", "entries": head.seq, "replaced": None})
    if restored:
        assert planned(lost.runtime, copied, "transcript").due == 1
        return
    for read in (
        lambda: planned(lost.runtime, copied, "transcript"),
        lambda: check_replay(lost.runtime, copied, now()),
    ):
        with pytest.raises(RequestError, match="another ledger"):
            read()


def test_a_list_older_than_every_backup_is_refused_whatever_instant_is_asked_for(lost: Lost) -> None:
    late = read_header(lost.list, HASHER).needed_until
    with pytest.raises(RequestError, match="needed until"):
        planned(replace(lost.runtime, now=lambda: late), lost.list, "transcript", as_of=now())


def test_what_goes_by_age_is_left_to_its_own_runs(lost: Lost) -> None:
    with pytest.raises(RequestError, match="anonymised"):
        planned(lost.runtime, lost.list, "usage")


def test_mode_and_volume_limit_count(lost: Lost) -> None:
    lost.come_back()
    lost.tables.own_sql(
        "INSERT INTO retention.mode_changes (category, mode, changed_by, reason) "
        "VALUES ('transcript', 'observe', 'anna', 'test')"
    )
    with pytest.raises(ModeError, match="expected 'enforce'"):
        replayed(lost.runtime, lost.list, "transcript")
    assert lost.tables.count("transcripts") == 1


@pytest.fixture
def withdrawn(world: World, plan: Callable[..., PlanSummary], tmp_path: Path) -> tuple[Recording, Path]:
    """A recording went when its archiving consent was withdrawn. It is back with row and object, and the withdrawal is lost."""
    recording = world.add_recording(age=40 * DAY)
    for party in ("caller", "customer"):
        world.add_consent(recording, party, given_ago=39 * DAY)
    for _ in range(3):
        world.add_recording(age=DAY)
    rows = world.sql("SELECT * FROM recordings WHERE recording_id = %s", recording.recording_id)
    world.sql("UPDATE consents SET withdrawn_at = now() - interval '1 hour'")
    due = plan()
    assert execute_plan(world.runtime(), due.plan_id, due.digest).gone == 1
    listed = export(world.own, tmp_path / "replay.list")
    world.sql("UPDATE consents SET withdrawn_at = NULL")
    world.sql(f"INSERT INTO recordings VALUES ({', '.join(['%s'] * len(rows[0]))})", *rows[0])
    world.put(recording.key)
    next_second()
    return recording, listed


def test_a_recording_whose_withdrawal_was_lost_goes_with_its_bytes(
    world: World, plan: Callable[..., PlanSummary], withdrawn: tuple[Recording, Path]
) -> None:
    recording, listed = withdrawn
    assert plan().due == 0
    assert replayed(world.runtime(), listed, "audio").gone == 1
    assert not world.is_there(recording) and world.parts() == 3


def test_a_recording_that_was_consented_to_anew_stays(world: World, withdrawn: tuple[Recording, Path]) -> None:
    recording, listed = withdrawn
    world.add_consent(recording, "caller", given_ago=timedelta())
    again = planned(world.runtime(), listed, "audio")
    assert (again.due, again.kept_by_reason["consented_anew"]) == (0, 1)
    assert world.is_there(recording)
