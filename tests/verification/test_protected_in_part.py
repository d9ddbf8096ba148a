"""What is protected and vanishes in part: rows of a partition, what belongs to a row, the end of a log file."""

from __future__ import annotations

import gzip

import pytest
from tests.log_world import FILES
from tests.verification.company import DAY, HOUR, found
from tests.verification.records import Records
from tests.verification.test_log_files import Logs as Files
from tests.verification.test_log_files import logs as files  # noqa: F401 - a fixture
from tests.verification.test_partitions import CAP, Logs, logs  # noqa: F401 - a fixture
from tests.world import now

SHRUNK = "protected_shrunk"


def test_records_of_a_held_partition_vanish_and_that_stays_told(logs: Logs) -> None:  # noqa: F811
    logs.add(CAP + HOUR)
    logs.log(now() - CAP - HOUR, 99)
    logs.world.add_hold(category="logs")
    assert SHRUNK not in logs.found()
    logs.table.sql("DELETE FROM request_log WHERE ctid NOT IN (SELECT min(ctid) FROM request_log)")
    assert logs.found()[SHRUNK] == 1
    logs.log(now() - CAP - HOUR, 50)
    result = logs.verify()
    assert (result.verdict, [one.count for one in result.findings if one.kind == SHRUNK]) == ("breach", [1])
    logs.log(now() - CAP - HOUR, 60)
    assert SHRUNK not in logs.found()


def test_a_hold_on_one_record_more_takes_nothing_from_a_held_partition(logs: Logs) -> None:  # noqa: F811
    logs.add(CAP + HOUR)
    logs.log(now() - CAP - HOUR, 9)
    logs.world.add_hold(category="logs")
    logs.found()
    ((named,),) = logs.table.sql("SELECT min(id)::text FROM request_log")
    logs.world.add_hold(category="logs", place="request_log", item_id=named)
    assert SHRUNK not in logs.found()


def test_of_a_partition_that_a_period_takes_in_part_the_rest_may_go(logs: Logs) -> None:  # noqa: F811
    lower = now() - 20 * DAY
    logs.table.add_partition(lower, lower + 2 * DAY)
    for at in (lower + HOUR, lower + DAY + HOUR):
        logs.log(at, 5)
    logs.world.add_hold(category="logs", started_from=lower + DAY, started_before=lower + 2 * DAY)
    assert SHRUNK not in logs.found()
    logs.table.sql("DELETE FROM request_log WHERE logged_at < %s", lower + DAY)
    assert SHRUNK not in logs.found()
    logs.table.sql("DELETE FROM request_log WHERE ctid IN (SELECT ctid FROM request_log LIMIT 2)")
    assert logs.found()[SHRUNK] == 1


@pytest.mark.parametrize("left", [pytest.param(1, id="all_but_one"), pytest.param(0, id="all")])
def test_what_belongs_to_a_held_row_vanishes(records: Records, left: int) -> None:
    records.customer("t", contract_ended=40 * DAY)
    lead = records.lead("t")
    records.sql("INSERT INTO lead_notes (lead_id) SELECT %s FROM generate_series(1, 50)", lead)
    records.hold(tenant_id="t")
    assert SHRUNK not in found(records.check("leads"))
    records.sql("DELETE FROM lead_notes WHERE note_id > %s", left)
    assert found(records.check("leads"))[SHRUNK] == 1
    assert found(records.check("leads"))[SHRUNK] == 1


def test_what_belongs_to_rows_of_a_held_row_vanishes(records: Records) -> None:
    records.customer("t", contract_ended=40 * DAY)
    lead = records.lead("t")
    records.sql("INSERT INTO lead_notes (lead_id) VALUES (%s)", lead)
    records.sql("INSERT INTO note_files (note_id) SELECT note_id FROM lead_notes, generate_series(1, 3)")
    records.hold(tenant_id="t")
    records.check("leads")
    records.sql("DELETE FROM note_files WHERE file_id = 1")
    assert found(records.check("leads"))[SHRUNK] == 1


def test_what_belongs_to_a_row_that_nothing_protects_may_go(records: Records) -> None:
    records.customer("t")
    lead = records.lead("t")
    records.sql("INSERT INTO lead_notes (lead_id) SELECT %s FROM generate_series(1, 5)", lead)
    records.check("leads")
    records.sql("DELETE FROM lead_notes")
    assert found(records.check("leads")) == {}


def test_a_held_log_file_is_cut_to_its_first_line(files: Files) -> None:  # noqa: F811
    lines = files.lines(3 * DAY, 2 * DAY, DAY, HOUR)
    files.put(FILES, "a.log", lines)
    files.company.hold(category="logs")
    assert SHRUNK not in found(files.check(), FILES)
    files.put(FILES, "a.log", lines.splitlines(keepends=True)[0])
    assert found(files.check(), FILES)[SHRUNK] == 1


def test_a_held_log_file_that_is_continued_and_packed_is_all_there(files: Files) -> None:  # noqa: F811
    lines = files.lines(3 * DAY, 2 * DAY)
    files.put(FILES, "a.log", lines)
    files.company.hold(category="logs")
    files.check()
    (files.folder / "a.log").unlink()
    files.put(FILES, "a.log.1.gz", gzip.compress(lines + files.lines(HOUR)))
    files.put(FILES, "a.log", lines.splitlines(keepends=True)[0])  # a copy that begins alike
    assert SHRUNK not in found(files.check(), FILES)


def test_a_file_that_a_hold_names_is_missed_under_its_new_name(files: Files) -> None:  # noqa: F811
    files.put(FILES, "app.log", files.lines(3 * DAY))
    files.company.hold(category="logs", place=FILES, item_id="app.log")
    files.check()
    (files.folder / "app.log").rename(files.folder / "app.log.1")
    files.put(FILES, "app.log", files.lines(HOUR))
    for _ in range(2):
        assert "protected_missing" not in found(files.check(), FILES)
    (files.folder / "app.log.1").unlink()
    assert found(files.check(), FILES)["protected_missing"] == 1
