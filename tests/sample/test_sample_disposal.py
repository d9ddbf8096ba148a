"""One hourly run and one full listing on the sample company: what its cases expect to go is gone, all else is untouched."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.sample.stores import Stores
from tests.world import INCLUDE, World, now, postgres_connection, write_datamap

from retention.connections import parse
from retention.datamap.loader import load_datamap
from retention.disposal.execute import execute_plan
from retention.disposal.plan import make_plan
from retention.local.s3_server import S3Server
from retention.sample.cases import CASES
from retention.sample.everyday import SHARES

GOING = {case.name for case in (*CASES, *SHARES) if case.expected in ("due", "overdue")}

State = dict[tuple[str, int], tuple[int, int]]


def present(stores: Stores) -> State:
    """Per item of a case: how many rows it has, and how many parts in the bucket."""
    keys = [key for _, key, _ in stores.parts()]
    items = stores.rows(
        "SELECT case_name, item_no, i.object_key, count(r.recording_id) FROM sample.items AS i"
        " LEFT JOIN recordings AS r USING (recording_id) GROUP BY case_name, item_no, i.object_key"
    )
    return {(name, number): (rows, keys.count(key)) for name, number, key, rows in items}


def dispose(world: World, coverage: str) -> None:
    plan = make_plan(
        world.runtime(), "audio", as_of=now(), run_id=f"sample/{coverage}", requested_by="test", coverage=coverage
    )
    execute_plan(world.runtime(), plan.plan_id, plan.digest)


def wait_for_the_next_second() -> None:
    """Objects are stamped in whole seconds; from the next one on, all that was loaded is older than any plan."""
    second = int(time.time())
    while int(time.time()) == second:
        time.sleep(0.02)


@pytest.fixture
def world(stores: Stores, s3_server: S3Server, tmp_path: Path) -> World:
    stores.load()
    connections = {
        "company_db": postgres_connection("company_db", stores.company),
        "company_s3": parse("company_s3", s3_server.airflow_connection("disposal")),
        "retention_db": postgres_connection("retention_db", stores.own),
    }
    # The whole map: the load sets holds in every category.
    shipped = (INCLUDE / "datamap" / "company.yaml").read_text(encoding="utf-8")
    datamap = load_datamap(write_datamap(tmp_path / "datamap", stores.bucket, shipped))
    world = World(stores.company, stores.own, stores.bucket, stores.s3, connections, datamap)
    world.set_mode("enforce")
    return world


def test_only_what_the_cases_expect_to_go_is_gone(stores: Stores, world: World) -> None:
    before = present(stores)
    wait_for_the_next_second()
    dispose(world, "rows")
    dispose(world, "listing")
    after = present(stores)
    assert after == {item: (0, 0) if item[0] in GOING else found for item, found in before.items()}
    assert len(stores.parts()) == sum(parts for _, parts in after.values())


def test_load_after_disposal_brings_nothing_back(stores: Stores, world: World) -> None:
    wait_for_the_next_second()
    dispose(world, "rows")
    dispose(world, "listing")
    after, parts = present(stores), stores.parts()
    stores.load()
    assert (present(stores), stores.parts()) == (after, parts)
