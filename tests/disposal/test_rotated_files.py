"""What a hold on a file's name keeps when rotation gives files other names."""

from __future__ import annotations

import bz2
import gzip
import lzma
import time
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.log_world import DAY, FILES, MAP, LogWorld
from tests.rotated_names import IS_NOT, MAY_BE
from tests.world import HOUR

from retention.disposal.execute import execute_plan
from retention.disposal.rotated_files import may_be_held_as
from retention.errors import PartlyFailedError, StoreUnreadable
from retention.evidence.holds import HoldScope, check_scope
from retention.stores.directory import DirectoryStore
from retention.verification.file_names import names_once_had

OLD = 20 * DAY


@pytest.mark.parametrize(("held", "now"), MAY_BE)
def test_a_file_may_be_the_one_that_had_another_name(held: str, now: str) -> None:
    assert may_be_held_as(now, held)


@pytest.mark.parametrize(("held", "now"), IS_NOT)
def test_a_file_that_can_not_be_it_is_another(held: str, now: str) -> None:
    assert not may_be_held_as(now, held)


_WORDS = "app log gz TGZ tar old bak web Nov Nov1 10h app1 app2 0 1 2 12 2026 11 01 20261101T10Z .. ²"
_PIECES = st.sampled_from(_WORDS.split())
_NAMES = st.lists(_PIECES, min_size=1, max_size=6).flatmap(
    lambda pieces: st.lists(st.sampled_from(["", *"./_-:~"]), min_size=len(pieces), max_size=len(pieces)).map(
        lambda between: "".join(one + two for one, two in zip(pieces, between, strict=True))[:-1]
    )
)


@given(held=_NAMES, other=_NAMES, at=st.integers(0, 20))
@example(held="gz", other="gz_gz", at=0)
@example(held="app.app", other="/app.app", at=0)
def test_what_verification_takes_for_a_held_file_is_kept(held: str, other: str, at: int) -> None:
    """Else a file would go of which the next check says that it had to stay."""
    for now in (other, held[:at] + other + held[at:]):
        assert may_be_held_as(now, held) or held == now or not list(names_once_had(now, [held]))


def test_a_file_may_be_held_whatever_it_is_called() -> None:
    check_scope(HoldScope(place=FILES, item_id="anna@example.org 2026.log"))


@pytest.mark.parametrize("name", ["app.log", "anna@example.org 2026.log"])
def test_a_held_file_stays_when_it_is_rotated_and_packed(log_world: LogWorld, name: str) -> None:
    path = log_world.write(name, log_world.lines(OLD))
    log_world.write("other.log", log_world.lines(OLD))
    log_world.hold(category="logs", place=FILES, item_id=name)
    time.sleep(0.02)
    assert log_world.dispose().gone == 1
    rotated = path.rename(path.with_name(f"{name}.1"))
    log_world.write(name, log_world.lines(OLD))
    time.sleep(0.02)
    assert log_world.dispose().gone == 0
    rotated.with_name(f"{name}.2.gz").write_bytes(gzip.compress(rotated.read_bytes()))
    rotated.unlink()
    time.sleep(0.02)
    assert log_world.dispose().gone == 0
    assert log_world.files() == [name, f"{name}.2.gz"]


@pytest.mark.parametrize(
    ("held", "now"),
    [
        pytest.param("app-2026-11-01-1.log", "app-2026-11-01-2.log", id="behind_a_date"),
        pytest.param("app.log.2026-11-01.1.gz", "app.log.2026-11-01.2.gz", id="packed_behind_a_date"),
        pytest.param("app0.log", "app1.log", id="at_a_words_end"),
    ],
)
def test_a_held_numbered_file_stays_when_its_number_changes(log_world: LogWorld, held: str, now: str) -> None:
    """As Log4j (`fileIndex=min`) and java.util.logging (`%g`) rename what they rotated before."""
    path = log_world.write(held, log_world.lines(OLD))
    log_world.hold(category="logs", place=FILES, item_id=held)
    path.rename(path.with_name(now))
    time.sleep(0.02)
    assert (log_world.dispose().gone, log_world.files()) == (0, [now])


@pytest.mark.parametrize("folder", ["servers", "servers/old"], ids=["the_same_folder", "a_folder_below"])
def test_a_hold_follows_a_file_that_rotation_gives_to_another_place(log_world: LogWorld, folder: str) -> None:
    """Live and rotated files are often two places."""
    path = log_world.datamap_folder / "servers.yaml"
    other = MAP[MAP.index("  server_log_files:") :].replace("server_log_files", "rotated_log_files")
    patterns = "**/*.log.*" if folder == "servers" else "*"
    other = other.replace("folder: servers", f"folder: {folder}").replace("**/*.log*", patterns)
    path.write_text(path.read_text().replace("**/*.log*", "*.log") + other)
    for name in ("app.log", "old/other.log.1"):
        log_world.write(name, log_world.lines(OLD))
    log_world.hold(category="logs", place=FILES, item_id="app.log")
    time.sleep(0.02)
    assert (log_world.dispose().gone, log_world.files()) == (1, ["app.log"])
    now = "app.log.1" if folder == "servers" else "old/app.log.1"
    (log_world.folder / "app.log").rename(log_world.folder / now)
    time.sleep(0.02)
    assert (log_world.dispose().gone, log_world.files()) == (0, [now])


class Killed(BaseException):
    pass


@pytest.mark.parametrize("settles", [False, True])
@pytest.mark.parametrize("packed", [False, True])
def test_a_file_that_was_rotated_after_a_killed_batch_is_not_noted_as_gone(
    log_world: LogWorld, packed: bool, settles: bool
) -> None:
    """The try before may have removed it. Where it, or what may be it, stands under another name, it has not."""
    path = log_world.write("app.log", log_world.lines(OLD, 19 * DAY))
    time.sleep(0.02)
    plan = log_world.plan()
    killed = replace(log_world.runtime(), on_step=_die_at("intent_recorded"))
    with pytest.raises(Killed):
        execute_plan(killed, plan.plan_id, plan.digest)
    if packed:
        path.with_name("elsewhere.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    else:
        path.rename(path.with_name("elsewhere"))
    if settles:
        log_world.plan()  # settles what the killed run left
        assert log_world.own_sql("SELECT count(*) AS n FROM retention.disposed_items")[0]["n"] == 0
    else:
        summary = execute_plan(log_world.runtime(), plan.plan_id, plan.digest)
        assert (summary.recovered, summary.spared) == (0, {"moved": 1})


@pytest.mark.parametrize("how", ["bz2", "xz", "another_folder"])
def test_a_file_that_rotation_made_unreadable_or_put_elsewhere_is_not_noted_as_gone(
    log_world: LogWorld, how: str
) -> None:
    path = log_world.write("app.log", log_world.lines(OLD, 19 * DAY))
    plan_id, digest = _killed_at(log_world, "intent_recorded")
    if how == "another_folder":
        (log_world.path / "rotated").mkdir()
        path.rename(log_world.path / "rotated" / "app.log.1")
    else:
        compress = bz2.compress if how == "bz2" else lzma.compress
        path.with_name(f"app.log.1.{how}").write_bytes(compress(path.read_bytes()))
        path.unlink()
    summary = execute_plan(log_world.runtime(), plan_id, digest)
    assert (summary.recovered, summary.spared) == (0, {"moved": 1})


@pytest.mark.parametrize("another", ["began_in_the_same_second", "of_a_name_that_rotation_gives"])
def test_a_file_that_is_what_it_was_before_the_plan_is_not_the_one_that_went(log_world: LogWorld, another: str) -> None:
    log_world.write("app.log", log_world.lines(OLD))
    young = log_world.lines(OLD, DAY) if another == "began_in_the_same_second" else bz2.compress(b"unread")
    log_world.write("app.log.1.bz2", young)
    plan_id, digest = _killed_at(log_world, "bytes_confirmed")
    assert log_world.files() == ["app.log.1.bz2"]
    summary = execute_plan(log_world.runtime(), plan_id, digest)
    assert (summary.recovered, summary.spared) == (1, {})


@pytest.mark.parametrize("records", ["others", "the_same"])
def test_a_file_that_got_the_inode_of_the_removed_one_is_it_only_with_its_records(
    log_world: LogWorld, records: str
) -> None:
    """File systems give a free inode to the next file."""
    path = log_world.write("app.log", log_world.lines(OLD))
    plan_id, digest = _killed_at(log_world, "intent_recorded")
    changed = log_world.lines(DAY, HOUR) if records == "others" else path.read_bytes() + log_world.lines(HOUR)
    path.write_bytes(changed)
    path.rename(path.with_name("mail"))
    summary = execute_plan(log_world.runtime(), plan_id, digest)
    expected = (1, {}) if records == "others" else (0, {"moved": 1})
    assert (summary.recovered, summary.spared) == expected


@pytest.mark.parametrize("change", ["an_older_record_came_late", "the_first_record_was_cut", "a_line_without_a_time"])
def test_a_renamed_file_that_begins_with_another_record_is_not_noted_as_gone(log_world: LogWorld, change: str) -> None:
    path = log_world.write("app.log", log_world.lines(OLD, OLD - DAY))
    plan_id, digest = _killed_at(log_world, "intent_recorded")
    _, second = path.read_bytes().splitlines(keepends=True)
    changed = {
        "an_older_record_came_late": path.read_bytes() + log_world.lines(OLD + DAY),
        "the_first_record_was_cut": second,
        "a_line_without_a_time": log_world.lines(DAY) + b"who knows when\n",
    }
    path.write_bytes(changed[change])  # the same inode
    path.rename(path.with_name("mail"))
    summary = execute_plan(log_world.runtime(), plan_id, digest)
    assert (summary.recovered, summary.spared) == (0, {"moved": 1})


def test_nothing_is_noted_as_gone_where_a_folder_beside_the_place_hides_what_is_in_it(
    log_world: LogWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = log_world.write("app.log", log_world.lines(OLD))
    plan_id, digest = _killed_at(log_world, "intent_recorded")
    path.unlink()

    def refused(*_: object) -> DirectoryStore:
        raise StoreUnreadable("a folder: found EACCES", code="EACCES")

    monkeypatch.setattr("retention.disposal.moved_files.open_every_file", refused)
    summary = execute_plan(log_world.runtime(), plan_id, digest)
    assert (summary.recovered, summary.spared) == (0, {"moved": 1})


def _killed_at(log_world: LogWorld, step: str) -> tuple[UUID, str]:
    """A plan of what is there, and a run of it that ended at this step."""
    time.sleep(0.02)
    plan = log_world.plan()
    with pytest.raises(Killed):
        execute_plan(replace(log_world.runtime(), on_step=_die_at(step)), plan.plan_id, plan.digest)
    return plan.plan_id, plan.digest


def _die_at(which: str):  # type: ignore[no-untyped-def]
    def step(name: str) -> None:
        if name == which:
            raise Killed

    return step


def test_a_file_with_another_name_fails_and_says_why(log_world: LogWorld) -> None:
    """Only a name would go: the ledger would say gone of what is there."""
    path = log_world.write("app.log", log_world.lines(OLD))
    (log_world.path / "kept-elsewhere").hardlink_to(path)
    time.sleep(0.02)
    with pytest.raises(PartlyFailedError, match="1 × OtherNames"):
        log_world.dispose()
    assert log_world.files() == ["app.log"]
    (log_world.path / "kept-elsewhere").unlink()
    time.sleep(0.02)
    assert log_world.dispose().gone == 1
