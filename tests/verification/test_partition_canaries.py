"""Canaries in a log's partitions: each goes with its partition, and shows where that didn't go, or went too early."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from psycopg import sql
from tests.verification.test_partitions import PLACE, Logs, logs  # noqa: F401 - a fixture
from tests.world import DAY, HOUR, now

from retention.disposal.canaries import planting
from retention.disposal.canaries.timing import rhythm_of
from retention.disposal.execute import execute_plan
from retention.disposal.plan import make_plan
from retention.policy.loader import load_policy
from retention.settings import INCLUDE
from retention.verification.partition_canaries import THERE

LATE, LOST = "canary_late", "canary_lost"
DUE = 13 * DAY + 4 * HOUR
"""A day's partition that began so long ago has been due for 5 h; a run takes 2 h; its first record has 20 h to go."""
_INSERT = """\
INSERT INTO public.request_log (id, logged_at, stored_at, line) OVERRIDING SYSTEM VALUE
VALUES (%(number)s, %(start_at)s, %(start_at)s, 'A canary, invented')
RETURNING id
"""

Plant = Callable[[timedelta], planting.Planting]


@pytest.fixture
def plant(logs: Logs, monkeypatch: pytest.MonkeyPatch) -> Plant:  # noqa: F811
    """Plants as if it were so long ago."""
    document = logs.world.datamap / "company.yaml"
    text = document.read_text(encoding="utf-8")
    text = text.replace("verification: company_db_verify}", "verification: company_db_verify, planting: company_db}")
    text = text.replace("id_column: id,", "id_column: id, canary: {event: logged, approved_by: DPO, sql: canary.sql},")
    document.write_text(text, encoding="utf-8")
    (logs.world.datamap / "canary.sql").write_text(_INSERT, encoding="utf-8")

    def planted(ago: timedelta) -> planting.Planting:
        then: datetime = now() - ago
        monkeypatch.setattr(planting, "database_time", lambda _own: then)
        done = planting.plant_canaries(logs.world.runtime())
        logs.world.own_sql("UPDATE retention.canaries SET next_by = now() + interval '1 day'")
        return done

    return planted


def partition(logs: Logs, ago: timedelta, width: timedelta = DAY) -> str:  # noqa: F811
    """One that began so long ago, with a record of its first hour."""
    lower = now() - ago
    name = logs.table.add_partition(lower, lower + width)
    logs.log(lower + HOUR)
    return name


def dispose(logs: Logs) -> None:  # noqa: F811
    runtime = logs.world.runtime()
    plan = make_plan(runtime, "logs", as_of=now(), run_id="test/1", requested_by="anna")
    execute_plan(runtime, plan.plan_id, plan.digest)


def canaries(logs: Logs) -> list[dict[str, Any]]:  # noqa: F811
    return logs.world.own_sql("SELECT * FROM retention.canaries")


def left(logs: Logs) -> int:  # noqa: F811
    [(count,)] = logs.table.sql("SELECT count(*) FROM request_log WHERE line LIKE 'A canary%%'")
    return int(count)


def test_canary_goes_with_its_partition(logs: Logs, plant: Plant) -> None:  # noqa: F811
    name = partition(logs, DUE)
    done = plant(DUE - HOUR)
    assert (done.planted, done.failed) == ({PLACE: 1}, {})
    assert left(logs) == 1
    [noted] = canaries(logs)
    assert noted["kept_by"] is None and noted["stays_until"] < noted["gone_by"] < noted["breach_at"]

    late = logs.verify()  # nobody disposed of anything: the canary says so, and nothing real is late yet
    assert {one.kind: (one.count, one.severity.value) for one in late.findings} == {LATE: (1, "breach")}
    assert late.findings[0].detail["earliest_end"] == noted["breach_at"].isoformat()
    assert noted["breach_at"] > late.as_of

    dispose(logs)
    assert logs.table.sql("SELECT to_regclass(%s)", name) == [(None,)]
    gone = logs.verify()
    assert list(gone.findings) == []
    assert {one.looked_at for one in gone.checks if (one.kind, one.place) == (LATE, PLACE)} == {1}


def test_canary_whose_partition_is_not_due_is_no_finding(logs: Logs, plant: Plant) -> None:  # noqa: F811
    partition(logs, DUE - DAY)
    plant(DUE - DAY - HOUR)
    dispose(logs)
    assert left(logs) == 1
    assert logs.found() == {}


def test_canary_is_late_by_the_end_of_its_partition(logs: Logs, plant: Plant) -> None:  # noqa: F811
    """Not by its own time, which may be a day earlier."""
    partition(logs, DUE)
    plant(DUE)
    [noted] = canaries(logs)
    end = noted["start_at"] + DAY
    assert abs(noted["gone_by"] - (end + 11 * DAY + 23 * HOUR + 2 * HOUR)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    "lose",
    [
        pytest.param("DELETE FROM request_log WHERE line LIKE 'A canary%'", id="the_row"),
        pytest.param("DROP TABLE {}", id="its_partition"),
    ],
)
def test_canary_that_goes_before_its_time_is_lost(logs: Logs, plant: Plant, lose: str) -> None:  # noqa: F811
    name = partition(logs, 11 * DAY)
    plant(11 * DAY - HOUR)
    assert logs.found() == {}
    logs.table.sql(lose.format(name))
    assert logs.found() == {LOST: 1}


@pytest.mark.parametrize(
    ("hold", "found"),
    [
        pytest.param({}, {}, id="on_the_category"),
        pytest.param({"place": PLACE, "item_id": "the partition"}, {}, id="on_its_partition"),
        pytest.param({"started_from": -30 * DAY, "started_before": -1 * DAY}, {}, id="on_its_time"),
        pytest.param({"started_from": -1 * DAY, "started_before": HOUR}, {LATE: 1}, id="on_another_time"),
    ],
)
def test_canary_whose_partition_a_hold_keeps_is_not_late(
    logs: Logs,  # noqa: F811
    plant: Plant,
    hold: dict[str, Any],
    found: dict[str, int],
) -> None:
    name = partition(logs, DUE)
    plant(DUE - HOUR)
    scope = {key: now() + value if isinstance(value, timedelta) else value for key, value in hold.items()}
    logs.world.add_hold(category="logs", **scope | ({"item_id": name} if "item_id" in hold else {}))
    kinds = logs.found()
    assert {kind: count for kind, count in kinds.items() if kind in (LATE, LOST)} == found


def test_canary_goes_by_itself_where_a_hold_keeps_another_part_of_its_partition(
    logs: Logs,  # noqa: F811
    plant: Plant,
) -> None:
    name = partition(logs, DUE)
    plant(DUE - 5 * HOUR)
    lower = now() - DUE
    logs.world.add_hold(category="logs", started_from=lower, started_before=lower + 2 * HOUR)
    dispose(logs)
    assert logs.table.sql("SELECT to_regclass(%s) IS NULL", name) == [(False,)]
    assert left(logs) == 0
    assert not {LATE, LOST} & logs.found().keys()


def test_canary_in_a_partition_that_was_only_detached_is_late(logs: Logs, plant: Plant) -> None:  # noqa: F811
    name = partition(logs, DUE)
    plant(DUE - HOUR)
    logs.table.sql(f"ALTER TABLE request_log DETACH PARTITION {name}")
    assert logs.found() == {LATE: 1, "leftover_partition": 1}


def test_none_is_planted_that_could_not_be_late_in_time(logs: Logs, plant: Plant) -> None:  # noqa: F811
    """In a week's partition, its first record is due long before its end; rows go one by one."""
    partition(logs, 8 * DAY, 7 * DAY)
    done = plant(8 * DAY - HOUR)
    assert (done.planted, done.failed, done.not_planted) == ({}, {}, {PLACE: "no_time_to_spare"})
    assert left(logs) == 0


def test_none_is_planted_that_is_forgotten_before_it_is_due(
    logs: Logs,  # noqa: F811
    plant: Plant,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(planting, "KEPT_DAYS", 12)
    partition(logs, DUE)
    assert plant(DUE - HOUR).not_planted == {PLACE: "forgotten_before_due"}
    assert (left(logs), canaries(logs)) == (0, [])


def test_without_a_partition_of_its_time_none_is_planted(logs: Logs, plant: Plant) -> None:  # noqa: F811
    done = plant(HOUR)
    assert (done.planted, list(done.failed)) == ({}, [PLACE])
    assert canaries(logs) == []


def test_canaries_that_a_former_rule_dated_are_forgotten(logs: Logs, plant: Plant) -> None:  # noqa: F811
    """With a longer lead they rightly go earlier than was noted."""
    partition(logs, DUE - DAY)
    plant(DUE - DAY - HOUR)
    rule = logs.world.policies / "logs.yaml"
    rule.write_text(rule.read_text(encoding="utf-8").replace("lead: PT49H", "lead: P3D"), encoding="utf-8")
    dispose(logs)
    assert left(logs) == 0
    partition(logs, 2 * DAY)
    assert plant(DAY + HOUR).planted == {PLACE: 1}
    assert len(canaries(logs)) == 1
    assert logs.found() == {}


def test_looking_for_canaries_reads_no_whole_partition(logs: Logs) -> None:  # noqa: F811
    name = partition(logs, DAY)
    logs.log(now() - HOUR, 5_000)
    logs.table.sql(f"ANALYZE {name}")
    query = sql.SQL("EXPLAIN " + THERE).format(
        id=sql.Identifier("id"), part=sql.Identifier(*name.split(".")), time=sql.Identifier("logged_at")
    )
    asked = [now() - number * HOUR for number in range(2, 30)], [str(number) for number in range(28)]
    plan = "\n".join(line for (line,) in logs.table.sql(query.as_string(None), *asked))
    assert "Index" in plan and "Seq Scan" not in plan


@pytest.mark.parametrize("width", [HOUR, 6 * HOUR, 12 * HOUR, DAY])
def test_disposal_that_ends_is_noticed_before_a_partition_breaks_its_promise(width: timedelta) -> None:
    """Whenever a partition is the first that does not go, one canary in it or after it is late before its first record is."""
    rule = load_policy(INCLUDE / "policies").rule("logs")
    rhythm = rhythm_of(rule, "logged", now())
    assert rhythm is not None
    begin = now().replace(hour=0, minute=0, second=0, microsecond=0)
    breach_at = begin + rhythm.due_after + rhythm.room
    late_start = HOUR  # planting runs hourly
    for minutes in range(0, int((rhythm.every + late_start).total_seconds() // 60), 7):
        at = begin + timedelta(minutes=minutes)  # the first canary that doesn't go, at any distance
        since = at - (at - begin) % width
        times = rhythm.times_in_partition(at, since, since + width)
        assert times is not None and times.stays_until < times.gone_by < breach_at
