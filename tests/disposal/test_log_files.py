"""Log objects and log files, planned and disposed of on a real S3 server and a real file system."""

from __future__ import annotations

import gzip
import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.log_world import DAY, DUE, FILES, MAP, OBJECTS, RULE, LogWorld
from tests.world import HOUR, now

from retention.disposal.execute import execute_plan
from retention.errors import DataMapError, PartlyFailedError, StoreUnreadable

MINUTE = timedelta(minutes=1)
OLD, YOUNG = 13 * DAY, 2 * DAY


@pytest.fixture(params=["objects", "files"])
def store(request: pytest.FixtureRequest, log_world: LogWorld, settle: Callable[[], None]) -> Store:
    """The same acts on objects and on files."""
    return Store(log_world, request.param, settle)


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plans for a later instant may be executed, as in the sample environment."""
    monkeypatch.setenv("RETENTION_ENVIRONMENT", "sample")


class Store:
    def __init__(self, world: LogWorld, kind: str, settle: Callable[[], None]) -> None:
        self.world = world
        self.is_files = kind == "files"
        self._settle = settle

    def put(self, name: str, *ages: timedelta, packed: bool = False, content: bytes | None = None) -> None:
        """A file with a record of each of these ages."""
        body = self.world.lines(*ages) if content is None else content
        body = gzip.compress(body) if packed else body
        if self.is_files:
            self.world.write(name, body)
        else:
            self.world.put(name, body)

    def names(self) -> set[str]:
        """What is there."""
        return set(self.world.files() if self.is_files else (one.split()[0] for one in self.world.objects()))

    def settle(self) -> None:
        """Until what was stored is older than any plan."""
        if self.is_files:
            time.sleep(0.02)  # the kernel stamps files every few milliseconds
        else:
            self._settle()


@pytest.mark.parametrize(
    ("ages", "packed", "goes"),
    [
        pytest.param([DUE], False, True, id="youngest_is_due_exactly"),
        pytest.param([DUE - MINUTE], True, False, id="youngest_is_not_due_yet"),
        pytest.param([30 * DAY, DUE], True, True, id="oldest_is_overdue"),
        pytest.param([DUE - MINUTE, 30 * DAY], False, False, id="oldest_is_overdue_and_youngest_not_due"),
        pytest.param([13 * DAY, 12 * DAY, 12 * DAY + HOUR], False, True, id="unsorted"),
    ],
)
def test_a_file_goes_when_its_youngest_record_is_due(
    store: Store, ages: list[timedelta], packed: bool, goes: bool
) -> None:
    store.put("a.log", *ages, packed=packed)
    store.settle()
    summary = store.world.dispose(as_of=store.world.started_at)
    assert (summary.gone, store.names()) == ((1, set()) if goes else (0, {"a.log"}))


def test_what_spans_more_than_the_limit_is_kept_and_said(store: Store) -> None:
    store.put("wide.log", 15 * DAY, YOUNG)
    store.put("old.log", 15 * DAY, 13 * DAY)
    store.put("young.log", YOUNG)
    store.settle()
    plan = store.world.plan()
    assert (plan.due, plan.considered, plan.kept_by_reason) == (1, 3, {"too_wide": 1, "not_due": 1})
    assert plan.next_due_at is not None and abs(plan.next_due_at - (store.world.started_at - YOUNG + DUE)) < MINUTE


def test_names_and_dates_of_files_say_nothing_about_their_records(
    log_world: LogWorld, settle: Callable[[], None]
) -> None:
    log_world.write("2019-01-01.log", log_world.lines(YOUNG), mtime_ago=900 * DAY)
    log_world.write("today.log", log_world.lines(OLD), mtime_ago=-900 * DAY)
    log_world.put("2019/01/01/x.log", log_world.lines(YOUNG), **{"recorded-at": "2019-01-01T00:00:00Z"})
    log_world.put("today.log", log_world.lines(OLD), **{"recorded-at": now().isoformat()})
    settle()
    assert log_world.dispose().gone == 2
    assert (log_world.files(), log_world.objects()) == (["2019-01-01.log"], ["2019/01/01/x.log version"])


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"no time at all\n", id="no_time"),
        pytest.param(b"\x1f\x8b\x08\x00broken", id="broken_gz"),
        pytest.param(bytes(range(256)) * 100, id="binary"),
        pytest.param(b"2999-01-01T00:00:00Z x\n", id="future"),
        pytest.param(b"1970-01-01T00:00:00Z x\n", id="no_clock"),
    ],
)
def test_a_file_without_a_readable_time_goes_by_its_own_date(store: Store, content: bytes) -> None:
    store.put("a.log", content=content)
    store.settle()
    plan = store.world.plan()
    assert (plan.due, plan.fallback, plan.kept_by_reason) == (0, 1, {"not_due": 1})
    assert store.world.plan(as_of=now() + DUE - HOUR).due == 0
    later = store.world.plan(as_of=now() + DUE + HOUR)
    assert (later.due, later.fallback) == (1, 1)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("GET /leads from 203.0.113.9\n", id="no_time"),
        pytest.param("{future} clock is wrong\n", id="future"),
        pytest.param("11/23/26 10:00:00 served\n", id="a_form_that_nobody_reads"),
        pytest.param('{{"ts": "{young}", "datetime": "{old}"}}\n', id="two_times"),
        pytest.param('{{"happened": "{young}"}}\n', id="a_key_that_nobody_reads"),
    ],
)
@pytest.mark.parametrize("comes_first", [True, False])
def test_one_old_time_makes_no_young_file_due(store: Store, line: str, comes_first: bool) -> None:
    """What was stored this minute may have records of this minute, unless each says when it was written."""
    old, young = store.world.ago(20 * DAY), store.world.ago(HOUR)
    lines = [f"{old} started\n", line.format(old=old, young=young, future=store.world.ago(-3 * DAY)) * 100]
    store.put("a.log", content="".join(lines if comes_first else reversed(lines)).encode())
    store.settle()
    plan = store.world.plan()
    assert (plan.due, plan.kept_by_reason) == (0, {"too_wide": 1})
    assert store.world.plan(as_of=now() + DUE + HOUR).due == 1


def test_a_stack_trace_makes_no_old_file_younger(store: Store) -> None:
    trace = b"Traceback (most recent call last):\n  File x\nValueError: x\n\n"
    store.put("a.log", content=store.world.lines(OLD) + trace + store.world.lines(OLD - HOUR))
    store.settle()
    assert store.world.dispose().gone == 1


def test_a_hold_on_a_period_keeps_what_may_have_records_of_it(log_world: LogWorld) -> None:
    """The first record may be older than any time in the file, the last as young as the file."""
    unread = b"11/04/26 10:00:00 served\n"
    log_world.write("begins.log", unread + log_world.lines(OLD), mtime_ago=OLD)
    log_world.write("ends.log", log_world.lines(30 * DAY) + unread, mtime_ago=OLD)
    log_world.write("between.log", log_world.lines(30 * DAY, OLD), mtime_ago=OLD)
    log_world.write("outside.log", log_world.lines(OLD), mtime_ago=OLD)
    at = log_world.started_at
    log_world.hold(category="logs", started_from=at - 20 * DAY, started_before=at - 19 * DAY)
    time.sleep(0.05)
    assert log_world.dispose().gone == 1
    assert log_world.files() == ["begins.log", "between.log", "ends.log"]


def test_a_hold_on_an_earlier_period_keeps_a_file_with_lines_of_any_age(log_world: LogWorld) -> None:
    log_world.write("some.log", log_world.lines(OLD) + b"user anna logged in\n", mtime_ago=OLD)
    log_world.write("none.log", log_world.lines(OLD), mtime_ago=OLD)
    at = log_world.started_at
    log_world.hold(category="logs", started_from=at - 400 * DAY, started_before=at - 300 * DAY)
    time.sleep(0.05)
    assert log_world.plan().due == 1  # what is known of them is remembered
    assert (log_world.dispose().gone, log_world.files()) == (1, ["some.log"])


TRACE = b"Traceback (most recent call last):\n  File x\nConnectionError: anna@example.org\n\n"


def test_a_hold_on_this_week_keeps_an_old_file_that_went_on_in_it(log_world: LogWorld) -> None:
    """What continues an old record, and was written long after it, may be a record of then."""
    log_world.write("went_on.log", log_world.lines(OLD) + TRACE)
    log_world.write("returns.log", log_world.lines(OLD, HOUR).replace(b"\n", b"\r"))
    log_world.write("at_once.log", log_world.lines(OLD) + TRACE, mtime_ago=OLD - HOUR)
    at = log_world.started_at
    log_world.hold(category="logs", started_from=at - 7 * DAY, started_before=at + DAY)
    time.sleep(0.05)
    assert log_world.dispose().gone == 1
    assert log_world.files() == ["returns.log", "went_on.log"]


def test_of_a_damaged_file_the_records_that_can_be_read_make_it_older_and_never_younger(store: Store) -> None:
    store.put("a.log", content=gzip.compress(store.world.lines(20 * DAY, 13 * DAY))[:-5])
    store.settle()
    plan = store.world.plan()
    assert (plan.due, plan.kept_by_reason, plan.fallback) == (0, {"too_wide": 1}, 1)
    assert store.world.plan(as_of=now() + DUE + HOUR).due == 1


def test_an_empty_file_has_no_record_and_stays(store: Store) -> None:
    store.put("error.log", content=b"")
    store.settle()
    plan = store.world.plan(as_of=now() + 90 * DAY)
    assert (plan.due, plan.considered, plan.kept_by_reason) == (0, 1, {"no_records": 1})


@pytest.mark.usefixtures("ahead")
def test_every_version_stands_for_itself_and_markers_and_uploads_are_dated_by_the_store(
    log_world: LogWorld, settle: Callable[[], None]
) -> None:
    log_world.put("a.log", log_world.lines(OLD))
    log_world.put("a.log", log_world.lines(YOUNG))
    log_world.put("b.log", log_world.lines(OLD))
    log_world.s3.delete_object(Bucket=log_world.bucket, Key="logs/b.log")
    log_world.s3.create_multipart_upload(Bucket=log_world.bucket, Key="logs/c.log")
    settle()
    plan = log_world.plan()
    assert (plan.due, plan.considered, plan.fallback, plan.kept_by_reason) == (2, 5, 2, {"not_due": 3})
    execute_plan(log_world.runtime(), plan.plan_id, plan.digest)
    assert log_world.objects() == ["a.log version", "b.log marker", "c.log upload"]
    assert log_world.dispose(as_of=now() + DUE + MINUTE).gone == 3
    assert log_world.objects() == []


@pytest.mark.usefixtures("ahead")
def test_a_hidden_version_goes_before_the_marker_that_hides_it(log_world: LogWorld, settle: Callable[[], None]) -> None:
    log_world.put("a.log", log_world.lines(timedelta(0)))
    log_world.s3.delete_object(Bucket=log_world.bucket, Key="logs/a.log")
    settle()
    summary = log_world.dispose(as_of=now() + DUE + MINUTE)
    assert (summary.gone, log_world.objects()) == (2, [])


@pytest.mark.parametrize(
    ("scope", "kept"),
    [
        pytest.param({"category": "logs"}, {"a.log", "b.log"}, id="category"),
        pytest.param({"tenant_id": "t1"}, {"a.log", "b.log"}, id="any_tenant_may_be_in_it"),
        pytest.param({"person_id": "p1"}, {"a.log", "b.log"}, id="any_person_may_be_in_it"),
        pytest.param({"item": "a.log"}, {"a.log"}, id="one_file"),
        pytest.param({"category": "usage"}, set[str](), id="another_category"),
        pytest.param({"category": "logs", "approved_by": None}, set[str](), id="unapproved"),
    ],
)
def test_a_hold_keeps_what_may_be_meant(store: Store, scope: dict[str, str], kept: set[str]) -> None:
    scope = dict(scope)
    if "item" in scope:
        name = scope.pop("item")
        scope |= {"place": FILES, "item_id": name} if store.is_files else {"place": OBJECTS, "item_id": f"logs/{name}"}
    if scope.get("category") == "usage":
        rule = RULE.replace("logs", "usage").replace("logged", "collected").replace(", granularity: P1D", "")
        rule = rule.replace("after_protection: PT49H", "after_protection: PT6H")
        (store.world.policies / "usage.yaml").write_text(rule)
        with (store.world.datamap_folder / "servers.yaml").open("a") as file:
            file.write(OTHER_PLACE.format(bucket=store.world.bucket))
    store.put("a.log", OLD)
    store.put("b.log", OLD)
    store.settle()
    store.world.hold(**scope)
    store.world.dispose()
    assert store.names() == kept


OTHER_PLACE = """\
  other:
    kind: s3
    category: usage
    role: controller
    owner: Platform Engineering
    connection: log_s3
    bucket: {bucket}
    prefixes: [other/]
"""


@pytest.mark.parametrize(
    ("started_from", "started_before", "is_kept"),
    [
        pytest.param(13 * DAY, 12 * DAY, True, id="inside"),
        pytest.param(20 * DAY, 13 * DAY + 11 * HOUR, True, id="its_beginning"),
        pytest.param(12 * DAY + HOUR, DAY, True, id="its_end"),
        pytest.param(20 * DAY, 14 * DAY, False, id="before_it"),
        pytest.param(12 * DAY - HOUR, DAY, False, id="after_it"),
    ],
)
def test_a_hold_on_a_period_keeps_every_file_that_has_records_of_it(
    store: Store, started_from: timedelta, started_before: timedelta, is_kept: bool
) -> None:
    store.put("a.log", 13 * DAY + 12 * HOUR, 12 * DAY)
    store.settle()
    at = store.world.started_at
    store.world.hold(category="logs", started_from=at - started_from, started_before=at - started_before)
    store.world.dispose()
    assert bool(store.names()) is is_kept


def test_a_hold_that_comes_after_the_plan_keeps_the_file(store: Store) -> None:
    store.put("a.log", OLD)
    store.settle()
    plan = store.world.plan()
    store.world.hold(category="logs")
    summary = execute_plan(store.world.runtime(), plan.plan_id, plan.digest)
    assert (summary.gone, summary.spared, store.names()) == (0, {"legal_hold": 1}, {"a.log"})


def test_a_file_that_grew_since_the_plan_stays(store: Store) -> None:
    store.put("a.log", OLD)
    store.settle()
    plan = store.world.plan()
    store.put("a.log", OLD, timedelta(0))
    summary = execute_plan(store.world.runtime(), plan.plan_id, plan.digest)
    assert store.names() == {"a.log"}
    if store.is_files:
        assert (summary.gone, summary.spared) == (0, {"newer_version": 1})
    else:  # the old version went, the new one is another
        assert (summary.gone, store.world.objects()) == (1, ["a.log version"])


def test_a_file_that_went_meanwhile_is_nobodys_success(store: Store) -> None:
    store.put("a.log", OLD)
    store.settle()
    plan = store.world.plan()
    if store.is_files:
        (store.world.folder / "a.log").unlink()
    else:
        [version] = store.world.s3.list_object_versions(Bucket=store.world.bucket)["Versions"]
        store.world.s3.delete_object(Bucket=store.world.bucket, Key="logs/a.log", VersionId=version["VersionId"])
    summary = execute_plan(store.world.runtime(), plan.plan_id, plan.digest)
    assert (summary.gone, summary.spared) == (0, {"already_gone": 1})


def test_a_file_that_a_program_writes_to_fails_and_stops_no_other(
    log_world: LogWorld, settle: Callable[[], None]
) -> None:
    for name in ("a.log", "b.log"):
        log_world.write(name, log_world.lines(OLD))
    settle()
    with (log_world.folder / "a.log").open("ab"), pytest.raises(PartlyFailedError, match="1 × StillOpen"):
        log_world.dispose()
    assert log_world.files() == ["a.log"]
    assert log_world.dispose().gone == 1


@pytest.mark.usefixtures("ahead")
def test_links_and_what_no_pattern_fits_stay(log_world: LogWorld, tmp_path: Path, settle: Callable[[], None]) -> None:
    outside = tmp_path / "outside.log"
    outside.write_bytes(log_world.lines(OLD))
    log_world.write("notes.txt", log_world.lines(OLD))
    log_world.write("deep/er/a.log.1.gz", gzip.compress(log_world.lines(OLD)))
    (log_world.folder / "link.log").symlink_to(outside)
    settle()
    assert log_world.plan().considered == 1
    assert log_world.dispose(as_of=now() + MINUTE).gone == 1
    assert outside.exists() and log_world.files() == ["link.log", "notes.txt"]


def test_nothing_is_planned_where_the_folder_is_missing(log_world: LogWorld) -> None:
    log_world.folder.rmdir()
    with pytest.raises(StoreUnreadable, match="expected a mounted folder"):
        log_world.plan()


def test_a_rehearsal_removes_nothing_and_counts_what_would_go(store: Store) -> None:
    store.put("a.log", OLD)
    store.put("b.log", YOUNG)
    store.settle()
    summary = store.world.dispose(dry_run=True)
    assert (summary.gone, store.names()) == (1, {"a.log", "b.log"})
    assert store.world.dispose().gone == 1


def test_each_content_is_read_once_and_forgotten_when_it_goes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    place = "retention.stores.directory" if store.is_files else "retention.stores.s3"
    module = __import__(place, fromlist=["read_times"])
    reading = module.read_times
    monkeypatch.setattr(module, "read_times", lambda *a, **k: (read.append(1), reading(*a, **k))[1])
    store.put("a.log", OLD)
    store.put("b.log", YOUNG)
    store.put("broken.log", content=b"\x1f\x8bx")
    store.settle()
    store.world.plan()
    assert len(read) == 3
    store.world.dispose()
    assert len(read) == 4  # what could not be read whole is tried again
    [kept] = store.world.own_sql("SELECT place, oldest, youngest FROM retention.record_times")
    assert kept["oldest"] == kept["youngest"] == store.world.started_at - YOUNG
    store.put("b.log", timedelta(0))
    store.settle()
    store.world.plan()
    assert len(read) == 6


def test_a_killed_run_is_told_from_what_is_left(store: Store) -> None:
    class Killed(BaseException):
        pass

    def die(step: str) -> None:
        if step == "bytes_removed":
            raise Killed

    store.put("a.log", OLD)
    store.settle()
    plan = store.world.plan()
    runtime = store.world.runtime()
    object.__setattr__(runtime, "on_step", die)
    with pytest.raises(Killed):
        execute_plan(runtime, plan.plan_id, plan.digest)
    summary = execute_plan(store.world.runtime(), plan.plan_id, plan.digest)
    assert (summary.gone, summary.recovered, store.names()) == (0, 1, set())


def test_two_places_that_claim_one_file_delete_nothing(log_world: LogWorld, settle: Callable[[], None]) -> None:
    other = MAP[MAP.index("  server_log_files:") :].replace("server_log_files", "more_files").replace("servers", ".")
    path = log_world.datamap_folder / "servers.yaml"
    mapped = path.read_text()
    path.write_text(mapped + other)
    log_world.write("a.log", log_world.lines(OLD))
    settle()
    with pytest.raises(DataMapError, match="shared_files"):
        log_world.plan()
    path.write_text(mapped + other.replace("**/*.log*", "*.log"))
    assert log_world.dispose().gone == 1


def test_a_rule_that_asks_for_more_than_age_is_refused(log_world: LogWorld) -> None:
    rule = RULE.replace("start_points: [", "start_points: [{event: asked, on_request: true, allowed_latency: P3D}, ")
    promises = log_world.policies / "promises.yaml"
    text = promises.read_text()
    logs = text.index("  logs:\n")
    maxima = text.index("      - event: logged", logs)
    promises.write_text(
        text[:maxima] + "      - {event: asked, on_request: true, allowed_latency: P3D}\n" + text[maxima:]
    )
    (log_world.policies / "logs.yaml").write_text(rule)
    with pytest.raises(DataMapError, match=r"unanswerable_rule.*events"):
        log_world.plan()


def test_a_later_instant_never_makes_a_due_file_stay(log_world: LogWorld, settle: Callable[[], None]) -> None:
    for number in range(20):
        log_world.write(f"{number}.log", log_world.lines(number * DAY, (number + 3) * DAY))
    settle()
    due = [log_world.plan(as_of=now() + days * DAY).due for days in (0, 1, 2, 5, 20)]
    assert due == sorted(due) and due[-1] == 20 and due[0] > 0


def test_a_file_with_a_name_that_is_no_text_goes_like_any_other(
    log_world: LogWorld, settle: Callable[[], None]
) -> None:
    log_world.write(os.fsdecode(b"caf\xe9.log"), log_world.lines(OLD))
    settle()
    assert (log_world.dispose().gone, log_world.files()) == (1, [])


def test_the_ledger_and_the_disposed_items_name_no_file(store: Store) -> None:
    store.put("anna.example.log", OLD)
    store.settle()
    assert store.world.dispose().gone == 1
    texts = store.world.own_sql(
        "SELECT body AS text FROM retention.ledger UNION ALL SELECT disposed_items::text FROM retention.disposed_items"
    )
    assert len(texts) > 3 and not [one for one in texts if "anna.example" in one["text"]]


def test_the_plan_is_as_of_the_instant_it_names(log_world: LogWorld, settle: Callable[[], None]) -> None:
    at: datetime = log_world.started_at
    log_world.write("a.log", log_world.lines(DUE))
    settle()
    assert log_world.plan(as_of=at - MINUTE).due == 0
    assert log_world.plan(as_of=at).due == 1
