"""Headroom is the time until a check finds something past its limit, if nothing goes from now on: not a second before, and right
after. Here for partitions, log files and objects, and for contacts that withdrew or stand on the suppression list."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.log_world import FILES, OBJECTS
from tests.verification import test_log_files, test_partitions
from tests.verification.company import DAY, HOUR
from tests.verification.records import Records

from retention.verification import CheckResult

logs_in_files = test_log_files.logs
logs_in_partitions = test_partitions.logs

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
OVERDUE = ("past_cap", "past_event")
FEW = settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
"""Each example is three checks on real stores."""


def _minutes(longest: timedelta) -> st.SearchStrategy[timedelta]:
    return st.integers(1, longest // MINUTE - 1).map(lambda count: count * MINUTE)


AGES = st.lists(st.lists(_minutes(14 * DAY), min_size=1, max_size=3), min_size=1, max_size=4)
"""Of some partitions or files, the ages of the records in each; none past its limit."""
HOLD = st.none() | _minutes(20 * DAY)
"""For how long a hold still keeps some of it, if one does."""


def _assert_first_breach(check: Callable[[datetime], CheckResult], category: str, now: datetime) -> None:
    def overdue(at: datetime) -> int:
        return sum(one.count for one in check(at).findings if one.kind in OVERDUE)

    headroom_s = check(now).headroom[category].headroom_s
    assert headroom_s is not None and headroom_s >= 0
    first = now + timedelta(seconds=headroom_s)
    assert overdue(first - SECOND) == 0
    assert overdue(first + SECOND) > 0


@FEW
@given(ages=AGES, late=st.booleans(), held=HOLD)
def test_of_partitions(
    logs_in_partitions: test_partitions.Logs, ages: list[list[timedelta]], late: bool, held: timedelta | None
) -> None:
    """Of ten days each, some rows of which were stored before they say that they were logged; perhaps under a hold."""
    logs = logs_in_partitions
    now = test_partitions.now().replace(microsecond=0)
    logs.table.sql("DROP TABLE request_log")
    logs.table.create()
    logs.world.own_sql("DELETE FROM retention.holds")
    for number in range(3):
        lower = now - (20 - 10 * number) * DAY
        logs.table.add_partition(lower, lower + 10 * DAY, f"request_log_{number}")
    for part in ages:
        for age in part:
            logs.log(now - age, 1, now - min(age + 2 * DAY, 14 * DAY - MINUTE) if late else now - age)
    if held is not None:
        logs.world.own_sql(
            "INSERT INTO retention.holds (category, reason, requested_by, approved_by, effective_at, ends_at) "
            "VALUES ('logs', 'dispute', 'anna', 'ben', %s, %s)",
            *(now - HOUR, now + held),
        )
    _assert_first_breach(logs.verify, "logs", now)


@FEW
@given(ages=AGES, places=st.lists(st.sampled_from([OBJECTS, FILES]), min_size=4, max_size=4), held=HOLD)
def test_of_log_files_and_objects(
    logs_in_files: test_log_files.Logs, ages: list[list[timedelta]], places: list[str], held: timedelta | None
) -> None:
    """Each as old as its oldest record; perhaps one of the files under a hold."""
    logs = logs_in_files
    logs.now = now = logs.now.replace(microsecond=0)
    shutil.rmtree(logs.folder)
    logs.folder.mkdir()
    versions = logs.company.s3.list_object_versions(Bucket=logs.company.bucket).get("Versions", [])
    for one in versions:
        logs.company.s3.delete_object(Bucket=logs.company.bucket, Key=one["Key"], VersionId=one["VersionId"])
    logs.company.own_sql("DELETE FROM retention.holds")
    for number, (place, records) in enumerate(zip(places, ages, strict=False)):
        logs.put(place, f"{number}.log", logs.lines(*sorted(records, reverse=True)))
    if held is not None:
        logs.company.hold(category="logs", place=places[0], item_id="0.log", ends_at=now + held)
    _assert_first_breach(logs.check, "logs", now)


@FEW
@given(
    withdrawn=st.lists(_minutes(DAY), max_size=3),
    listed=st.lists(st.tuples(_minutes(DAY), _minutes(90 * DAY)), max_size=3),
    held=st.lists(st.tuples(_minutes(DAY), _minutes(20 * DAY)), max_size=2),
)
def test_of_contacts(
    records: Records,
    withdrawn: list[timedelta],
    listed: list[tuple[timedelta, timedelta]],
    held: list[tuple[timedelta, timedelta]],
) -> None:
    """Some withdrew, some are back by an import although they stand on the list, some are kept by a hold for a while."""
    records.now = now = records.now.replace(microsecond=0)
    records.sql("DELETE FROM contacts")
    for table in ("holds", "suppression_list"):
        records.own_sql(f"DELETE FROM retention.{table}")
    records.contact("plain", email="plain@example.com", age=900 * DAY)
    records.contact("first", email="first@example.com", withdrawn=HOUR)
    for number, ago in enumerate(withdrawn):
        records.contact(f"withdrawn-{number}", email=f"w{number}@example.com", withdrawn=ago)
    for number, (imported, since) in enumerate(listed):
        records.suppress("email", f"l{number}@example.com", since + DAY)
        records.contact(f"listed-{number}", email=f"l{number}@example.com", age=imported)
    for number, (ago, kept) in enumerate(held):
        records.contact(f"held-{number}", email=f"h{number}@example.com", withdrawn=ago)
        records.hold(place="contacts", item_id=f"held-{number}", ends_at=now + kept)
    _assert_first_breach(lambda at: records.check("marketing", as_of=at), "marketing", now)
