"""Which file each of today's is among those that the last check saw: what rotation does to them, and what only looks alike."""

from __future__ import annotations

import gzip
import os
import random
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.log_world import FILES
from tests.verification.company import DAY, HOUR, Company, found, reasons
from tests.verification.test_log_files import LIMIT, Logs

from retention.verification import Verdict, log_files

BANNER = b"# server started\n"


@pytest.fixture
def logs(company: Company, tmp_path: Path) -> Logs:
    return Logs(company, tmp_path / "logs")


def _hold(logs: Logs, name: str | None) -> None:
    named = {"place": FILES, "item_id": name} if name is not None else {}
    logs.company.hold(category="logs", **named)


def test_a_file_that_begins_like_a_held_one_is_not_held(logs: Logs) -> None:
    logs.put(FILES, "a.log", logs.lines(20 * DAY, 19 * DAY))
    logs.put(FILES, "b.log", logs.lines(20 * DAY, 19 * DAY, 18 * DAY))
    _hold(logs, "a.log")
    for _ in range(2):
        assert found(logs.check(), FILES) == {"past_cap": 1, "exception_hold": 1}


@pytest.mark.parametrize("held", ["a.log", None], ids=["one_is_held", "both_are_held"])
@pytest.mark.parametrize("is_prefix", [False, True], ids=["alike_at_first", "all_of_it_alike"])
def test_a_file_that_was_seen_beside_the_missing_one_is_not_it(logs: Logs, held: str | None, is_prefix: bool) -> None:
    logs.put(FILES, "a.log", logs.lines(3 * DAY, 2 * DAY))
    logs.put(FILES, "b.log", logs.lines(3 * DAY, 2 * DAY if is_prefix else DAY, HOUR))
    _hold(logs, held)
    assert logs.check().verdict is Verdict.COMPLIANT
    (logs.folder / "a.log").unlink()
    for _ in range(2):
        assert found(logs.check(), FILES) == {"protected_missing": 1}
    logs.put(FILES, "a.log", logs.lines(3 * DAY, 2 * DAY))
    assert found(logs.check(), FILES) == {}


@pytest.mark.parametrize("content", [b"no time here\nnor here\n", BANNER], ids=["undated", "comments_alone"])
def test_a_file_without_any_time_is_known_under_another_name(logs: Logs, content: bytes) -> None:
    logs.put(FILES, "a.log", content)
    _hold(logs, "a.log")
    logs.check()
    (logs.folder / "a.log").rename(logs.folder / "a.log.1")
    for _ in range(2):
        assert "protected_missing" not in found(logs.check(), FILES)
    (logs.folder / "a.log.1").unlink()
    assert found(logs.check(), FILES) == {"protected_missing": 1}


@pytest.mark.parametrize(
    "another", ["mail.log", "worker-1002.log", "elsewhere/worker-1001.log", "other/worker-1001.log.1"]
)
@pytest.mark.parametrize("name", ["worker-1001.log", None], ids=["the_file_is_held", "all_are_held"])
def test_a_file_of_the_same_few_bytes_is_not_the_missing_one(logs: Logs, another: str, name: str | None) -> None:
    held = "one/worker-1001.log" if "/" in another else "worker-1001.log"
    logs.put(FILES, held, BANNER)
    _hold(logs, held if name else None)
    logs.check()
    (logs.folder / held).unlink()
    logs.put(FILES, another, BANNER)
    for _ in range(2):
        result = logs.check()
        assert found(result, FILES)["protected_missing"] == 1 and result.verdict is Verdict.BREACH


@pytest.mark.parametrize(
    "rotated",
    [
        "worker-1001.log.1",
        "worker-1001.log.2.gz",
        "worker-1001-2026-11-23_1000.log",
        "old/2026/worker-1001.log-20261123",
    ],
)
def test_a_file_of_few_bytes_is_known_once_rotated(logs: Logs, rotated: str) -> None:
    logs.put(FILES, "worker-1001.log", BANNER)
    _hold(logs, None)
    logs.check()
    logs.put(FILES, rotated, gzip.compress(BANNER) if rotated.endswith("gz") else BANNER + logs.lines(HOUR))
    (logs.folder / "worker-1001.log").unlink()
    for _ in range(2):
        assert not found(logs.check(), FILES).keys() & {"protected_missing", "protected_shrunk", "memory_lost"}


def test_files_of_one_banner_are_told_apart_by_how_much_is_in_them(logs: Logs) -> None:
    """Each is rotated one further, packed or not; the oldest is removed."""
    names = ["app.log", "app.log.1", "app.log.2"]
    contents = [BANNER * 300 + logs.lines(*[DAY * n] * (9 * n)) for n in (1, 2, 3)]
    for name, content in zip(names, contents, strict=True):
        logs.put(FILES, name, content)
    _hold(logs, None)
    logs.check()
    logs.put(FILES, "app.log.3.gz", gzip.compress(contents[2]))
    logs.put(FILES, "app.log.2", contents[1])
    logs.put(FILES, "app.log.1", contents[0])
    logs.put(FILES, "app.log", BANNER * 300)
    assert not found(logs.check(), FILES).keys() & {"protected_missing", "protected_shrunk", "memory_lost"}
    (logs.folder / "app.log.3.gz").unlink()
    assert found(logs.check(), FILES)["protected_missing"] == 1


@pytest.mark.parametrize("new", ["app.log", "mail.log"])
@pytest.mark.parametrize("held", ["app.log", None], ids=["one_is_held", "all_are_held"])
def test_later_records_behind_the_same_long_banner_are_another_files(logs: Logs, new: str, held: str | None) -> None:
    logs.put(FILES, "app.log", BANNER * 300 + logs.lines(*[3 * DAY] * 50))
    _hold(logs, held)
    for _ in range(2):
        assert logs.check().verdict is Verdict.COMPLIANT
    (logs.folder / "app.log").unlink()
    logs.put(FILES, new, BANNER * 300 + logs.lines(*[HOUR] * 60))
    for _ in range(2):
        result = logs.check()
        assert (found(result, FILES)["protected_missing"], result.verdict) == (1, Verdict.BREACH)


@pytest.mark.parametrize("content", ["an_older_record", "no_times"])
def test_where_the_oldest_record_does_not_tell_a_renamed_file_it_is_unknown(logs: Logs, content: str) -> None:
    before, after = {
        "an_older_record": (logs.lines(*[3 * DAY] * 50), logs.lines(*[4 * DAY] * 60)),
        "no_times": (b"", BANNER * 100),
    }[content]
    logs.put(FILES, "app.log", BANNER * 300 + before)
    _hold(logs, None)
    for _ in range(2):
        assert logs.check().verdict is Verdict.COMPLIANT
    (logs.folder / "app.log").unlink()
    logs.put(FILES, "mail.log", BANNER * 300 + after)
    result = logs.check()
    assert (reasons(result, "memory_lost"), result.verdict) == ({"oldest_record_differs": 1}, Verdict.UNKNOWN)


@pytest.mark.parametrize("late", ["a_later_record", "an_older_record", "a_clock_ahead"])
def test_a_file_that_goes_on_behind_its_banner_is_itself(logs: Logs, late: str) -> None:
    """A time ahead of now, as of local time without its zone, is cut to now at each check."""
    first = logs.lines(-HOUR / 2) if late == "a_clock_ahead" else logs.lines(DAY)
    logs.put(FILES, "app.log", BANNER * 300 + first)
    _hold(logs, None)
    logs.check()
    after = {"a_later_record": HOUR, "an_older_record": 2 * DAY, "a_clock_ahead": -HOUR / 2}[late]
    logs.put(FILES, "app.log", BANNER * 300 + first + logs.lines(after))
    for _ in range(2):
        assert not found(logs.check(), FILES).keys() & {"protected_missing", "protected_shrunk", "memory_lost"}


def test_more_files_that_begin_alike_than_are_sought_are_no_proof(logs: Logs) -> None:
    content = logs.lines(*[20 * DAY] * 50)
    logs.put(FILES, "a.log", content)
    _hold(logs, "a.log")
    logs.check()
    (logs.folder / "a.log").unlink()
    for name in ("b.log", "c.log"):
        logs.put(FILES, name, content)
    result = logs.check()
    assert reasons(result, "memory_lost") == {"files_begin_alike": 1}
    assert result.verdict is Verdict.BREACH and found(result, FILES)["past_cap"] == 1


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        pytest.param(lambda packed: packed[: len(packed) // 10], "protected_shrunk", id="cut"),
        pytest.param(lambda packed: packed[:-8], "memory_lost", id="without_its_sum"),
        pytest.param(lambda packed: packed[:-4] + b"\0\0\0\0", "memory_lost", id="with_another_sum"),
    ],
)
def test_a_held_packed_file_that_is_damaged_is_missed(logs: Logs, damage: Callable[[bytes], bytes], kind: str) -> None:
    some = random.Random(20261123)
    line = logs.lines(2 * DAY).rstrip(b"\n")
    packed = gzip.compress(b"".join(b"%s %s\n" % (line, some.randbytes(20).hex().encode()) for _ in range(5000)))
    logs.put(FILES, "a.log.1.gz", packed)
    _hold(logs, None)
    assert logs.check().verdict is Verdict.COMPLIANT
    logs.put(FILES, "a.log.1.gz", damage(packed))
    for _ in range(2):
        result = logs.check()
        assert found(result, FILES)[kind] == 1 and result.verdict is not Verdict.COMPLIANT


def test_a_held_file_that_was_cut_to_its_first_record_is_missed(logs: Logs) -> None:
    logs.put(FILES, "a.log", logs.lines(3 * DAY, 2 * DAY, DAY))
    _hold(logs, None)
    logs.check()
    logs.put(FILES, "a.log", logs.lines(3 * DAY) + b"\0\n")
    for _ in range(2):
        assert found(logs.check(), FILES)["protected_shrunk"] == 1


def test_what_an_older_version_remembered_otherwise_is_unknown_once(logs: Logs) -> None:
    logs.put(FILES, "a.log", logs.lines(3 * DAY))
    _hold(logs, None)
    logs.check()
    logs.company.own_sql("DELETE FROM retention.seen_files")
    result = logs.check()
    assert (reasons(result, "memory_lost"), result.verdict) == ({"files_known_otherwise": 1}, Verdict.UNKNOWN)
    assert logs.check().verdict is Verdict.COMPLIANT


class Rotation:
    """Rotates `app.log` and those before it once the first file has been opened."""

    def __init__(self, logs: Logs, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder, self._open, self.times = logs.folder, log_files._opened, 0
        self.ends_after, self.written_at = 1, logs.now.timestamp()
        monkeypatch.setattr(log_files, "_opened", self._opened)

    def _opened(self, check: object, name: str, directory: int) -> int | None:
        file = self._open(check, name, directory)  # type: ignore[arg-type]
        if self.times < self.ends_after and name.startswith("app.log"):
            self.times += 1
            for number in range(self.times + 2, 0, -1):
                one = self._folder / (f"app.log.{number - 1}" if number > 1 else "app.log")
                one.rename(self._folder / f"app.log.{number}")
            (self._folder / "app.log").write_bytes(b"%d new\n" % self.times)
            os.utime(self._folder / "app.log", (self.written_at, self.written_at))
        return file


@pytest.fixture
def rotating(logs: Logs, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Rotation]:
    for number, age in enumerate((DAY, 2 * DAY, LIMIT + DAY)):
        name = f"app.log.{number}".removesuffix(".0")
        logs.put(FILES, name, logs.lines(age))
        written = (logs.now - age).timestamp()
        os.utime(logs.folder / name, (written, written))
    return lambda: Rotation(logs, monkeypatch)


def test_a_file_that_rotation_moves_behind_the_listing_is_read(logs: Logs, rotating: Callable[[], Rotation]) -> None:
    rotating()
    result = logs.check()
    assert (found(result, FILES)["past_cap"], result.counts["parts"] >= 3) == (1, True)


def test_held_files_that_are_rotated_while_they_are_read_are_not_missing(
    logs: Logs, rotating: Callable[[], Rotation]
) -> None:
    _hold(logs, None)
    logs.check()
    rotating()
    for _ in range(2):
        assert not found(logs.check(), FILES).keys() & {"protected_missing", "protected_shrunk", "memory_lost"}


def test_a_folder_in_which_rotation_never_ends_is_unknown(logs: Logs, rotating: Callable[[], Rotation]) -> None:
    rotation = rotating()
    rotation.ends_after, rotation.written_at = 1000, 1e9
    result = logs.check()
    assert found(result, FILES)["unreadable_place"] == 1
    assert "other names" in result.explanations[FILES]


def test_a_folder_in_which_files_are_written_all_the_time_is_read(logs: Logs, monkeypatch: pytest.MonkeyPatch) -> None:
    logs.put(FILES, "old.log", logs.lines(LIMIT + DAY))
    opened = log_files._opened

    def writing(*file: Any) -> int | None:
        logs.put(FILES, f"{secrets.token_hex(4)}.log", logs.lines(HOUR))
        return opened(*file)

    monkeypatch.setattr(log_files, "_opened", writing)
    assert found(logs.check(), FILES) == {"past_cap": 1}
