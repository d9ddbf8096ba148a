"""Loading: once, again, interrupted, refused."""

from __future__ import annotations

import json
import logging
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import psycopg
import pytest
from tests.sample.stores import CALLS, SEED, Stores, silent

from retention.errors import PartlyFailedError, RequestError, StoreUnreadable
from retention.local.s3_server import REGION, S3Server
from retention.sample import load
from retention.sample.cases import CASE_CALLS
from retention.sample.load import LoadRecord, compose
from retention.sample.rows import Call, Caller
from retention.sample.rows_categories import COMPANY_TABLES

TABLES = [*(row_type.table for row_type in COMPANY_TABLES), "sample.items", "sample.records"]


class Interrupted(Exception):
    """Stands for whatever ends a load in the middle."""


def interrupt_after_some(done: int, total: int) -> None:
    if done >= 60:
        raise Interrupted


def content(stores: Stores) -> dict[str, list[Any]]:
    """Every row of every table, and what lies in the bucket, without the bucket's name and the store's random ids."""
    found = {table: stores.rows(f"SELECT * FROM {table}") for table in TABLES}
    found["holds"] = stores.own_rows("SELECT * FROM retention.holds")
    named = {
        table: sorted((tuple("bucket" if value == stores.bucket else value for value in row) for row in rows), key=repr)
        for table, rows in found.items()
    }
    return {**named, "parts": sorted(Counter((kind, key) for kind, key, _ in stores.parts()).items())}


def remove_everything(stores: Stores) -> None:
    """Delete all recordings and objects, as a very thorough retention would."""
    execute(stores, "DELETE FROM recordings")
    stores.remove_parts()


def execute(stores: Stores, statement: str) -> None:
    with psycopg.connect(stores.company) as connection:
        connection.execute(statement.encode())


def test_counts_are_those_of_the_stores(stores: Stores) -> None:
    counts = stores.load()
    for table in TABLES[:-2]:
        assert stores.rows(f"SELECT count(*) FROM {table}") == [(counts[table.partition(".")[2]],)]
    parts = {bucket: len(stores.parts(bucket)) for bucket in (stores.bucket, stores.log_bucket)}
    assert {bucket: counts[bucket] for bucket in parts} == parts
    assert counts["added_objects"] == sum(parts.values())
    assert counts["added_files"] == sum(path.is_file() for path in stores.folder.rglob("*"))
    assert stores.own_rows("SELECT count(*) FROM retention.holds") == [(counts["added_holds"],)]
    assert min(counts.values()) > 0


def test_progress_counts_up_to_the_total(stores: Stores) -> None:
    seen: list[tuple[int, int]] = []
    stores.load(calls=1, progress=lambda done, total: seen.append((done, total)))
    assert [done for done, _ in seen] == list(range(len(seen)))
    assert {total for _, total in seen} == {len(seen) - 1}


def test_second_load_adds_nothing_even_a_day_later(stores: Stores) -> None:
    first = stores.load()
    before, parts = content(stores), stores.parts()
    second = stores.load(now=datetime.now(UTC) + timedelta(days=1))
    assert content(stores) == before
    assert stores.parts() == parts
    assert second == {**first, "added_rows": 0, "added_holds": 0, "added_objects": 0, "added_files": 0}


def test_what_retention_removed_does_not_come_back(stores: Stores) -> None:
    stores.load()
    remove_everything(stores)
    again = stores.load(calls=CALLS - 100)
    assert (again["recordings"], again[stores.bucket]) == (0, 0)


def test_more_calls_of_the_same_seed_add_only_those(stores: Stores) -> None:
    stores.load()
    remove_everything(stores)
    counts = stores.load(calls=CALLS + 300)
    new = "SELECT count(*) FROM sample.items WHERE recording_id IS NOT NULL AND case_name LIKE 'everyday%%' AND item_no >= %s"
    assert stores.rows(new, CALLS - CASE_CALLS) == [(counts["recordings"],)]
    assert counts["recordings"] > 0
    whole = compose(LoadRecord(SEED, CALLS + 300, 0, datetime.now(UTC), False))
    assert counts["calls"] == sum(isinstance(row, Call) for row in whole.rows)


def test_another_seed_adds_another_set(stores: Stores) -> None:
    first = stores.load()
    second = stores.load(seed=SEED + 1)
    assert second["tenants"] == first["tenants"]
    assert second["calls"] == 2 * first["calls"]
    assert second["added_objects"] > 0


def test_interrupted_upload_is_completed_as_of_its_own_moment(stores: Stores, loaded: Stores) -> None:
    now = loaded.record().as_of
    with pytest.raises(Interrupted):
        stores.load(now=now, progress=interrupt_after_some)
    assert 0 < len(stores.parts()) < len(loaded.parts())

    stores.load(now=now + timedelta(hours=30))

    assert content(stores) == content(loaded)
    assert stores.record() == loaded.record()


KILLED_LOAD = """
import json, os, signal, sys
from datetime import datetime

import boto3

from retention.sample import load

given = json.load(sys.stdin)


def kill_after_some(done, total):
    if done >= 80:
        os.kill(os.getpid(), signal.SIGKILL)


load(given["company"], boto3.client("s3", **given["s3"]), given["own"], seed=given["seed"], calls=given["calls"],
     now=datetime.fromisoformat(given["now"]), progress=kill_after_some, bucket=given["bucket"])
"""


def test_killed_load_is_completed(stores: Stores, loaded: Stores, s3_server: S3Server) -> None:
    access_key, secret_key = s3_server.keys("app")
    given = {
        "company": stores.company,
        "own": stores.own_writer,
        "bucket": stores.bucket,
        "seed": SEED,
        "calls": CALLS,
        "now": loaded.record().as_of.isoformat(),
        "s3": {
            "endpoint_url": s3_server.endpoint_url,
            "aws_access_key_id": access_key,
            "aws_secret_access_key": secret_key,
            "region_name": REGION,
        },
    }
    killed = subprocess.run([sys.executable, "-c", KILLED_LOAD], input=json.dumps(given), text=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert 0 < len(stores.parts()) < len(loaded.parts())

    stores.load()

    assert content(stores) == content(loaded)


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("UPDATE sample.loads SET loaded_at = NULL", id="after_the_last_object"),
        pytest.param("UPDATE sample.loads SET loaded_at = NULL, rows_loaded_at = NULL", id="before_the_rows"),
    ],
)
def test_load_that_only_lacks_its_note_doubles_nothing(stores: Stores, statement: str) -> None:
    stores.load()
    before, parts = content(stores), stores.parts()
    execute(stores, statement)
    stores.load(now=datetime.now(UTC) + timedelta(hours=30))
    assert content(stores) == before
    assert stores.parts() == parts


def test_resumed_load_leaves_out_objects_whose_row_is_gone(stores: Stores) -> None:
    with pytest.raises(Interrupted):
        stores.load(progress=interrupt_after_some)
    execute(stores, "DELETE FROM recordings")
    present = {key for _, key, _ in stores.parts()}
    stores.load()
    orphans = {item.key for item in compose(stores.record()).objects if item.recording_id is None}
    assert {key for _, key, _ in stores.parts()} == present | orphans


def test_without_our_own_database_there_are_no_holds(stores: Stores) -> None:
    counts = load(
        stores.company, stores.s3, None, seed=1, calls=1, now=datetime.now(UTC), progress=silent, bucket=stores.bucket
    )
    assert counts["added_holds"] == 0
    assert counts["recordings"] > 0


def test_missing_hold_table_is_said_before_any_row_is_written(stores: Stores) -> None:
    with psycopg.connect(stores.own) as own:
        own.execute("DROP TABLE retention.holds")
    with pytest.raises(RequestError, match=r"has no table retention\.holds"):
        stores.load()
    assert stores.rows("SELECT count(*) FROM tenants") == [(0,)]


def test_role_that_may_not_write_is_named_by_sqlstate_alone(stores: Stores) -> None:
    with pytest.raises(StoreUnreadable, match="the company's database did not answer or refused") as refused:
        load(
            stores.own_writer,
            stores.s3,
            None,
            seed=1,
            calls=1,
            now=datetime.now(UTC),
            progress=silent,
            bucket=stores.bucket,
        )
    assert "SQLSTATE 42501" in str(refused.value)


def test_keys_that_may_not_create_the_bucket_are_refused(stores: Stores, s3_server: S3Server) -> None:
    verify = s3_server.client("verify")
    with pytest.raises(StoreUnreadable, match=r"could not be prepared \(AccessDenied\)"):
        load(
            stores.company, verify, None, seed=1, calls=1, now=datetime.now(UTC), progress=silent, bucket=stores.bucket
        )
    verify.close()


def test_refused_upload_says_how_many_objects_are_missing_and_names_none(stores: Stores, s3_server: S3Server) -> None:
    access_key, secret_key = s3_server.keys("app")
    session = boto3.Session(access_key, secret_key, region_name=REGION)
    s3 = session.client("s3", endpoint_url=s3_server.endpoint_url)

    def lose_the_right_key(done: int, total: int) -> None:
        if done == 40:
            session.get_credentials().secret_key = "another"

    now = datetime.now(UTC)
    with pytest.raises(PartlyFailedError, match=r"an upload was refused \(SignatureDoesNotMatch\)") as refused:
        load(stores.company, s3, None, seed=1, calls=1, now=now, progress=lose_the_right_key, bucket=stores.bucket)
    s3.close()
    total = len(compose(stores.record()).objects)
    assert total - len(stores.parts()) <= refused.value.failed < total
    assert "recordings/" not in str(refused.value)


@pytest.mark.parametrize(
    ("calls", "now"),
    [
        pytest.param(0, datetime.now(UTC), id="no_calls"),
        pytest.param(10, datetime(2026, 1, 1), id="time_without_zone"),  # noqa: DTZ001
    ],
)
def test_senseless_request_is_refused(stores: Stores, calls: int, now: datetime) -> None:
    with pytest.raises(RequestError, match="expected at least 1 call and a time with zone"):
        stores.load(calls=calls, now=now)


def test_log_names_no_person_and_no_key(stores: Stores, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    stores.load(calls=1)
    company = compose(stores.record())
    names = [row.name for row in company.rows if isinstance(row, Caller) and row.name is not None]
    assert [word for word in (*names, *(item.key for item in company.objects)) if word in caplog.text] == []
