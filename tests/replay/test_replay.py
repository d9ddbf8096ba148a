"""What a restored source brings back is found by the replay list, whatever the restored rows say."""

from __future__ import annotations

import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.table_world import TableWorld
from tests.world import DAY, HASHER, now

from retention import database
from retention.cli.replay import words_of_check
from retention.errors import RequestError
from retention.evidence import ledger
from retention.evidence.hashing import ItemHasher
from retention.replay.check import ReplayCheck, check_replay
from retention.replay.list_file import KEPT, backups_kept, read_header, write_list

PERIOD = ("P35D", 35 * DAY)


@pytest.fixture
def listed(tables: TableWorld, tmp_path: Path) -> Path:
    """A transcript and a contact went; the list names both."""
    tables.add_contract("gone", 40 * DAY)
    tables.add_transcript("gone")
    tables.add_contact(1, email="a@example.org", withdrawn_at=now() - 2 * DAY)
    for category in ("transcript", "marketing"):
        assert tables.dispose(category).gone == 1
    return export(tables, tmp_path / "replay.list")


def export(tables: TableWorld, path: Path) -> Path:
    with database.connect(tables.own) as own:
        head = ledger.head(own)
        write_list(own, path, HASHER, *PERIOD, (head.seq, head.hash))
    return path


def check(tables: TableWorld, path: Path) -> ReplayCheck:
    return check_replay(tables.runtime, path, now())


def test_nothing_came_back(tables: TableWorld, listed: Path) -> None:
    tables.add_contact(2)
    found = check(tables, listed)
    assert (found.listed, found.found, sorted(found.read)) == (2, [], ["contacts", "transcripts"])
    assert found.by_age == ["usage_events"]
    assert (
        words_of_check(found).splitlines()[-1] == "not compared, since what is there goes by its own age: usage_events"
    )


def test_a_restored_row_is_found_and_goes_by_the_next_run(tables: TableWorld, tmp_path: Path) -> None:
    tables.add_contract("gone", 40 * DAY)
    key = tables.add_transcript("gone")
    tables.dispose("transcript")
    listed = export(tables, tmp_path / "replay.list")
    tables.add_transcript("gone", segments=0, transcript_id=key)
    [one] = check(tables, listed).found
    assert (one.place, one.item_id, one.status, one.goes_again) == ("transcripts", key, "due", True)
    assert tables.dispose("transcript").gone == 1
    assert check(tables, listed).found == []


def test_a_restored_row_whose_fact_was_lost_is_found_though_no_rule_says_so(tables: TableWorld, tmp_path: Path) -> None:
    tables.add_contract("gone", 40 * DAY)
    key = tables.add_transcript("gone")
    tables.dispose("transcript")
    listed = export(tables, tmp_path / "replay.list")
    tables.sql("UPDATE contracts SET ended_at = NULL")
    tables.add_transcript("gone", segments=0, transcript_id=key)
    assert tables.dispose("transcript").gone == 0
    [one] = check(tables, listed).found
    assert (one.goes_again, one.reason, one.was_due_by) == (False, "no_event", "contract_ended")
    tables.sql("UPDATE contracts SET ended_at = now() - interval '40 days'")
    assert check(tables, listed).found[0].goes_again
    assert tables.dispose("transcript").gone == 1


def test_a_restored_contact_goes_again_by_the_suppression_list(tables: TableWorld, listed: Path) -> None:
    tables.add_contact(1, email="a@example.org")  # as before the withdrawal
    [one] = check(tables, listed).found
    assert (one.goes_again, one.reason) == (True, "suppressed")
    assert tables.dispose("marketing").gone == 1


def test_a_restored_row_under_a_new_hold_stays(tables: TableWorld, tmp_path: Path) -> None:
    tables.add_contract("gone", 40 * DAY)
    key = tables.add_transcript("gone")
    tables.dispose("transcript")
    listed = export(tables, tmp_path / "replay.list")
    tables.add_transcript("gone", segments=0, transcript_id=key)
    tables.add_hold(tenant_id="gone")
    [one] = check(tables, listed).found
    assert not one.goes_again and one.status == "held"
    assert tables.dispose("transcript").gone == 0


def test_what_is_found_stands_in_the_ledger_without_an_id(tables: TableWorld, tmp_path: Path) -> None:
    tables.add_contract("gone", 40 * DAY)
    key = tables.add_transcript("gone")
    tables.dispose("transcript")
    listed = export(tables, tmp_path / "replay.list")
    tables.add_transcript("gone", segments=0, transcript_id=key)
    check(tables, listed)
    [row] = tables.own_sql("SELECT body FROM retention.ledger WHERE kind = 'replay_checked'")
    assert '"count":1' in row["body"] and key not in row["body"]
    assert key not in listed.read_text() and "gone" not in listed.read_text().replace("gone_at", "")
    assert stat.S_IMODE(listed.stat().st_mode) == 0o600


def test_a_place_that_can_t_be_read_is_said_and_keeps_no_other_from_it(tables: TableWorld, listed: Path) -> None:
    tables.sql("ALTER TABLE contacts RENAME TO elsewhere")
    found = check(tables, listed)
    assert found.failed == {"contacts": "DataMapError"} and found.read == ["transcripts"]


def test_only_what_a_backup_may_bring_back_is_listed(tables: TableWorld, listed: Path, tmp_path: Path) -> None:
    with database.connect(tables.own) as own:
        own.execute(
            "UPDATE retention.disposed_items SET gone_at = now() - interval '36 days' WHERE category = 'marketing'"
        )
    export(tables, tmp_path / "later")
    assert check(tables, tmp_path / "later").listed == 1


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: data[:-10], id="truncated"),
        pytest.param(lambda data: data.replace(b"marketing", b"marketinh"), id="changed"),
        pytest.param(lambda data: b"\n".join(data.split(b"\n")[1:]), id="header_gone"),
        pytest.param(lambda data: b"\n".join(data.split(b"\n")[:1] + data.split(b"\n")[2:]), id="item_gone"),
        pytest.param(lambda _data: b"", id="empty"),
    ],
)
def test_a_damaged_list_is_refused(tables: TableWorld, listed: Path, damage: object) -> None:
    listed.write_bytes(damage(listed.read_bytes()))  # type: ignore[operator]
    with pytest.raises(RequestError, match="truncated or changed"):
        check(tables, listed)


def test_a_list_of_another_key_or_past_its_time_is_refused(tables: TableWorld, listed: Path) -> None:
    other = replace(tables.runtime, hasher=ItemHasher(bytes(reversed(range(32)))))
    with pytest.raises(RequestError, match="hash key"):
        check_replay(other, listed, now())
    with pytest.raises(RequestError, match="needed until"):
        check_replay(tables.runtime, listed, read_header(listed, HASHER).needed_until)


def test_items_under_another_key_are_not_left_out_in_silence(tables: TableWorld, listed: Path, tmp_path: Path) -> None:
    with database.connect(tables.own) as own, pytest.raises(RequestError, match="another hash key"):
        write_list(own, tmp_path / "other", ItemHasher(bytes(32)), *PERIOD, (0, ""))
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("given", ["35", "P1M", "", "PT0S", "-P3D", None])
def test_how_long_backups_live_has_no_default(given: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEPT, raising=False)
    with pytest.raises(RequestError, match="no default"):
        backups_kept(given)


def test_how_long_backups_live_is_said_by_option_or_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEPT, "P90D")
    assert backups_kept(None) == ("P90D", timedelta(days=90))
    assert backups_kept("P35D") == PERIOD
