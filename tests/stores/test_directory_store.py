"""Files on a real file system: what their names, links, dates and writers may do to a store of files."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.stores.places import FAR_FUTURE, DirectoryPlace, shown

from retention.errors import StoreUnreadable
from retention.file_patterns import compile_patterns, key_of, name_of
from retention.stores.directory import DirectoryStore
from retention.stores.protocol import PartKind, Removal, RemovalResult, StoredPart, Target
from retention.stores.record_times import RecordTimes

NEWER, ABSENT = RemovalResult(Removal.NEWER, 0), RemovalResult(Removal.ABSENT, 0)
REMOVED = RemovalResult(Removal.REMOVED, 1)
OLD = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LINE = b"2026-01-02T03:04:05Z x\n"


@pytest.fixture
def place(directory_place: DirectoryPlace) -> DirectoryPlace:
    return directory_place


def only_part(place: DirectoryPlace) -> StoredPart:
    [part] = place.store.scan()
    return part


def remove(place: DirectoryPlace, *targets: Target) -> list[RemovalResult]:
    results = place.store.remove(targets, stored_before=FAR_FUTURE)
    return [results[target] for target in targets]


def now() -> datetime:
    return datetime.now(UTC)


def read(place: DirectoryPlace, part: StoredPart) -> RecordTimes | None:
    store = place.store
    assert isinstance(store, DirectoryStore)
    return store.times_of([part], now=now()).get(part)


def test_only_files_that_fit_the_patterns_are_listed_shown_and_removed(place: DirectoryPlace) -> None:
    for key in ("a.log", "app/b.log", "app/b.txt"):
        place.put(key)
    logs = DirectoryStore(place.root, compile_patterns(["**/*.log"]))
    assert sorted(part.key for part in logs.scan()) == ["a.log", "app/b.log"]
    assert shown(logs, ["app/b.txt"]) == []
    assert logs.remove([Target("app/b.txt")], stored_before=FAR_FUTURE) == {
        Target("app/b.txt"): RemovalResult(Removal.FAILED, 0, "OutsidePlace")
    }
    assert (place.root / "app/b.txt").exists()


def test_a_file_is_one_part_with_its_size_and_the_kernels_date(place: DirectoryPlace) -> None:
    before = place.pause()
    place.put("a.log")
    part = only_part(place)
    assert (part.kind, part.is_latest, part.size_bytes) == (PartKind.FILE, True, 29)
    assert part.stored_at is not None and before <= part.stored_at <= place.pause()


@pytest.mark.parametrize("path", ["gone", "a.log"], ids=["missing", "no_folder"])
def test_a_root_that_is_no_folder_is_unreadable_and_never_empty(place: DirectoryPlace, path: str) -> None:
    place.put("a.log")
    store = DirectoryStore(place.root / path, compile_patterns(["**/*"]))
    for call in (
        store.check,
        lambda: list(store.scan()),
        lambda: list(store.parts_of(["x"])),
        lambda: store.remove([Target("x")], stored_before=FAR_FUTURE),
        store.clock,
    ):
        with pytest.raises(StoreUnreadable, match="expected a mounted folder") as raised:
            call()
        assert raised.value.__context__ is None


def test_a_folder_that_is_lost_while_it_is_listed_does_not_end_the_listing(place: DirectoryPlace) -> None:
    for number in range(50):
        place.put(f"{number}/a.log")
    seen = 0
    for _ in place.store.scan():
        seen += 1
        if seen == 1:
            for folder in place.root.iterdir():
                shutil.rmtree(folder)
    assert 1 <= seen <= 50


def as_nobody(action: str, root: Path) -> str:
    """What another user is told, in a process of its own: root may read everything."""
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from retention.stores.directory import DirectoryStore\n"
        "from retention.stores.protocol import Target\n"
        "from retention.errors import StoreUnreadable\n"
        "from datetime import datetime, UTC\n"
        "os.setgid(65534); os.setuid(65534)\n"
        f"store = DirectoryStore(Path({str(root)!r}), lambda key: True)\n"
        "far = datetime(2999, 1, 1, tzinfo=UTC)\n"
        f"try: print({action})\n"
        "except StoreUnreadable as error: print('unreadable', error.code, 'secret' in str(error))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ | {"HOME": "/"}
    )  # fmt: skip
    return done.stdout.strip()


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Path]:
    """A folder that every user can reach."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


def test_a_folder_that_may_not_be_read_makes_the_place_unreadable(shared: Path) -> None:
    (shared / "secret").mkdir(mode=0o700)
    (shared / "a.log").write_bytes(LINE)
    assert as_nobody("sorted(part.key for part in store.scan())", shared) == "unreadable EACCES False"
    assert as_nobody("list(store.parts_of(['secret/x']))", shared) == "unreadable EACCES False"


def test_a_file_that_may_not_be_read_is_listed_and_counts_as_unread(shared: Path) -> None:
    (shared / "a.log").write_bytes(LINE)
    (shared / "a.log").chmod(0o600)
    assert as_nobody("[t.unread for t in store.times_of(list(store.scan()), now=far).values()]", shared) == "[True]"


def test_a_file_in_a_folder_that_may_not_be_written_stays_and_says_why(shared: Path) -> None:
    (shared / "a.log").write_bytes(LINE)
    shared.chmod(0o755)
    told = as_nobody(
        "[(r.outcome.value, r.error_code) for r in store.remove([Target('a.log')], stored_before=far).values()]", shared
    )
    assert told == "[('failed', 'EACCES')]"
    assert as_nobody("abs(store.clock().timestamp() - __import__('time').time()) < 1", shared) == "True"


def test_links_are_never_followed_and_never_files(place: DirectoryPlace, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.log").write_bytes(LINE)
    place.put("a.log")
    (place.root / "file.log").symlink_to(outside / "secret.log")
    (place.root / "current.log").symlink_to("a.log")
    (place.root / "folder").symlink_to(outside, target_is_directory=True)
    (place.root / "loop").symlink_to(place.root, target_is_directory=True)
    keys = ["file.log", "current.log", "folder/secret.log", "loop/a.log", "../outside/secret.log"]
    assert [part.key for part in place.store.scan()] == ["a.log"]
    assert shown(place.store, keys) == []
    assert remove(place, *map(Target, keys)) == [ABSENT] * len(keys)
    assert (outside / "secret.log").exists() and (place.root / "a.log").exists()


def test_a_folder_that_becomes_a_link_leads_nowhere(place: DirectoryPlace, tmp_path: Path) -> None:
    part_id = place.put("app/a.log")
    (place.root / "app").rename(tmp_path / "elsewhere")
    (place.root / "app").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert remove(place, Target("app/a.log", part_id), Target("app/a.log")) == [ABSENT, ABSENT]
    assert (tmp_path / "elsewhere/a.log").exists()


def test_pipes_and_sockets_are_no_files_and_block_nothing(place: DirectoryPlace) -> None:
    os.mkfifo(place.root / "pipe.log")
    assert list(place.store.scan()) == []
    assert remove(place, Target("pipe.log")) == [ABSENT]


@pytest.mark.parametrize(
    "key", ["", "/etc/passwd", "a/../../x", "./a.log", "a.log/", "a//b", "a\0b", "\ud800", "x" * 300]
)
def test_a_key_that_no_file_can_have_removes_nothing(place: DirectoryPlace, key: str) -> None:
    place.put("a.log")
    assert shown(place.store, [key]) == []
    [result] = remove(place, Target(key))
    assert result == ABSENT or result.error_code == "OutsidePlace"
    assert (place.root / "a.log").exists()


@pytest.mark.parametrize(
    "name", [b"caf\xe9.log", "caf\u00e9.log".encode(), "\U0010ffe9".encode(), b"\xff\xfe", b"\xf4\x8f\xbf\xbf\xe9"]
)
def test_a_name_that_is_no_text_is_kept_as_one(place: DirectoryPlace, name: bytes) -> None:
    path = place.root / os.fsdecode(name)
    path.write_bytes(LINE)
    part = only_part(place)
    part.key.encode()  # a database takes it
    assert shown(place.store, [part.key]) == [(part.key, part.part_id)]
    assert remove(place, Target(part.key, part.part_id)) == [REMOVED]
    assert not path.exists()


@given(st.binary(min_size=1, max_size=12))
def test_every_name_has_one_key_and_comes_back(name: bytes) -> None:
    key = key_of(os.fsdecode(name))
    assert name_of(key) == name
    assert key.encode().decode() == key


@given(st.text(st.characters(exclude_categories=["Cs"], max_codepoint=0x10FF00)))
def test_a_name_that_is_text_is_its_own_key(name: str) -> None:
    assert key_of(name) == name


@pytest.mark.parametrize("carried", [timedelta(days=-900), timedelta(days=900)], ids=["backdated", "postdated"])
def test_the_files_own_date_can_lie_and_the_kernels_can_not(place: DirectoryPlace, carried: timedelta) -> None:
    before = place.pause()
    place.put("a.log")
    stated = (before + carried).replace(microsecond=0)
    os.utime(place.root / "a.log", (stated.timestamp(), stated.timestamp()))
    part = only_part(place)
    assert part.stored_at is not None and part.stored_at >= before
    assert place.store.stated_at([part]) == {part: stated}
    assert read(place, part) == RecordTimes(OLD, OLD, 1)


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(LINE)


def overwrite_alike(path: Path) -> None:
    """Other content of the same size, with the date that the file had."""
    kept = path.stat()
    path.write_bytes(b"x" * kept.st_size)
    os.utime(path, ns=(kept.st_atime_ns, kept.st_mtime_ns))


def rename_over(path: Path) -> None:
    other = path.with_suffix(".new")
    other.write_bytes(LINE)
    other.rename(path)


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        pytest.param(append, Removal.NEWER, id="grown"),
        pytest.param(overwrite_alike, Removal.NEWER, id="same_size_and_date"),
        pytest.param(rename_over, Removal.ABSENT, id="replaced_by_another_file"),
        pytest.param(Path.unlink, Removal.ABSENT, id="gone"),
    ],
)
def test_exactly_what_was_listed_goes_or_nothing(place: DirectoryPlace, change: object, outcome: Removal) -> None:
    part_id = place.put("a.log")
    place.pause()
    assert callable(change)
    change(place.root / "a.log")
    left = shown(place.store, ["a.log"])
    assert remove(place, Target("a.log", part_id)) == [RemovalResult(outcome, 0)]
    assert shown(place.store, ["a.log"]) == left


def test_what_was_written_since_the_plan_stays_whole(place: DirectoryPlace) -> None:
    place.put("a.log")
    planned = place.pause()
    append(place.root / "a.log")
    assert place.store.remove([Target("a.log")], stored_before=planned) == {Target("a.log"): NEWER}
    assert (place.root / "a.log").read_bytes().count(b"\n") == 2


def test_a_file_that_a_program_writes_to_stays_until_it_is_closed(place: DirectoryPlace) -> None:
    target = Target("a.log", place.put("a.log"))
    with (place.root / "a.log").open("ab"):
        assert remove(place, target) == [RemovalResult(Removal.FAILED, 0, "StillOpen")]
    with (place.root / "a.log").open("rb"):
        assert remove(place, target) == [REMOVED]  # a reader loses nothing


def test_a_file_has_no_times_once_it_changed(place: DirectoryPlace) -> None:
    place.put("a.log")
    part = only_part(place)
    place.pause()
    append(place.root / "a.log")
    assert read(place, part) is None
    (place.root / "a.log").unlink()
    assert read(place, part) is None


def test_records_of_plain_and_packed_files_are_read_whatever_their_names_and_dates_say(place: DirectoryPlace) -> None:
    (place.root / "2020-01-01.log").write_bytes(LINE)
    (place.root / "fresh.txt").write_bytes(gzip.compress(b"2026-02-03 04:05:06 x\n" + LINE))
    for path in place.root.iterdir():
        os.utime(path, (time.time() + 9e6, time.time() + 9e6))
    found = {part.key: read(place, part) for part in place.store.scan()}
    youngest = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert found == {"2020-01-01.log": RecordTimes(OLD, OLD, 1), "fresh.txt": RecordTimes(OLD, youngest, 2)}


def test_a_year_is_taken_from_the_older_of_the_files_two_dates(place: DirectoryPlace) -> None:
    """gzip and rsync carry mtime along; the kernel's date is that of the copy."""
    (place.root / "syslog.2").write_bytes(b"Mar  1 12:00:00 host x\n")
    stamp = datetime(2019, 3, 2, tzinfo=UTC).timestamp()
    os.utime(place.root / "syslog.2", (stamp, stamp))
    at = datetime(2019, 3, 1, 12, tzinfo=UTC)
    assert read(place, only_part(place)) == RecordTimes(at, at, 1)


def test_a_date_that_is_none_gives_no_year(place: DirectoryPlace) -> None:
    """Archives that are built to be the same each time write 1970 or 1980."""
    written = now().replace(microsecond=0) - timedelta(days=3)
    (place.root / "syslog").write_text(f"{written:%b} {written.day:2} {written:%H:%M:%S} host x\n")
    os.utime(place.root / "syslog", (0, 0))
    assert read(place, only_part(place)) == RecordTimes(written, written, 1)


def test_folders_stay_also_empty_ones(place: DirectoryPlace) -> None:
    place.put("a/b/c.log")
    assert remove(place, Target("a/b/c.log")) == [REMOVED]
    assert (place.root / "a/b").is_dir()


def test_the_clock_leaves_nothing_behind(place: DirectoryPlace) -> None:
    place.store.clock()
    assert list(place.root.iterdir()) == []
