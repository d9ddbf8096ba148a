"""Partitions that come, go and are renamed while the check reads: what is there at its end was read."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from psycopg import sql
from tests.verification.test_partitions import CAP, Logs, logs  # noqa: F401 - a fixture
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


def test_rows_that_are_moved_into_a_new_partition_are_found(logs: Logs, after_listing: AfterListing) -> None:  # noqa: F811
    """As partition managers do with a default partition's rows."""
    logs.table.add_default()
    at = now() - 30 * DAY
    logs.log(at, 3)

    def move(number: int, _parts: list[Part]) -> None:
        if number == 0:
            logs.table.sql("CREATE TABLE request_log_moved (LIKE request_log)")
            grant(logs, "request_log_moved")
            logs.table.sql(
                "WITH gone AS (DELETE FROM request_log_default RETURNING *) INSERT INTO request_log_moved SELECT * FROM gone"
            )
            bounds = sql.SQL("ALTER TABLE request_log ATTACH PARTITION request_log_moved FOR VALUES FROM ({}) TO ({})")
            logs.table.sql(bounds.format(sql.Literal(at - DAY), sql.Literal(at + DAY)).as_string(None))

    after_listing(move)
    assert logs.found() == {"past_cap": 1}


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
