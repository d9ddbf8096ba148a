"""For tables, too, the SQL and decide() say the same: events alone, on request, ahead, duties, what waits, customers' terms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row
from tests.disposal.test_selection_equals_decide import BOTH, HOUR, NOW, Generator

from retention.datamap.loader import MappedTable
from retention.datamap.model import ConnectionKind, SourceConnection, TableFacts, TablePlace
from retention.disposal.fact_columns import read_columns
from retention.disposal.selection import compile_selection
from retention.policy.decide import EARLIEST, NEVER, decide
from retention.policy.facts import Duty, ItemFacts, Start
from retention.policy.model import (
    Consents,
    RetentionRule,
    RuleVersion,
    Schedule,
    StartPoint,
    TenantLimit,
    VolumeLimit,
)

COLUMNS = """item_id bigint, tenant_id text, person_id text, person_known boolean, evidence_at timestamptz,
    start_created timestamptz, start_contract_ended timestamptz, happened_contract_ended boolean, start_requested timestamptz,
    happened_requested boolean, restricted boolean, waits boolean, duty_paragraph text, duty_until timestamptz"""
TOLD_WITHOUT_KEEPING = """item_id, tenant_id, person_id, person_known, evidence_at, start_created, start_contract_ended,
    happened_contract_ended, start_requested, happened_requested, duty_paragraph, duty_until"""
BY_TIMES_ALONE = """item_id, tenant_id, person_id, person_known, evidence_at, start_created, start_contract_ended,
    start_requested, restricted, waits, duty_paragraph, duty_until"""
DAY, TICK = timedelta(days=1), timedelta(microseconds=1)
FAR_AHEAD = [NOW + 3 * DAY, NOW + HOUR + TICK, NEVER - TICK, NEVER, datetime.max.replace(tzinfo=UTC)]
CONSENT_COLUMNS = """item_id bigint, party text, scope text, given_at timestamptz, recorded_at timestamptz,
    ends_at timestamptz, withdrawn_at timestamptz, reviewed_at timestamptz"""


def version(
    number: int, day: date, *, limit_h: int, duties: bool = True, clock_h: int | None = None, requests: bool = True
) -> RuleVersion:
    clock = (
        StartPoint(event="created", every_item=True, never=True)
        if clock_h is None
        else StartPoint(event="created", every_item=True, limit=clock_h * HOUR, lead=HOUR)
    )
    return RuleVersion(
        version=number,
        policy_version="2025-08-03",
        effective_from=day,
        approved_by="Data Protection Officer",
        start_points=(
            clock,
            StartPoint(event="contract_ended", limit=limit_h * HOUR, lead=49 * HOUR, may_lie_ahead=True),
            *([StartPoint(event="requested", allowed_latency=2 * HOUR, on_request=True)] if requests else []),
        ),
        exemption=Consents(
            scope="archiving", parties=BOTH, review_every=timedelta(days=365), review_grace=timedelta(days=30)
        ),
        duties=duties,
    )


def rule(*versions: RuleVersion) -> RetentionRule:
    return RetentionRule(
        category="audio",
        clause="audio",
        owner="Platform Engineering",
        schedule=Schedule(
            longest_interval=HOUR, missed_runs_tolerated=0, run_time=HOUR, store_lag=0 * HOUR, clock_skew=HOUR
        ),
        volume_limit=VolumeLimit(items=10, share=0.5, share_above_items=5, unlinked_items=5),
        plan_valid_for=HOUR,
        versions=versions,
    )


RULES = {
    "by_events": rule(version(1, date(2025, 8, 3), limit_h=720)),
    "by_age_too": rule(version(1, date(2025, 8, 3), limit_h=720, clock_h=480)),
    "no_duties_later": rule(
        version(1, date(2025, 8, 3), limit_h=720), version(2, date(2026, 3, 10), limit_h=480, duties=False)
    ),
    "request_only_later": rule(
        version(1, date(2025, 8, 3), limit_h=720, requests=False), version(2, date(2027, 1, 1), limit_h=720)
    ),
    "customers_terms": rule(
        version(1, date(2025, 8, 3), limit_h=720), version(2, date(2026, 3, 10), limit_h=480)
    ).with_tenants({"t1": (TenantLimit(event="contract_ended", limit=100 * HOUR),), "t9": ()}),
}


def place(role: str, columns: str = "*") -> MappedTable:
    return MappedTable(
        name="recordings",  # the generator's holds name it
        spec=TablePlace(
            kind="table",
            category="audio",
            role=role,  # type: ignore[arg-type]
            owner="Platform Engineering",
            connection="db",
            table="public.things",
            id_column="thing_id",
            facts=TableFacts(items=Path("i.sql"), consents=Path("c.sql"), check_items=Path("v.sql")),
        ),
        store=SourceConnection(kind=ConnectionKind.POSTGRES, disposal="db", verification="db_verify"),
        items_sql=f"SELECT {columns} FROM thing_facts -- % of them",
        consents_sql="SELECT * FROM consent_facts",
        check_items_sql="",
        check_consents_sql=None,
    )


@pytest.fixture
def source(database: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database, autocommit=True, row_factory=dict_row, options="-c TimeZone=UTC") as connection:
        connection.execute(f"CREATE TABLE thing_facts ({COLUMNS})")
        connection.execute(f"CREATE TABLE consent_facts ({CONSENT_COLUMNS})")
        yield connection


def thing(generator: Generator, number: int, *, is_processor: bool) -> ItemFacts:
    """A row whose events lie close around every boundary; its contract may end ahead, and its duty have no end."""
    draw, one = generator.random, generator.item(number)
    created = generator.instant()
    ended, requested = generator.instant(nullable=0.4), generator.instant(nullable=0.6)
    ended = draw.choice(FAR_AHEAD) if draw.random() < 0.1 else ended
    requested = draw.choice(FAR_AHEAD) if draw.random() < 0.2 else requested
    duty = Duty("§147 AO", generator.instant(nullable=0.3)) if draw.random() < 0.2 else None
    return replace(
        one,
        item_id=str(number),
        object_key=str(number),
        person_known=draw.random() < 0.9,
        starts={
            "created": Start(created, created is not None),
            "contract_ended": Start(ended, ended is not None or draw.random() < 0.1),
            "requested": Start(requested, requested is not None or draw.random() < 0.1),
        },
        duty=duty,
        waits=draw.random() < 0.1,
        is_processor=is_processor,
    )


def store(source: psycopg.Connection[Any], generator: Generator, items: list[ItemFacts]) -> None:
    source.execute("TRUNCATE thing_facts, consent_facts")
    with source.cursor() as cursor:
        with cursor.copy("COPY thing_facts FROM STDIN") as copy:
            for item in items:
                starts, duty = item.starts, item.duty
                none = generator.random.choice([None, "", "  "])
                copy.write_row(
                    (item.item_id, item.tenant_id, item.person_id, item.person_known, item.evidence_at,
                     starts["created"].at, starts["contract_ended"].at, starts["contract_ended"].happened,
                     starts["requested"].at, starts["requested"].happened, item.restricted, item.waits,
                     duty.paragraph if duty else none, duty.until if duty else generator.instant())
                )  # fmt: skip
        with cursor.copy("COPY consent_facts FROM STDIN") as copy:
            for item in items:
                for c in item.consents:
                    copy.write_row(
                        (
                            item.item_id,
                            c.party,
                            c.scope,
                            c.given_at,
                            c.recorded_at,
                            c.ends_at,
                            c.withdrawn_at,
                            c.reviewed_at,
                        )
                    )


def as_decided(item: ItemFacts, *, tells_all: bool = True, by_times: bool = False) -> ItemFacts:
    """What decide() is told of it; without `tells_all`, the source says nothing of restrictions and of what has to go first; with
    `by_times`, only an event's time says that it happened."""
    if by_times:
        item = replace(item, starts={event: Start(start.at, None) for event, start in item.starts.items()})
    at = item.evidence_at
    item = replace(item, evidence_at=at if at is not None and at >= EARLIEST else None)
    return replace(
        item,
        restricted=item.restricted and tells_all,
        waits=item.waits and tells_all,
        may_have_been_kept=tells_all,
    )


@pytest.mark.parametrize("role", ["processor", "controller"])
@pytest.mark.parametrize("name", RULES)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(
    seed=st.integers(0, 2**32),
    as_of_offset_h=st.sampled_from([0, 0, 0, -1, -50, -700]),
    by_key=st.booleans(),
    tells_all=st.booleans(),
    by_times=st.booleans(),
)
def test_sql_and_decide_say_the_same_of_rows(
    source: psycopg.Connection[Any],
    role: str,
    name: str,
    seed: int,
    as_of_offset_h: int,
    by_key: bool,
    tells_all: bool,
    by_times: bool,
) -> None:
    generator = Generator(seed)
    items = [thing(generator, number, is_processor=role == "processor") for number in range(150)]
    holds = [generator.hold(number) for number in range(generator.random.choice([0, 1, 4]))]
    holds = [replace(hold, item_id=hold.item_id and hold.item_id[-1]) for hold in holds]
    store(source, generator, items)
    as_of = NOW + as_of_offset_h * HOUR
    wanted = {item.item_id for item in items[:40]} if by_key else {item.item_id for item in items}
    tells_all = tells_all or by_times
    mapped = place(role, BY_TIMES_ALONE if by_times else "*" if tells_all else TOLD_WITHOUT_KEEPING)
    columns = read_columns(source, mapped, RULES[name])
    keys = sorted(wanted) if by_key else None
    selection = compile_selection(mapped, RULES[name], columns, holds, as_of=as_of, now=NOW, keys=keys)
    query = psycopg.sql.SQL("SELECT * FROM {}").format(selection.decided)
    rows = {row["item_id"]: row for row in source.execute(query, selection.parameters)}

    assert rows.keys() == wanted
    for item in (as_decided(one, tells_all=tells_all, by_times=by_times) for one in items if one.item_id in wanted):
        decision = decide(item, RULES[name], holds, as_of, now=NOW)
        row = rows[item.item_id]
        said = (row["status"], row["basis"], row["reason"], row["due_at"], row["deadline_at"], set(row["hold_ids"]))
        assert said == (
            decision.status.value,
            decision.basis.value,
            decision.reason,
            decision.due_at,
            decision.deadline_at,
            set(decision.holds),
        ), (item, holds)


def test_generated_rows_reach_every_reason() -> None:
    """Guards the test above: data that never reaches a reason would prove nothing about it."""
    seen = set()
    for seed in range(12):
        generator = Generator(seed)
        for role in (True, False):
            items = [as_decided(thing(generator, number, is_processor=role)) for number in range(300)]
            holds = [generator.hold(number) for number in range(8)]
            seen |= {decide(item, one, holds, NOW).reason for item in items for one in RULES.values()}
    assert seen == {
        "no_event", "undated", "not_due", "statutory_duty", "legal_hold", "restriction", "consent", "waits",
        "created", "contract_ended", "requested",
    }  # fmt: skip
