"""Log objects and log files, checked on a real S3 server and a real folder, as the verifying identity sees them."""

from __future__ import annotations

import gzip
import json
import os
import random
import secrets
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from tests.log_world import DUE, FILES, MAP, OBJECTS, RULE, LogWorld
from tests.rotated_names import IS_NOT, MAY_BE
from tests.verification.company import DAY, HASHER, HOUR, Company, found, reasons
from tests.world import postgres_connection

from retention.connections import Connection, parse
from retention.settings import INCLUDE
from retention.verification import CheckResult, Verdict, verify
from retention.verification.bucket_client import open_client
from retention.verification.file_names import names_once_had

MINUTE = timedelta(minutes=1)
LIMIT = 14 * DAY


class Logs:
    """One bucket and one folder with logs of their own map; the same acts on both."""

    def __init__(self, company: Company, folder: Path) -> None:
        self.company = company
        self.now = company.now
        self.folder = folder / "mounted" / "servers"
        self.folder.mkdir(parents=True)
        self.path = self.folder.parent
        self.policies, self.datamap = folder / "policies", folder / "map"
        for one in (self.policies, self.datamap):
            one.mkdir()
        (self.policies / "promises.yaml").write_bytes((INCLUDE / "policies" / "promises.yaml").read_bytes())
        (self.policies / "logs.yaml").write_text(RULE, encoding="utf-8")
        (self.datamap / "servers.yaml").write_text(MAP.replace("BUCKET", company.bucket), encoding="utf-8")
        self.connections: dict[str, Connection] = {
            **company.connections,
            "log_s3_verify": company.connections["company_s3_verify"],
            "log_files_verify": parse(
                "log_files_verify", json.dumps({"conn_type": "fs", "extra": {"path": str(self.path)}})
            ),
        }

    def lines(self, *ages: timedelta) -> bytes:
        return b"".join(f"{(self.now - age).isoformat()} INFO served\n".encode() for age in ages)

    def put(self, place: str, name: str, content: bytes) -> None:
        if place == FILES:
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_bytes(content)
        else:
            self.company.s3.put_object(Bucket=self.company.bucket, Key=f"logs/{name}", Body=content)

    def check(self, as_of: Any = None) -> CheckResult:
        return verify(
            ["logs"],
            as_of=as_of,
            resolve=self.connections.__getitem__,
            policies=self.policies,
            datamap=self.datamap,
            own_conninfo=self.company.own_as_verify,
            hasher=HASHER,
        )


@pytest.fixture
def logs(company: Company, tmp_path: Path) -> Logs:
    return Logs(company, tmp_path / secrets.token_hex(4))


@pytest.fixture(params=[OBJECTS, FILES])
def place(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_file_is_past_its_limit_by_its_oldest_record(logs: Logs, place: str) -> None:
    logs.put(place, "exactly.log", logs.lines(LIMIT))
    logs.put(place, "inside.log", logs.lines(LIMIT - MINUTE, DAY))
    assert found(logs.check(logs.now), place) == {}
    logs.put(place, "beyond.log", logs.lines(LIMIT + MINUTE))
    logs.put(place, "packed.log.gz", gzip.compress(logs.lines(LIMIT + DAY)))
    logs.put(place, "too_wide.log", logs.lines(DAY, LIMIT + DAY))
    result = logs.check(logs.now)
    assert (found(result, place), result.verdict) == ({"past_cap": 3}, Verdict.BREACH)


def test_names_and_dates_say_nothing(logs: Logs) -> None:
    logs.put(FILES, "2019-01-01.log", logs.lines(DAY))
    logs.put(FILES, "today.log", logs.lines(LIMIT + DAY))
    os.utime(logs.folder / "2019-01-01.log", (1, 1))
    stamp = (logs.now + 900 * DAY).timestamp()
    os.utime(logs.folder / "today.log", (stamp, stamp))
    for name, age, stated in (
        ("2019/01/01.log", DAY, "2019-01-01T00:00:00Z"),
        ("now.log", 15 * DAY, logs.now.isoformat()),
    ):
        logs.company.s3.put_object(
            Bucket=logs.company.bucket, Key=f"logs/{name}", Body=logs.lines(age), Metadata={"recorded-at": stated}
        )
    result = logs.check()
    assert (found(result, FILES), found(result, OBJECTS)) == ({"past_cap": 1}, {"past_cap": 1})


def test_a_date_of_a_file_that_is_none_gives_no_year_and_no_age(logs: Logs) -> None:
    written = logs.now - DAY
    logs.put(FILES, "syslog.log", f"{written:%b} {written.day:2} {written:%H:%M:%S} host x\n".encode())
    logs.put(FILES, "text.log", b"no time at all\n")
    for name in ("syslog.log", "text.log"):
        os.utime(logs.folder / name, (0, 0))
    assert found(logs.check(), FILES) == {"fallback_dated": 1, "oldest_unknown": 1}


def test_every_version_counts_and_markers_and_uploads_are_dated_by_the_store(logs: Logs) -> None:
    logs.put(OBJECTS, "a.log", logs.lines(LIMIT + DAY))
    logs.put(OBJECTS, "a.log", logs.lines(DAY))
    logs.company.s3.delete_object(Bucket=logs.company.bucket, Key="logs/b.log")
    logs.company.s3.create_multipart_upload(Bucket=logs.company.bucket, Key="logs/c.log")
    result = logs.check()
    assert found(result, OBJECTS) == {"past_cap": 1}
    assert reasons(result, "past_cap") == {"noncurrent_version": 1}
    later = logs.check(logs.now + LIMIT + HOUR)
    assert found(later, OBJECTS) == {"past_cap": 3}


@pytest.mark.parametrize(
    ("content", "kinds"),
    [
        pytest.param(b"", {}, id="empty"),
        pytest.param(b"no time at all\n", {"fallback_dated": 1, "oldest_unknown": 1}, id="no_time"),
        pytest.param(b"\x1f\x8b\x08\x00broken", {"undated": 1, "fallback_dated": 1}, id="broken_gz"),
        pytest.param(bytes(range(256)) * 100, {"undated": 1, "fallback_dated": 1}, id="binary"),
        pytest.param(
            b"2999-01-01T00:00:00Z x\n", {"fallback_dated": 1, "future_dated": 1, "oldest_unknown": 1}, id="future"
        ),
        pytest.param(b"#Version: 1.0\n", {"fallback_dated": 1}, id="comments_alone"),
    ],
)
def test_what_says_no_age_is_said(logs: Logs, place: str, content: bytes, kinds: dict[str, int]) -> None:
    logs.put(place, "a.log", content)
    assert found(logs.check(), place) == kinds


def test_a_file_that_goes_on_is_no_younger_than_what_it_begins_with(logs: Logs, place: str) -> None:
    """What was written last dates the youngest record alone, here as in the store."""
    unread = f"{logs.now - LIMIT - 40 * DAY:%d/%m/%y %H:%M:%S} served\n".encode()
    logs.put(place, "a.log", unread * 100 + logs.lines(HOUR))
    result = logs.check()
    assert (found(result, place), result.verdict) == ({"fallback_dated": 1, "oldest_unknown": 1}, Verdict.UNKNOWN)
    logs.put(place, "a.log", logs.lines(HOUR) + unread * 100)
    assert "oldest_unknown" not in found(logs.check(), FILES)
    logs.put(place, "a.log", unread + logs.lines(LIMIT + HOUR))
    assert "past_cap" in found(logs.check(), place)


@pytest.mark.parametrize(
    "form",
    [
        'time="{at:%Y-%m-%dT%H:%M:%SZ}" level=info',
        "{at:%d-%b-%Y %H:%M:%S}.123 INFO [main] x",
        "{at:%d.%m.%Y %H:%M:%S} INFO x",
        '{{"Records": [{{"eventTime": "{at:%Y-%m-%dT%H:%M:%SZ}"}}]}}',
        "I{at:%m%d %H:%M:%S}.000001 1 main.go:1] x",
    ],
)
def test_old_records_of_many_forms_are_past_their_limit(logs: Logs, place: str, form: str) -> None:
    old = form.format(at=logs.now - LIMIT - DAY).encode()
    logs.put(place, "a.log", old + b"\n" + logs.lines(HOUR))
    assert found(logs.check(), place) == {"past_cap": 1}


def test_a_record_in_the_future_beside_others_is_a_finding_and_hides_no_age(logs: Logs, place: str) -> None:
    logs.put(place, "a.log", logs.lines(LIMIT + DAY, -9 * DAY))
    assert found(logs.check(), place) == {"past_cap": 1, "future_dated": 1}


def test_of_a_damaged_file_what_can_be_read_counts(logs: Logs, place: str) -> None:
    logs.put(place, "a.log", gzip.compress(logs.lines(LIMIT + DAY, DAY))[:-5])
    assert found(logs.check(), place) == {"past_cap": 1, "fallback_dated": 1}


def test_a_date_of_the_store_makes_what_says_none_go_past_its_limit(logs: Logs, place: str) -> None:
    logs.put(place, "a.log", b"no time at all\n")
    assert found(logs.check(logs.now + LIMIT + HOUR), place) == {"past_cap": 1, "fallback_dated": 1}


def test_a_held_file_is_an_exception_and_no_breach(logs: Logs, place: str) -> None:
    logs.put(place, "a.log", logs.lines(LIMIT + DAY))
    logs.company.hold(category="logs")
    assert found(logs.check(), place) == {"exception_hold": 1}


@pytest.mark.parametrize(
    ("started_from", "started_before", "is_held"),
    [
        pytest.param(20 * DAY, 18 * DAY, True, id="its_beginning"),
        pytest.param(16 * DAY, DAY, True, id="its_end"),
        pytest.param(17 * DAY, 16 * DAY + HOUR, True, id="between_its_records"),
        pytest.param(30 * DAY, 19 * DAY, False, id="before_it"),
        pytest.param(14 * DAY, DAY, False, id="after_it"),
    ],
)
def test_a_hold_on_a_period_holds_every_file_that_has_records_of_it(
    logs: Logs, place: str, started_from: timedelta, started_before: timedelta, is_held: bool
) -> None:
    logs.put(place, "a.log", logs.lines(18 * DAY + HOUR, 15 * DAY))
    logs.company.hold(category="logs", started_from=logs.now - started_from, started_before=logs.now - started_before)
    assert found(logs.check(), place) == ({"exception_hold": 1} if is_held else {"past_cap": 1})


def test_a_hold_on_an_earlier_period_may_mean_a_file_with_lines_of_any_age(logs: Logs, place: str) -> None:
    logs.put(place, "some.log", logs.lines(LIMIT + DAY) + b"user anna logged in\n")
    logs.put(place, "none.log", logs.lines(LIMIT + DAY))
    logs.company.hold(category="logs", started_from=logs.now - 400 * DAY, started_before=logs.now - 300 * DAY)
    assert found(logs.check(), place) == {"kept_in_doubt": 1, "past_cap": 1}


def test_a_hold_on_this_week_means_an_old_file_that_went_on_in_it(logs: Logs, place: str) -> None:
    """What continues an old record, and was stored long after it, may be a record of then."""
    logs.put(place, "went_on.log", logs.lines(LIMIT + DAY) + b"Traceback (most recent call last):\nValueError: x\n\n")
    logs.put(place, "returns.log", logs.lines(LIMIT + DAY, HOUR).replace(b"\n", b"\r"))
    logs.put(place, "old.log", logs.lines(LIMIT + DAY) + b"  at frame\n" + logs.lines(LIMIT + DAY - HOUR))
    logs.company.hold(category="logs", started_from=logs.now - 7 * DAY, started_before=logs.now + DAY)
    assert found(logs.check(), place) == {"exception_hold": 2, "past_cap": 1}


def test_a_held_file_that_vanishes_is_a_breach_and_one_that_was_rotated_is_not(logs: Logs) -> None:
    for name in ("stays.log", "goes.log", "rotated.log"):
        logs.put(FILES, name, logs.lines(3 * DAY + len(name) * HOUR))
    logs.company.hold(category="logs")
    logs.check()
    (logs.folder / "rotated.log").rename(logs.folder / "rotated.log.1")
    packed = gzip.compress((logs.folder / "rotated.log.1").read_bytes() + logs.lines(DAY))
    (logs.folder / "rotated.log.1").unlink()
    logs.put(FILES, "rotated.log.1.gz", packed)
    (logs.folder / "goes.log").unlink()
    assert found(logs.check(), FILES) == {"protected_missing": 1}


def test_a_file_that_is_held_by_its_name_is_still_known_when_it_is_rotated(logs: Logs) -> None:
    logs.put(FILES, "app.log", logs.lines(LIMIT + DAY))
    logs.company.hold(category="logs", place=FILES, item_id="app.log")
    assert found(logs.check(), FILES) == {"exception_hold": 1}
    (logs.folder / "app.log").rename(logs.folder / "app.log.1")
    logs.put(FILES, "app.log", logs.lines(HOUR))
    logs.put(FILES, "app.log.2", logs.lines(LIMIT + 2 * DAY))
    logs.put(FILES, "app2.log", logs.lines(LIMIT + 3 * DAY))
    assert found(logs.check(), FILES) == {"exception_hold": 1, "kept_in_doubt": 1, "past_cap": 1}
    (logs.folder / "app.log.1").unlink()
    assert found(logs.check(), FILES)["protected_missing"] == 1


def test_a_hold_follows_a_file_that_rotation_gives_to_another_place(logs: Logs) -> None:
    path = logs.datamap / "servers.yaml"
    other = MAP[MAP.index("  server_log_files:") :].replace("server_log_files", "rotated_log_files")
    other = other.replace("folder: servers", "folder: servers/old").replace("**/*.log*", "*")
    path.write_text(MAP.replace("BUCKET", logs.company.bucket).replace("**/*.log*", "*.log") + other)
    logs.put(FILES, "old/app.log.1", logs.lines(LIMIT + DAY))
    logs.put(FILES, "old/web.log.1", logs.lines(LIMIT + DAY))
    logs.company.hold(category="logs", place=FILES, item_id="app.log")
    assert found(logs.check(), "rotated_log_files") == {"kept_in_doubt": 1, "past_cap": 1}


@pytest.mark.parametrize(("held", "now"), MAY_BE)
def test_a_file_may_be_the_one_that_had_another_name(held: str, now: str) -> None:
    assert list(names_once_had(now, [held, "another"])) == [held]


@pytest.mark.parametrize(("held", "now"), IS_NOT)
def test_a_file_that_can_not_be_it_is_another(held: str, now: str) -> None:
    assert list(names_once_had(now, [held])) == []


def test_a_missing_folder_makes_the_place_unknown_and_not_empty(logs: Logs) -> None:
    logs.folder.rmdir()
    result = logs.check()
    assert found(result, FILES) == {"unreadable_place": 1}
    assert "mounted folder" in result.explanations[FILES]


def test_a_volume_that_is_not_mounted_makes_the_place_unknown(logs: Logs) -> None:
    extra = {"path": str(logs.path), "mount": True}
    logs.connections["log_files_verify"] = parse("log_files_verify", json.dumps({"conn_type": "fs", "extra": extra}))
    assert found(logs.check(), FILES) == {"unreadable_place": 1}


def test_a_folder_that_is_reached_by_a_link_is_read(logs: Logs) -> None:
    logs.put(FILES, "a.log", logs.lines(LIMIT + DAY))
    logs.folder.rename(logs.path / "elsewhere")
    logs.folder.symlink_to(logs.path / "elsewhere", target_is_directory=True)
    assert found(logs.check(), FILES) == {"past_cap": 1}


def test_links_pipes_and_what_no_pattern_fits_are_no_files_of_the_place(logs: Logs, tmp_path: Path) -> None:
    (tmp_path / "outside.log").write_bytes(logs.lines(LIMIT + DAY))
    (logs.folder / "link.log").symlink_to(tmp_path / "outside.log")
    os.mkfifo(logs.folder / "pipe.log")
    logs.put(FILES, "notes.txt", logs.lines(LIMIT + DAY))
    assert found(logs.check(), FILES) == {}


def test_refused_content_makes_the_place_unknown(logs: Logs, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(**_: Any) -> AWSResponse:
        body = b"<Error><Code>AccessDenied</Code><Message>logs/secret.log</Message></Error>"
        return AWSResponse("http://injected", 403, {"Content-Type": "application/xml"}, Raw(body))

    def without_content(connection: Connection) -> Any:
        client = open_client(connection)
        client.meta.events.register("before-send.s3.GetObject", refused)
        return client

    logs.put(OBJECTS, "secret.log", logs.lines(DAY))
    monkeypatch.setattr("retention.verification.reading.open_client", without_content)
    result = logs.check()
    assert found(result, OBJECTS) == {"unreadable_place": 1}
    assert "AccessDenied" in result.explanations[OBJECTS] and "secret" not in result.explanations[OBJECTS]


class Raw:
    """What urllib3 would hand to botocore."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def stream(self, **_: Any) -> list[bytes]:
        return [self.body]


def test_what_lies_beside_the_place_in_its_bucket_is_unmapped(logs: Logs) -> None:
    logs.company.s3.put_object(Bucket=logs.company.bucket, Key="other/a.log", Body=b"x")
    assert found(logs.check())["unmapped_prefix"] == 1


def test_what_disposal_leaves_is_no_breach_unless_it_reaches_too_far(logs: Logs, bucket: Any) -> None:
    """Both sides on the same files, of random ages and forms: what stays past its limit is what can't go in one piece."""
    any_way = random.Random(20261123)
    too_wide = dict.fromkeys((OBJECTS, FILES), 0)
    for number in range(40):
        ages = [any_way.uniform(0, 30) * DAY for _ in range(any_way.randint(1, 3))]
        place = any_way.choice((OBJECTS, FILES))
        content = logs.lines(*ages)
        logs.put(place, f"{number}.log", gzip.compress(content) if any_way.random() < 0.5 else content)
        too_wide[place] += max(ages) > LIMIT and min(ages) < DUE
    company = logs.company
    world = LogWorld(
        company.own, company.bucket, company.s3, logs.path, logs.policies, logs.datamap,
        logs.connections | {
            "log_s3": parse("log_s3", bucket.server.airflow_connection("disposal")),
            "log_files": logs.connections["log_files_verify"],
            "retention_db": postgres_connection("retention_db", company.own),
        },
    )  # fmt: skip
    world.set_mode("enforce")
    time.sleep(1.1)  # what was stored in the plan's own second stays
    before = logs.check()
    summary = world.dispose()
    after = logs.check()
    assert summary.gone > 10 and min(too_wide.values()) > 2
    for place in (OBJECTS, FILES):
        assert found(before, place)["past_cap"] > too_wide[place]
        assert found(after, place) == {"past_cap": too_wide[place]}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_may_not_be_read_makes_the_place_unknown_and_hides_no_breach(company: Company, what: str) -> None:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as readable:
        Path(readable).chmod(0o755)
        logs = Logs(company, Path(readable) / "logs")
        logs.put(FILES, "old.log", logs.lines(LIMIT + DAY))
        logs.put(FILES, "app/secret.log", logs.lines(DAY))
        logs.check()  # everything that is needed has been read once
        (logs.folder / "app" / ("secret.log" if what == "file" else ".")).chmod(0)
        os.seteuid(65534)
        try:
            result = logs.check()
        finally:
            os.seteuid(0)
    assert found(result, FILES) == {"unreadable_place": 1, "past_cap": 1}
    assert "secret" not in result.explanations[FILES]
