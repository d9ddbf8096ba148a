"""The shipped SQL of disposal and of the check, written apart, say the same about every row of the sample company's tables."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import psycopg
import pytest
from tests.sample.stores import Stores, fresh_stores
from tests.sample.table_facts import POLICY, TABLES, rows_of
from tests.world import DAY, HOUR, World, now

from retention.disposal.fact_columns import WAITS_FOR
from retention.local.postgres_server import PostgresServer
from retention.local.s3_server import S3Server
from retention.verification.table_warnings import rests_on_session_zone

GO_AFTER = ("calls", "callers")
"""Places whose items go after others, and wait for these: to the check no more once they were asked for together."""
Facts = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def company(postgres_server: PostgresServer, s3_server: S3Server) -> Iterator[Stores]:
    with fresh_stores(postgres_server, s3_server) as fresh:
        fresh.load()
        yield fresh


def both_sides(conninfo: str, name: str) -> tuple[Facts, Facts]:
    """The rows by disposal's SQL and by the check's, with the columns that both have to give."""
    by_disposal, by_check = (rows_of(conninfo, text) for text in (TABLES[name].items_sql, TABLES[name].check_items_sql))
    for row in by_check.values():
        row.pop("tenant_known", None)  # verification's alone
    for item_id, row in by_disposal.items():
        counted = [row.pop(column) for column in list(row) if column.startswith(WAITS_FOR)]  # disposal's alone
        assert not counted or row["waits"] == any(counted)
        check = by_check.get(item_id, {})
        if name in GO_AFTER and row["waits"] and not check.get("waits"):
            assert check["start_deletion_requested"] is not None  # told apart below
            row |= {"waits": False, "start_contract_ended": None}
    return by_disposal, by_check


@pytest.mark.parametrize("name", TABLES)
def test_both_sides_say_the_same_of_every_row(company: Stores, name: str) -> None:
    by_disposal, by_check = both_sides(company.company, name)
    assert by_disposal == by_check
    ((count,),) = company.rows(f"SELECT count(*) FROM {TABLES[name].spec.table}")
    assert len(by_disposal) == count > 0


@pytest.mark.parametrize("name", TABLES)
def test_both_sides_give_the_item_s_id_as_it_is_and_every_event_of_the_rule(company: Stores, name: str) -> None:
    place, wanted = TABLES[name], POLICY.rule(TABLES[name].spec.category)
    events = {f"start_{start.event}" for version in wanted.versions for start in version.start_points}
    for rows in both_sides(company.company, name):
        item_id, row = next(iter(rows.items()))
        ((stored,),) = company.rows(
            f"SELECT {place.spec.id_column} FROM {place.spec.table} WHERE {place.spec.id_column}::text = %s", item_id
        )
        assert row["item_id"] == stored
        assert events - {"start_suppressed"} == {column for column in row if column.startswith("start_")}
        assert {"tenant_id", "person_id", "evidence_at"} <= row.keys()


@pytest.mark.parametrize("name", TABLES)
def test_neither_side_takes_a_local_time_for_an_instant(company: Stores, name: str) -> None:
    for text in (TABLES[name].items_sql, TABLES[name].check_items_sql):
        query = psycopg.sql.SQL("SELECT * FROM ({}\n) AS f").format(psycopg.sql.SQL(text))  # type: ignore[arg-type]

        def ask(_about: str, explain: psycopg.sql.Composable, _parameters: Any = ()) -> list[tuple[Any, ...]]:
            with psycopg.connect(company.company) as connection:
                return connection.execute(explain).fetchall()

        assert not rests_on_session_zone(ask, name, query)


CONTRACTS = [
    pytest.param([], None, id="none_known"),
    pytest.param([(-400, None)], None, id="open"),
    pytest.param([(-400, -10)], -10, id="ended"),
    pytest.param([(-400, -10), (-300, -20)], -10, id="the_last_of_two"),
    pytest.param([(-400, -10), (-5, None)], None, id="one_ended_one_open"),
    pytest.param([(-400, 10)], 10, id="end_ahead"),
    pytest.param([(-400, -10), (-300, 10)], 10, id="one_ended_one_ends_later"),
    pytest.param([(-400, -10), (-20, -30)], None, id="one_ended_before_it_began"),
    pytest.param([(-30, -30)], -30, id="ended_as_it_began"),
]


@pytest.mark.parametrize("name", ["transcripts", "calls", "callers", "crm_leads"])
@pytest.mark.parametrize(("contracts", "expected"), CONTRACTS)
def test_contracts_have_ended_with_the_last_one(
    world: World, contracts: list[tuple[int, int | None]], expected: int | None, name: str
) -> None:
    at = now()
    world.add_tenant("t9", contract=False)
    for started, ended in contracts:
        ended_at = at + ended * DAY if ended is not None else None
        world.sql("INSERT INTO contracts VALUES (%s, 't9', %s, %s)", uuid.uuid4(), at + started * DAY, ended_at)
    item_id = add_item(world, name, at - 90 * DAY)
    assert of_item(world, name, item_id, "start_contract_ended") == (
        at + expected * DAY if expected is not None else None
    )


@pytest.mark.parametrize(
    ("name", "event", "scope"),
    [
        pytest.param("transcripts", "start_deletion_requested", "transcripts", id="transcripts"),
        pytest.param("calls", "start_deletion_requested", "transcripts", id="calls"),
        pytest.param("callers", "start_deletion_requested", "transcripts", id="callers"),
        pytest.param("crm_leads", "start_instruction_received", "leads", id="leads"),
    ],
)
@pytest.mark.parametrize(
    ("requests", "expected"),
    [
        pytest.param([], None, id="none"),
        pytest.param([timedelta()], timedelta(), id="as_it_arose"),
        pytest.param([-timedelta(microseconds=1)], None, id="before_it_arose"),
        pytest.param([-HOUR, 2 * HOUR, HOUR], HOUR, id="the_first_after_it"),
    ],
)
def test_request_covers_what_there_was_when_it_came(
    world: World, name: str, event: str, scope: str, requests: list[timedelta], expected: timedelta | None
) -> None:
    arose_at = now() - 5 * DAY
    world.add_tenant("t9")
    item_id = add_item(world, name, arose_at)
    for other in ("transcripts", "leads"):
        for after in requests if other == scope else [HOUR]:
            world.sql("INSERT INTO deletion_requests VALUES (%s, 't9', %s, %s)", uuid.uuid4(), arose_at + after, other)
    assert of_item(world, name, item_id, event) == (arose_at + expected if expected is not None else None)


@pytest.mark.parametrize(
    ("created", "called", "covered"),
    [
        pytest.param(timedelta(), None, True, id="of_the_same_instant"),
        pytest.param(HOUR, None, False, id="made_after_it"),
        pytest.param(HOUR, -HOUR, True, id="made_after_it_of_a_call_before"),
        pytest.param(None, None, True, id="undated"),
        pytest.param(None, HOUR, False, id="undated_of_a_call_after"),
        pytest.param(30 * DAY, None, True, id="dated_in_the_future"),
        pytest.param(30 * DAY, HOUR, False, id="dated_in_the_future_of_a_call_after"),
        pytest.param(30 * DAY, -HOUR, True, id="dated_in_the_future_of_a_call_before"),
    ],
)
def test_request_covers_transcripts_that_nobody_dated_and_those_of_earlier_calls(
    world: World, created: timedelta | None, called: timedelta | None, covered: bool
) -> None:
    asked_at, call_id = now() - 5 * DAY, uuid.uuid4()
    world.sql("INSERT INTO deletion_requests VALUES (%s, 't1', %s, 'transcripts')", uuid.uuid4(), asked_at)
    if called is not None:
        world.sql("INSERT INTO calls VALUES (%s, 't1', NULL, %s)", call_id, asked_at + called)
    item_id = add_transcript(world, "t1", asked_at + created if created is not None else None, call_id)
    assert of_item(world, "transcripts", item_id, "start_deletion_requested") == (asked_at if covered else None)


@pytest.mark.parametrize(
    ("consents", "withdrawn", "proven"),
    [
        pytest.param([], None, None, id="none"),
        pytest.param([(-90, None, "p")], None, -90, id="stands"),
        pytest.param([(-90, -3, "p")], -3, None, id="withdrawn"),
        pytest.param([(-90, -3, "p"), (-90, None, "p")], -3, -90, id="withdrawn_for_one_channel"),
        pytest.param([(-90, -30, "p"), (-20, None, "p")], None, -20, id="proven_again"),
        pytest.param([(-90, -30, "p"), (-20, None, None)], -30, None, id="again_without_proof"),
        pytest.param([(-90, -30, "p"), (-20, None, "")], -30, None, id="again_with_an_empty_proof"),
        pytest.param([(-90, -30, "p"), (-20, -10, "p"), (-5, None, "p")], None, -5, id="withdrawn_twice_proven_again"),
        pytest.param(
            [(-90, -30, "p"), (-20, None, "p"), (-90, -10, "p")], -10, -20, id="withdrawn_after_it_was_proven"
        ),
        pytest.param([(-90, -30, "p"), (-20, -1, "p")], -1, None, id="proven_again_and_withdrawn_again"),
        pytest.param([(-90, -30, "p"), (-20, -1, None)], -30, None, id="again_without_proof_and_withdrawn_again"),
        pytest.param([(-90, -30, "p"), (-20, -25, "p")], -30, None, id="again_but_withdrawn_before_that"),
        pytest.param([(-20, -30, "p")], -30, None, id="withdrawn_before_it_was_given"),
        pytest.param([(-90, -60, "p"), (-90, -10, "p")], -60, None, id="withdrawn_for_one_channel_after_the_other"),
        pytest.param([(-90, -20_000, "p"), (-20, None, "p")], -20_000, -20, id="withdrawn_at_no_date"),
    ],
)
def test_withdrawal_stands_unless_a_newer_consent_is_proven(
    world: World, consents: list[tuple[int, int | None, str | None]], withdrawn: int | None, proven: int | None
) -> None:
    at, contact_id = now(), uuid.uuid4()
    world.sql(
        "INSERT INTO marketing_contacts VALUES (%s, 'a@example.com', NULL, NULL, 's', %s)", contact_id, at - 99 * DAY
    )
    for given, ended, proof in consents:
        ended_at = at + ended * DAY if ended is not None else None
        world.sql(
            "INSERT INTO marketing_consents VALUES (%s, %s, 'email', %s, %s, %s, %s)",
            *(uuid.uuid4(), contact_id, at + given * DAY, at + given * DAY, proof, ended_at),
        )
    last = max((ended for _given, ended, _proof in consents if ended is not None), default=None)
    told = {"start_consent_withdrawn": withdrawn, "proven_consent_at": proven, "last_withdrawn_at": last}
    for column, expected in told.items():
        assert of_item(world, "marketing_contacts", str(contact_id), column) == (
            at + expected * DAY if expected is not None else None
        )


def test_consent_that_was_dated_after_its_record_counts_from_the_record(world: World) -> None:
    at, contact_id = now(), uuid.uuid4()
    world.sql("INSERT INTO marketing_contacts VALUES (%s, 'a@example.com', NULL, NULL, 's', %s)", contact_id, at)
    world.sql(
        "INSERT INTO marketing_consents VALUES (%s, %s, 'email', %s, %s, 'p', NULL)",
        *(uuid.uuid4(), contact_id, at + 30 * DAY, at - DAY),
    )
    assert of_item(world, "marketing_contacts", str(contact_id), "proven_consent_at") == at - DAY


def test_call_waits_for_recording_and_transcript_and_its_caller_for_the_call(world: World) -> None:
    recording = world.add_recording(age=5 * DAY)
    person, call_id = uuid.uuid4(), recording.call_id
    world.sql("INSERT INTO callers (caller_id, tenant_id) VALUES (%s, 't1')", person)
    world.sql("UPDATE calls SET caller_id = %s WHERE call_id = %s", person, call_id)
    add_transcript(world, "t1", now(), uuid.UUID(call_id))

    def waiting() -> dict[str, bool]:
        items = {"calls": call_id, "callers": str(person)}
        rows = {name: rows_of(world.company, TABLES[name].items_sql).get(item) for name, item in items.items()}
        return {name: row["waits"] for name, row in rows.items() if row is not None}

    assert waiting() == {"calls": True, "callers": True}
    world.sql("DELETE FROM recordings")
    assert waiting() == {"calls": True, "callers": True}
    world.sql("DELETE FROM transcripts")
    assert waiting() == {"calls": False, "callers": True}
    world.sql("DELETE FROM calls")
    assert waiting() == {"callers": False}


class Told(NamedTuple):
    """What the check SQL says of a call or caller: whether its contract ended, it was asked for, and it waits."""

    ended: bool
    asked: bool
    waits: bool


@pytest.mark.parametrize("is_asked", [pytest.param(True, id="asked"), pytest.param(False, id="not_asked")])
def test_check_lets_calls_and_callers_wait_for_what_they_are_there_for(world: World, *, is_asked: bool) -> None:
    recording, at = world.add_recording(age=5 * DAY, tenant="t1"), now()
    person, call_id = uuid.uuid4(), recording.call_id
    world.sql("INSERT INTO callers (caller_id, tenant_id) VALUES (%s, 't1')", person)
    world.sql("UPDATE calls SET caller_id = %s WHERE call_id = %s", person, call_id)
    world.sql("UPDATE contracts SET ended_at = %s WHERE tenant_id = 't1'", at - DAY)
    if is_asked:
        world.sql("INSERT INTO deletion_requests VALUES (%s, 't1', %s, 'transcripts')", uuid.uuid4(), at - 2 * DAY)
    add_transcript(world, "t1", at - 4 * DAY, uuid.UUID(call_id))

    def told() -> list[Told]:
        facts = [
            rows_of(world.company, TABLES[name].check_items_sql).get(item)
            for name, item in (("calls", call_id), ("callers", str(person)))
        ]
        events = ("start_contract_ended", "start_deletion_requested")
        return [Told(*(row[event] is not None for event in events), row["waits"]) for row in facts if row is not None]

    waits, alone = Told(True, is_asked, True), Told(True, is_asked, False)
    # Who asked for the transcripts asked for calls and callers with them: they have the time of the request, and no more.
    with_transcript = Told(False, True, False) if is_asked else waits
    assert told() == [waits, waits]
    world.sql("DELETE FROM recordings")
    assert told() == [with_transcript, with_transcript]
    world.sql("DELETE FROM transcripts")
    assert told() == [alone, with_transcript]
    world.sql("DELETE FROM calls")
    assert told() == [alone]


@pytest.mark.parametrize(
    ("duties", "expected"),
    [
        pytest.param([], None, id="none"),
        pytest.param([("", 9)], None, id="without_paragraph"),
        pytest.param([("A", 9)], ("A", 9), id="one"),
        pytest.param([("A", 9), ("B", 20)], ("B", 20), id="the_longer_of_two"),
        pytest.param([("A", None), ("B", 20)], ("A", None), id="the_one_without_an_end"),
    ],
)
@pytest.mark.parametrize("name", GO_AFTER)
def test_duty_of_a_transcript_is_the_call_s_and_the_caller_s(
    world: World, name: str, duties: list[tuple[str, int | None]], expected: tuple[str, int | None] | None
) -> None:
    at, call_id, person = now(), uuid.uuid4(), uuid.uuid4()
    world.sql("INSERT INTO callers (caller_id, tenant_id) VALUES (%s, 't1')", person)
    world.sql("INSERT INTO calls VALUES (%s, 't1', %s, %s)", call_id, person, at)
    for paragraph, until in duties:
        item_id, until_at = add_transcript(world, "t1", at, call_id), at + until * DAY if until is not None else None
        statement = "UPDATE transcripts SET duty_paragraph = %s, duty_until = %s WHERE transcript_id = %s"
        world.sql(statement, paragraph, until_at, item_id)
    wanted = (None, None) if expected is None else (expected[0], at + expected[1] * DAY if expected[1] else None)
    item_id = str(call_id if name == "calls" else person)
    assert (of_item(world, name, item_id, "duty_paragraph"), of_item(world, name, item_id, "duty_until")) == wanted


def of_item(world: World, name: str, item_id: str, column: str) -> datetime | None:
    """What both sides say in this column."""
    by_disposal, by_check = both_sides(world.company, name)
    assert by_disposal[item_id] == by_check[item_id]
    found: datetime | None = by_disposal[item_id][column]
    return found


def add_item(world: World, name: str, at: datetime) -> str:
    """A row of customer t9 by itself, with nothing to wait for, that arose at this time."""
    if name == "transcripts":
        return add_transcript(world, "t9", at, uuid.uuid4())
    if name == "crm_leads":
        rows = world.sql("INSERT INTO crm_leads (tenant_id, created_at) VALUES ('t9', %s) RETURNING lead_id", at)
        return str(rows[0][0])
    item_id = uuid.uuid4()
    column = "caller_id, tenant_id, last_called_at" if name == "callers" else "call_id, tenant_id, started_at"
    world.sql(f"INSERT INTO {name} ({column}) VALUES (%s, 't9', %s)", item_id, at)
    return str(item_id)


def add_transcript(world: World, tenant: str, created_at: datetime | None, call_id: uuid.UUID) -> str:
    item_id = uuid.uuid4()
    world.sql(
        "INSERT INTO transcripts (transcript_id, call_id, tenant_id, created_at, language, body)"
        " VALUES (%s, %s, %s, %s, 'de', 'b')",
        *(item_id, call_id, tenant, created_at),
    )
    return str(item_id)


@pytest.mark.parametrize("name", ["transcripts", "calls", "callers", "crm_leads"])
def test_customer_without_any_contract_is_unknown(world: World, name: str) -> None:
    def known() -> list[bool]:
        return [row["tenant_known"] for row in rows_of(world.company, TABLES[name].check_items_sql).values()]

    world.add_tenant("t9", contract=False)
    add_item(world, name, now() - 90 * DAY)
    assert known() == [False]
    world.sql("INSERT INTO contracts VALUES (%s, 't9', %s, NULL)", uuid.uuid4(), now() - DAY)
    assert known() == [True]
