"""The SQL that disposal runs on sets and decide() say the same, on generated data in a real PostgreSQL."""

from __future__ import annotations

import random
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

from retention.datamap.key_pattern import compile_pattern
from retention.datamap.loader import MappedPlace
from retention.datamap.model import ConnectionKind, Facts, S3Place, SourceConnection
from retention.disposal.fact_columns import read_columns
from retention.disposal.keys import read_key
from retention.disposal.selection import compile_selection
from retention.policy.decide import EARLIEST, decide
from retention.policy.facts import Consent, Hold, ItemFacts, Start
from retention.policy.model import Consents, Minimum, RetentionRule, RuleVersion, Schedule, StartPoint, VolumeLimit

NOW = datetime(2026, 3, 29, 3, 30, tzinfo=UTC)  # half an hour after clocks went forward in Berlin
HOUR = timedelta(hours=1)
_TO_EARLIEST_H = (NOW - EARLIEST) // HOUR
ITEM_COLUMNS = """item_id text, bucket text, object_key text, tenant_id text, person_id text, evidence_at timestamptz,
    start_recording_started timestamptz, start_transcription_succeeded timestamptz, happened_transcription_succeeded boolean,
    start_document_arose timestamptz, happened_year_released boolean, restricted boolean"""
CONSENT_COLUMNS = """item_id text, bucket text, object_key text, party text, scope text, given_at timestamptz,
    recorded_at timestamptz, ends_at timestamptz, withdrawn_at timestamptz, reviewed_at timestamptz"""


def version(
    number: int, day: date, *, limit_h: int, lead_h: int, parties: tuple[str, ...] | None, **extra: Any
) -> RuleVersion:
    exemption = None
    if parties is not None:
        exemption = Consents(
            scope="archiving", parties=parties, review_every=timedelta(days=365), review_grace=timedelta(days=30)
        )
    return RuleVersion(
        version=number,
        policy_version="2025-08-03",
        effective_from=day,
        approved_by="Data Protection Officer",
        start_points=(
            StartPoint(event="transcription_succeeded", allowed_latency=2 * HOUR),
            StartPoint(event="recording_started", every_item=True, limit=limit_h * HOUR, lead=lead_h * HOUR),
        ),
        exemption=exemption,
        **extra,
    )


def rule(*versions: RuleVersion, skew: timedelta = HOUR) -> RetentionRule:
    schedule = Schedule(
        longest_interval=HOUR, missed_runs_tolerated=0, run_time=HOUR, store_lag=0 * HOUR, clock_skew=skew
    )
    return RetentionRule(
        category="audio",
        clause="audio",
        owner="Platform Engineering",
        schedule=schedule,
        volume_limit=VolumeLimit(items=10, share=0.5, share_above_items=5, unlinked_items=5),
        plan_valid_for=HOUR,
        versions=versions,
    )


BOTH = ("caller", "customer")
RULES = {
    "one_version": rule(version(1, date(2025, 8, 3), limit_h=720, lead_h=49, parties=BOTH)),
    "no_exemption": rule(version(1, date(2025, 8, 3), limit_h=720, lead_h=49, parties=None), skew=0 * HOUR),
    "longer_later": rule(
        version(1, date(2025, 8, 3), limit_h=480, lead_h=49, parties=BOTH),
        version(2, date(2026, 3, 10), limit_h=720, lead_h=49, parties=("caller",)),
    ),
    "shorter_later": rule(
        version(1, date(2025, 8, 3), limit_h=720, lead_h=49, parties=BOTH),
        version(2, date(2026, 3, 10), limit_h=240, lead_h=10, parties=BOTH),
        version(3, date(2026, 4, 10), limit_h=100, lead_h=10, parties=None),
    ),
    "statutory_minimum": rule(
        version(
            1,
            date(2025, 8, 3),
            limit_h=720,
            lead_h=49,
            parties=BOTH,
            minimum=Minimum(event="document_arose", years="P1Y", paragraph="§147 Abs. 3 AO", release="year_released"),
        )
    ),
}
PLACE = MappedPlace(
    name="recordings",
    spec=S3Place(
        kind="s3",
        category="audio",
        role="processor",
        owner="Platform Engineering",
        connection="store",
        bucket="b%s{}",
        prefixes=("recordings/",),
        key_date=compile_pattern(r"^recordings/(?P<tenant>t[0-9]+)?/?(?P<year>\d{4})/(?P<month>\d{2})/(?P<day>\d{2})/"),
        facts=Facts(connection="db", items=Path("i.sql"), consents=Path("c.sql"), check_items=Path("v.sql")),
    ),
    store=SourceConnection(kind=ConnectionKind.S3, disposal="store", verification="store_verify"),
    facts_connection=SourceConnection(kind=ConnectionKind.POSTGRES, disposal="db", verification="db_verify"),
    items_sql="SELECT * FROM item_facts WHERE item_id NOT LIKE 'hidden%' -- a comment without end",
    consents_sql="SELECT * FROM consent_facts",
    check_items_sql="",
    check_consents_sql=None,
)
WITHOUT_RESTRICTIONS = replace(
    PLACE,
    items_sql="""SELECT item_id, bucket, object_key, tenant_id, person_id, evidence_at, start_recording_started,
        start_transcription_succeeded, happened_transcription_succeeded, start_document_arose, happened_year_released
        FROM item_facts WHERE item_id NOT LIKE 'hidden%' -- a comment without end""",
)


@pytest.fixture
def source(database: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database, autocommit=True, row_factory=dict_row, options="-c TimeZone=UTC") as connection:
        connection.execute(f"CREATE TABLE item_facts ({ITEM_COLUMNS})")
        connection.execute(f"CREATE TABLE consent_facts ({CONSENT_COLUMNS})")
        yield connection


class Generator:
    """Items, consents and holds that lie close around every boundary of the rule."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def instant(self, *, nullable: float = 0.15) -> datetime | None:
        if self.random.random() < nullable:
            return None
        centre = self.random.choice(
            [0, 0, 1, 2, 49, 51, 431, 480, 671, 673, 720, 721, 8760, 9480, 9481, -1, -3, -30, 20_000, _TO_EARLIEST_H]
        )
        jitter = self.random.choice([0, 0, 1, -1, 60, -60, 3600, -3600, 40_000])
        return NOW - centre * HOUR + timedelta(seconds=jitter)

    def certain_instant(self) -> datetime:
        instant = self.instant(nullable=0)
        assert instant is not None
        return instant

    def item(self, number: int) -> ItemFacts:
        happened = self.random.random() < 0.5
        key = f"recordings/{self.day()}k{self.random.randrange(number + 1) if self.random.random() < 0.05 else number}"
        return ItemFacts(
            place=PLACE.name,
            item_id=f"i{number}",
            object_key=key,
            tenant_id=self.random.choice([None, "t1", "t2"]),
            person_id=self.random.choice([None, "p1", "p2"]),
            starts={
                "recording_started": Start(at := self.instant(), at is not None),
                "transcription_succeeded": Start(self.instant(nullable=0.3), happened),
                "document_arose": Start(self.instant(), True),
                "year_released": Start(None, self.random.random() < 0.6),
            },
            evidence_at=self.instant(),
            consents=self.consents(),
            restricted=self.random.random() < 0.1,
        )

    def day(self) -> str:
        """What a key says about its day: often nothing, sometimes one that no calendar has, or one to come."""
        told = (self.certain_instant() + self.random.choice([0, 0, 24, -24]) * HOUR).strftime("%Y/%m/%d/")
        return self.random.choice(
            ["", "", told, told, told, "2026/02/30/", "0000/01/01/", "2024/02/29/", "2099/01/01/"]
        )

    def consents(self) -> tuple[Consent, ...]:
        """Some of one item; now and then one party withdraws on one record what it had given on another."""
        consents = [self.consent() for _ in range(self.random.choice([0, 0, 1, 2, 2, 3, 4]))]
        if consents and self.random.random() < 0.4:
            first, second = self.random.choice(consents), self.random.choice(consents)
            apart = timedelta(seconds=self.random.choice([0, 1, -1, 7200]))
            again = second._replace(given_at=first.given_at + apart, withdrawn_at=None)
            withdrawn_at = first.given_at + timedelta(seconds=self.random.choice([0, 1, 3600]))
            withdrawing = first._replace(given_at=self.certain_instant(), withdrawn_at=withdrawn_at)
            consents += [again._replace(party=first.party, scope=first.scope), withdrawing]
        return tuple(consents)

    def consent(self) -> Consent:
        given_at = self.certain_instant()
        return Consent(
            party=self.random.choice(BOTH),
            scope=self.random.choice(["archiving", "archiving", "archiving", "ai_training"]),
            given_at=given_at,
            recorded_at=given_at if self.random.random() < 0.6 else self.certain_instant(),
            ends_at=self.instant(nullable=0.8),
            withdrawn_at=self.instant(nullable=0.8),
            reviewed_at=self.instant(nullable=0.7),
        )

    def hold(self, number: int) -> Hold:
        def maybe(*values: str) -> str | None:
            return self.random.choice([None, None, *values])

        item_id = maybe("i1", "recordings/k2", "i7")
        return Hold(
            hold_id=f"h{number}",
            requested_by="a",
            approved_by=self.random.choice(["b", "b", "b", "A ", None]),
            effective_at=self.certain_instant(),
            ends_at=self.instant(nullable=0.4),
            review_at=self.instant(nullable=0.4),
            ended_at=self.instant(nullable=0.8),
            category=maybe("audio", "leads"),
            tenant_id=maybe("t1"),
            person_id=maybe("p1"),
            place=PLACE.name if item_id is not None and self.random.random() < 0.9 else None,
            item_id=item_id,
            started_from=self.instant(nullable=0.8),
            started_before=self.instant(nullable=0.8),
        )


def store(source: psycopg.Connection[Any], items: list[ItemFacts]) -> None:
    source.execute("TRUNCATE item_facts, consent_facts")
    with source.cursor() as cursor:
        with cursor.copy("COPY item_facts FROM STDIN") as copy:
            for item in items:
                starts = item.starts
                copy.write_row(
                    (item.item_id, PLACE.spec.bucket, item.object_key, item.tenant_id, item.person_id, item.evidence_at,
                     starts["recording_started"].at, starts["transcription_succeeded"].at,
                     starts["transcription_succeeded"].happened, starts["document_arose"].at,
                     starts["year_released"].happened, item.restricted)
                )  # fmt: skip
        with cursor.copy("COPY consent_facts FROM STDIN") as copy:
            for item in items:
                for c in item.consents:
                    copy.write_row(
                        (item.item_id, PLACE.spec.bucket, item.object_key, c.party, c.scope, c.given_at, c.recorded_at,
                         c.ends_at, c.withdrawn_at, c.reviewed_at)
                    )  # fmt: skip


def as_decided(
    items: list[ItemFacts], stored_at: dict[str, datetime] | None = None, *, tells_restrictions: bool = False
) -> list[ItemFacts]:
    """The stored items as decide() is told of them: with their twins, and with what their keys and the store say."""
    keys = [item.object_key for item in items]
    return [
        replace(
            item,
            twins=keys.count(item.object_key),
            evidence_at=evidence(item, (stored_at or {}).get(str(item.object_key))),
            key_tenant=read_key(PLACE.spec.key_date, str(item.object_key)).tenant_id,
            restricted=item.restricted and tells_restrictions,
            may_have_been_kept=tells_restrictions,
        )
        for item in items
    ]


def evidence(item: ItemFacts, stored_at: datetime | None = None) -> datetime | None:
    day = read_key(PLACE.spec.key_date, str(item.object_key)).day
    return min((at for at in (item.evidence_at, day, stored_at) if at is not None and at >= EARLIEST), default=None)


@pytest.mark.parametrize("name", RULES)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(
    seed=st.integers(0, 2**32),
    as_of_offset_h=st.sampled_from([0, 0, 0, -1, -50, -700]),
    by_key=st.booleans(),
    tells=st.booleans(),
)
def test_sql_and_decide_say_the_same(
    source: psycopg.Connection[Any], name: str, seed: int, as_of_offset_h: int, by_key: bool, tells: bool
) -> None:
    generator = Generator(seed)
    stored = [generator.item(number) for number in range(150)]
    dated = generator.random.sample(stored, k=generator.random.choice([0, 60]))
    stored_at = {str(item.object_key): generator.certain_instant() for item in dated}
    items = as_decided(stored, stored_at, tells_restrictions=tells)
    place = PLACE if tells else WITHOUT_RESTRICTIONS
    holds = [generator.hold(number) for number in range(generator.random.choice([0, 1, 4]))]
    as_of = NOW + as_of_offset_h * HOUR
    store(source, stored)
    wanted = {item.object_key for item in items[:40]} if by_key else None
    columns = read_columns(source, place, RULES[name])
    selection = compile_selection(
        place,
        RULES[name],
        columns,
        holds,
        as_of=as_of,
        now=NOW,
        keys=sorted(wanted) if wanted is not None else None,
        stored=stored_at,
    )
    query = psycopg.sql.SQL("SELECT * FROM {}").format(selection.decided)
    rows = {row["item_id"]: row for row in source.execute(query, selection.parameters)}

    expected = [item for item in items if wanted is None or item.object_key in wanted]
    assert rows.keys() == {item.item_id for item in expected}
    for item in expected:
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


def test_generated_data_reaches_every_status(source: psycopg.Connection[Any]) -> None:
    """Guards the test above: data that never reaches a status would prove nothing about it."""
    seen = set()
    for seed in range(12):
        generator = Generator(seed)
        stored = [generator.item(number) for number in range(400)]
        items = [one for tells in (True, False) for one in as_decided(stored, tells_restrictions=tells)]
        holds = [generator.hold(number) for number in range(12)]
        seen |= {decide(item, r, holds, NOW).status.value for item in items for r in RULES.values()}
    assert seen == {"retain", "due", "overdue", "held", "exempt", "kept_by_minimum", "restricted"}


def test_generated_data_has_keys_that_contradict_their_rows() -> None:
    """Guards the test above: rows dated by their key's day alone, and others whose key says nothing that counts."""
    differ = same = 0
    for seed in range(6):
        generator = Generator(seed)
        for stored in (generator.item(number) for number in range(400)):
            by_row, by_key = (
                decide(one, RULES["one_version"], [], NOW)
                for one in (stored, replace(stored, evidence_at=evidence(stored)))
            )
            has_day = read_key(PLACE.spec.key_date, str(stored.object_key)).day is not None
            differ += by_row.deadline_at != by_key.deadline_at
            same += has_day and by_row.deadline_at == by_key.deadline_at
    assert differ > 50
    assert same > 50


def test_generated_data_has_dates_that_a_clock_ahead_has_stamped() -> None:
    """Guards the test above: items that are kept only because instants up to the clock skew ahead count as stated."""
    differ = kept = 0
    strict = rule(*RULES["one_version"].versions, skew=0 * HOUR)
    for seed in range(6):
        generator = Generator(seed)
        for item in (generator.item(number) for number in range(400)):
            by_skew, by_none = (decide(item, one, [], NOW) for one in (RULES["one_version"], strict))
            differ += by_none.due_at != by_skew.due_at
            kept += by_none.disposable and not by_skew.disposable
    assert differ > 50
    assert kept > 0


def test_generated_data_withdraws_on_another_record() -> None:
    """Guards the test above: consents that a withdrawal on another record ended, and others that were given again after it."""
    ended = again = 0
    for seed in range(6):
        generator = Generator(seed)
        for item in (generator.item(number) for number in range(400)):
            withdrawn = [c for c in item.consents if c.withdrawn_at is not None]
            alone = replace(
                item, consents=tuple(c._replace(withdrawn_at=None) for c in item.consents if c not in withdrawn)
            )
            said, without = (decide(one, RULES["one_version"], [], NOW).status.value for one in (item, alone))
            ended += without == "exempt" and said != "exempt"
            again += bool(withdrawn) and said == "exempt"
    assert ended > 0
    assert again > 0
