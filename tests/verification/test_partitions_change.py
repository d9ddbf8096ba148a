"""Partitions that come, go and are renamed while the check reads: what is there at its end was read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from psycopg import sql
from tests.verification.test_partitions import CAP, PLACE, Logs, logs  # noqa: F401 - a fixture
from tests.world import DAY, now

from retention.verification.partition_intake import PartitionIntake
from retention.verification.partition_parts import Part

AfterListing = Callable[[Callable[[int, list[Part]], None]], None]


@pytest.fixture
def after_listing(monkeypatch: pytest.MonkeyPatch) -> AfterListing:
    """Have something done after each listing of the partitions, given its number and what it showed."""

    def install(change: Callable[[int, list[Part]], None]) -> None:
        real, numbers = PartitionIntake._parts, iter(range(100))

        def listed(intake: PartitionIntake) -> list[Part]:
            parts = real(intake)
            change(next(numbers), parts)
            return parts

        monkeypatch.setattr(PartitionIntake, "_parts", listed)

    return install


def grant(logs: Logs, name: str) -> None:  # noqa: F811
    logs.table.sql(f"GRANT SELECT (id, logged_at, stored_at) ON {name} TO retention_verify")


def move_into_new_partition(logs: Logs, at: datetime) -> None:  # noqa: F811
    """The default partition's rows, which are all of one day."""
    logs.table.sql("CREATE TABLE request_log_moved (LIKE request_log)")
    grant(logs, "request_log_moved")
    logs.table.sql(
        "WITH gone AS (DELETE FROM request_log_default RETURNING *) INSERT INTO request_log_moved SELECT * FROM gone"
    )
    bounds = sql.SQL("ALTER TABLE request_log ATTACH PARTITION request_log_moved FOR VALUES FROM ({}) TO ({})")
    logs.table.sql(bounds.format(sql.Literal(at - DAY), sql.Literal(at + DAY)).as_string(None))


def test_rows_that_are_moved_into_a_new_partition_are_found(logs: Logs, after_listing: AfterListing) -> None:  # noqa: F811
    """As partition managers do with a default partition's rows."""
    logs.table.add_default()
    at = now() - 30 * DAY
    logs.log(at, 3)

    def move(number: int, _parts: list[Part]) -> None:
        if number == 0:
            move_into_new_partition(logs, at)

    after_listing(move)
    assert logs.found() == {"past_cap": 1}


def test_held_rows_that_are_moved_while_the_check_reads_are_counted_once(
    logs: Logs,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    logs.table.add_default()
    at = now() - 30 * DAY
    logs.log(at, 3)
    logs.world.add_hold(category="logs")
    real, numbers = PartitionIntake._read, iter(range(100))

    def read(intake: PartitionIntake, part: Part) -> bool:
        done = real(intake, part)
        if next(numbers) == 0:
            move_into_new_partition(logs, at)
        return done

    monkeypatch.setattr(PartitionIntake, "_read", read)
    for _ in range(2):
        assert not logs.found().keys() & {"past_cap", "protected_missing", "protected_shrunk"}


@pytest.mark.parametrize("has_heir", [pytest.param(False, id="nothing"), pytest.param(True, id="an_empty_one")])
def test_a_partition_that_is_renamed_is_read(logs: Logs, after_listing: AfterListing, has_heir: bool) -> None:  # noqa: F811
    """Its old name may be another's by then."""
    name = logs.add(CAP + 5 * DAY)

    def rename(number: int, _parts: list[Part]) -> None:
        if number == 0:
            logs.table.sql(f"ALTER TABLE {name} RENAME TO request_log_renamed")
            if has_heir:
                logs.table.add_partition(now(), now() + DAY, name.split(".")[1])
                grant(logs, name)

    after_listing(rename)
    assert logs.found() == {"past_cap": 1}


def test_a_held_partition_that_is_renamed_while_the_check_reads_is_there(
    logs: Logs,  # noqa: F811
    after_listing: AfterListing,
) -> None:
    """What it was called when it was listed, its hold means; the next check finds it by its number."""
    name = logs.add(CAP + 5 * DAY)
    logs.world.add_hold(category="logs", place=PLACE, item_id=name)

    def rename(number: int, _parts: list[Part]) -> None:
        if number == 0:
            logs.table.sql(f"ALTER TABLE {name} RENAME TO request_log_renamed")

    logs.found()
    after_listing(rename)
    for found in (logs.found(), logs.found()):
        assert found.keys() & {"past_cap", "protected_missing", "protected_shrunk"} == set()
    logs.table.sql("DROP TABLE request_log_renamed")
    assert logs.found()["protected_missing"] == 1


def test_a_partition_that_goes_is_gone(logs: Logs, after_listing: AfterListing) -> None:  # noqa: F811
    name = logs.add(CAP + 5 * DAY)
    logs.add(DAY)

    def drop(number: int, _parts: list[Part]) -> None:
        if number == 0:
            logs.table.sql(f"DROP TABLE {name}")

    after_listing(drop)
    result = logs.verify()
    assert (result.verdict, result.findings) == ("compliant", ())


def test_partitions_that_are_others_at_each_listing_are_unknown(logs: Logs, after_listing: AfterListing) -> None:  # noqa: F811
    logs.add(DAY)
    names: Iterator[str] = (f"request_log_{number}" for number in range(100))

    def rename(_number: int, parts: list[Part]) -> None:
        logs.table.sql(f"ALTER TABLE {parts[0].item_id} RENAME TO {next(names)}")

    after_listing(rename)
    result = logs.verify()
    assert (result.verdict, list(result.places_failed.values())) == ("unknown", ["PartitionsChange"])
