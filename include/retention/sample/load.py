"""Loads the sample company: tables, objects and holds; again and again without adding anything twice.

The order makes a load safe beside a running retention: holds first, then rows, then objects. A load that was killed
leaves its record in `sample.loads` unfinished; the next one with the same seed goes on with it, at the same instant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from retention.errors import RequestError
from retention.sample import objects, tables
from retention.sample.cases import CASE_CALLS, CASES, play_cases
from retention.sample.everyday import SHARES, play_everyday
from retention.sample.leads import play_leads
from retention.sample.log_files import write_log_files
from retention.sample.log_parts import LogFile
from retention.sample.log_tables import play_log_tables
from retention.sample.marketing import play_marketing
from retention.sample.record_cases import RECORD_CASES
from retention.sample.rows import Row
from retention.sample.rows_categories import RequestRecord
from retention.sample.server_logs import play_server_logs
from retention.sample.situation import Case, RecordCase
from retention.sample.stage import Company, Stage, StoredObject
from retention.sample.tables import Database
from retention.sample.tenants import PROFILES, tenant_rows
from retention.sample.transcripts import play_transcripts
from retention.sample.usage import play_usage

BUCKET = "call-recordings"


@dataclass(frozen=True, slots=True)
class LoadRecord:
    """One load as `sample.loads` remembers it: its calls after the first `first_call`, as they were at `as_of`."""

    seed: int
    calls: int
    first_call: int
    as_of: datetime
    rows_loaded: bool


@dataclass(slots=True)
class Added:
    """What this run of the loader wrote."""

    rows: int = 0
    holds: int = 0
    files: int = 0
    objects: Counter[str] = field(default_factory=Counter)
    """By bucket."""


def load(
    company_conninfo: str,
    s3_client: objects.S3Client,
    holds_conninfo: str | None,
    *,
    seed: int,
    calls: int,
    now: datetime,
    progress: objects.Progress,
    bucket: str = BUCKET,
    log_bucket: str | None = None,
    log_folder: Path | None = None,
) -> dict[str, int]:
    """Load the sample company and return the rows per table and the parts per bucket there are now, and what was added.

    `company_conninfo` needs the owner of the company's database, `s3_client` keys that may create the bucket;
    `holds_conninfo` None leaves the holds out. `calls` counts the named cases too and never cuts them. `now` (aware) is
    what all times are relative to. `progress(done, total)` counts objects. The same seed with more calls adds those.
    Without `log_bucket` or `log_folder`, the log objects or files are left out.

    Raises RequestError, StoreUnreadable or PartlyFailedError; the same call then goes on where this one stopped.
    """
    if now.tzinfo is None or calls < 1:
        raise RequestError(
            f"sample: found {calls} calls at {now.isoformat()}; expected at least 1 call and a time with zone."
        )
    added = Added()
    with tables.opened(company_conninfo, "the company's database") as database:
        tables.lock(database)
        tables.create_schema(database)
        buckets = [name for name in (bucket, log_bucket) if name is not None]
        for name in buckets:
            objects.create_bucket(s3_client, name)
        _describe_cases(database)
        interrupted = bool(_unfinished(database, seed))
        _begin(database, seed, calls, now.astimezone(UTC))
        count = objects.count_settled_parts if interrupted else objects.count_parts
        parts = {name: count(s3_client, name) for name in buckets}
        for record in _unfinished(database, seed):
            company = compose(record, bucket)
            if holds_conninfo is not None:
                added.holds += tables.write_holds(holds_conninfo, company.holds)
            if not record.rows_loaded:
                added.rows += _write_rows(database, record, company)
            wanted: dict[str, Sequence[StoredObject | LogFile]] = {bucket: _still_wanted(database, company)}
            if log_bucket is not None:
                wanted[log_bucket] = company.log_objects
            _put_all(s3_client, wanted, parts, progress, added)
            if log_folder is not None:
                added.files += write_log_files(log_folder, company.log_files)
            _mark_loaded(database, record)
        counts = tables.count_rows(database)
    return {
        **counts,
        **{name: sum(parts[name].values()) + added.objects[name] for name in buckets},
        "added_rows": added.rows,
        "added_holds": added.holds,
        "added_objects": added.objects.total(),
        "added_files": added.files,
    }


def _put_all(
    s3: objects.S3Client,
    wanted: Mapping[str, Sequence[StoredObject | LogFile]],
    parts: Mapping[str, Counter[str]],
    progress: objects.Progress,
    added: Added,
) -> None:
    """Upload what is missing, one bucket after the other; progress counts through."""
    total, before = sum(map(len, wanted.values())), 0
    for bucket, items in wanted.items():

        def move(done: int, _: int, before: int = before) -> None:
            if done or not before:  # the next bucket's start is the last one's end
                progress(before + done, total)

        added.objects[bucket] += objects.put_objects(s3, bucket, items, parts[bucket], move)
        before += len(items)


def compose(record: LoadRecord, bucket: str = BUCKET) -> Company:
    """All that one load writes; pure, so that the same record always gives the same company."""
    stage = Stage(record.seed, record.as_of, bucket)
    for profile in PROFILES:
        stage.company.rows.extend(tenant_rows(profile, record.as_of))
    if record.first_call == 0:
        play_cases(stage)
        for play in (play_transcripts, play_leads, play_marketing, play_usage, play_log_tables, play_server_logs):
            play(stage)
    play_everyday(stage, max(0, record.first_call - CASE_CALLS), max(0, record.calls - CASE_CALLS))
    return stage.finish()


def _describe_cases(database: Database) -> None:
    cases: tuple[Case | RecordCase, ...] = (*CASES, *RECORD_CASES)
    rows = [(case.name, case.meaning, case.expected, case.fallback) for case in cases]
    rows += [(share.name, share.meaning, share.expected, False) for share in SHARES]
    statement = """
        INSERT INTO sample.cases (case_name, meaning, expected, fallback)
        VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING"""
    with database.transaction(), database.cursor() as cursor:
        cursor.executemany(statement, rows)


def _begin(database: Database, seed: int, calls: int, now: datetime) -> None:
    """Note the load unless this seed has that many calls already; calls of earlier loads are not drawn again."""
    statement = "SELECT coalesce(max(calls), 0) FROM sample.loads WHERE seed = %s"
    loaded = database.execute(statement, [seed]).fetchall()[0][0]
    if loaded >= calls:
        return
    database.execute(
        "INSERT INTO sample.loads (seed, calls, first_call, as_of) VALUES (%s, %s, %s, %s)",
        [seed, calls, loaded, now.replace(microsecond=0)],
    )


def _unfinished(database: Database, seed: int) -> list[LoadRecord]:
    statement = """
        SELECT seed, calls, first_call, as_of, rows_loaded_at IS NOT NULL FROM sample.loads
        WHERE seed = %s AND loaded_at IS NULL ORDER BY calls"""
    return [LoadRecord(*row) for row in database.execute(statement, [seed])]


def _write_rows(database: Database, record: LoadRecord, company: Company) -> int:
    """Write the company's rows and the note that they are there, in one transaction."""
    rows: Sequence[Row] = company.rows
    with database.transaction():
        if not tables.create_partitions(database, company.partitions):
            rows = [row for row in rows if not isinstance(row, RequestRecord)]
        written = tables.write_company(database, rows)
        database.execute(
            "UPDATE sample.loads SET rows_loaded_at = clock_timestamp() WHERE seed = %s AND calls = %s",
            [record.seed, record.calls],
        )
    return written


def _still_wanted(database: Database, company: Company) -> list[StoredObject]:
    """The objects whose row is still there, and orphans: what retention removed meanwhile must not come back."""
    ids = [item.recording_id for item in company.objects if item.recording_id is not None]
    statement = "SELECT recording_id FROM recordings WHERE recording_id = ANY(%s)"
    present = {row[0] for row in database.execute(statement, [ids])}
    return [item for item in company.objects if item.recording_id is None or item.recording_id in present]


def _mark_loaded(database: Database, record: LoadRecord) -> None:
    database.execute(
        "UPDATE sample.loads SET loaded_at = clock_timestamp() WHERE seed = %s AND calls = %s",
        [record.seed, record.calls],
    )
