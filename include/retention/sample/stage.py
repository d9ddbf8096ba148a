"""Turns situations into rows, holds and objects. Pure: the same seed, instant and situations give the same company."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from retention.sample import audio
from retention.sample.ids import sample_id
from retention.sample.people import invent_caller
from retention.sample.rows import Call, Caller, Consent, Hold, Item, Recording, Row, Transcription
from retention.sample.situation import ConsentTerms, HoldTerms, RowDate, Situation, Stored

PLACE = "call_recordings"
CATEGORY = "audio"


class Step(StrEnum):
    """What is done to a key, in this order, to get it into its state."""

    PUT = "put"
    DELETE = "delete"  # without a version id: leaves a delete marker
    START_UPLOAD = "start_upload"


_STEPS: dict[Stored, tuple[Step, ...]] = {
    Stored.ONE_VERSION: (Step.PUT,),
    Stored.THREE_VERSIONS: (Step.PUT, Step.PUT, Step.PUT),
    Stored.BEHIND_MARKER: (Step.PUT, Step.DELETE),
    Stored.MARKER_ALONE: (Step.DELETE,),
    Stored.UNFINISHED_UPLOAD: (Step.START_UPLOAD,),
    Stored.NOTHING: (),
}


@dataclass(frozen=True, slots=True)
class StoredObject:
    """A key in the bucket and how it comes to be; `metadata_at` is for its metadata `recorded-at`."""

    key: str
    steps: tuple[Step, ...]
    sound_no: int
    metadata_at: datetime | None
    recording_id: UUID | None
    """The row that the object belongs to; None for orphans."""


@dataclass(slots=True)
class Company:
    """Everything that a load writes."""

    rows: list[Row] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    objects: list[StoredObject] = field(default_factory=list)


class Stage:
    """Plays situations into a company, at the instant `now` (aware, UTC), for one bucket."""

    def __init__(self, seed: int, now: datetime, bucket: str) -> None:
        self.seed = seed
        self.now = now
        self.bucket = bucket
        self.company = Company()
        self._callers: set[UUID] = set()

    def play(self, name: str, number: int, situation: Situation, *, caller: str | None = None) -> None:
        """Add item `number` of the case `name`; `caller` names a person who calls more than once."""
        played = _Call(self, name, number, situation, caller or f"{name}/{number}")
        self.company.rows.extend(played.rows())
        stored = played.stored_object()
        if stored is not None:
            self.company.objects.append(stored)
        if situation.has_row or stored is not None:
            self.company.rows.append(played.item())
        hold = situation.hold
        if hold is not None and (hold.scope == "item" or number == 0):
            self.company.holds.append(played.hold(hold))

    def first_time(self, caller_id: UUID) -> bool:
        """Whether this caller has not called yet in this load."""
        known = caller_id in self._callers
        self._callers.add(caller_id)
        return not known


class _Call:
    """One call of one situation, with its times and ids worked out."""

    def __init__(self, stage: Stage, name: str, number: int, situation: Situation, caller: str) -> None:
        self.stage = stage
        self.name = name
        self.number = number
        self.situation = situation
        seed = stage.seed
        self.draw = random.Random(f"{seed}/{name}/{number}")
        self.tenant_id = situation.tenants[number % len(situation.tenants)]
        self.caller_id = sample_id(seed, "caller", self.tenant_id, caller)
        self.call_id = sample_id(seed, "call", name, number)
        self.recording_id = sample_id(seed, "recording", name, number)
        self.started_at = stage.now - situation.age
        self.ended_at = self.started_at + timedelta(seconds=self.draw.randrange(40, 300))
        self.recorded_at = self.started_at + timedelta(seconds=1)
        self.sound_no = self.draw.randrange(audio.BODY_COUNT)

    def rows(self) -> list[Row]:
        """The rows in the company's database, in the order of their foreign keys."""
        situation = self.situation
        rows: list[Row] = []
        if not situation.has_call:
            return rows
        if self.stage.first_time(self.caller_id):
            rows.append(self._caller())
        rows.append(Call(self.call_id, self.tenant_id, self.caller_id, self.started_at, self.ended_at))
        rows.extend(self._transcriptions())
        if situation.has_row:
            rows.append(self._recording())
        for number, terms in enumerate(situation.consents):
            rows.extend(self._consent(number, terms))
        return rows

    def _caller(self) -> Caller:
        return invent_caller(self.caller_id, self.tenant_id)

    def _transcriptions(self) -> list[Row]:
        rows: list[Row] = []
        requested_at = self.ended_at + timedelta(seconds=5)
        for number, attempt in enumerate(self.situation.attempts):
            finished_at = None if attempt.finished_after is None else self.ended_at + attempt.finished_after
            transcription_id = sample_id(self.call_id, "transcription", number)
            rows.append(Transcription(transcription_id, self.call_id, attempt.status, requested_at, finished_at))
            requested_at = (finished_at or requested_at) + timedelta(minutes=1)
        return rows

    def _recording(self) -> Recording:
        sound = audio.sound(self.sound_no)
        return Recording(
            recording_id=self.recording_id,
            call_id=self.call_id,
            tenant_id=self.tenant_id,
            bucket=self.stage.bucket,
            object_key=self.key(),
            recorded_at=self._dated(),
            created_at=self.ended_at + timedelta(seconds=2),
            duration_s=sound.duration_s,
            size_bytes=len(sound.body),
        )

    def _dated(self) -> datetime | None:
        match self.situation.row_date:
            case RowDate.TRUE:
                return self.recorded_at
            case RowDate.MISSING:
                return None
            case RowDate.FUTURE:
                return self.recorded_at + timedelta(days=365)
            case RowDate.LATER:
                return self.stage.now - timedelta(days=2)

    def key(self) -> str:
        """`recordings/<tenant>/<YYYY>/<MM>/<DD>/<call>.wav`, by the UTC day on which the recording really started."""
        file_name = self.situation.file_name
        name = f"{self.call_id}.wav" if file_name is None else file_name.replace("{n}", str(self.call_id)[:8])
        return f"recordings/{self.tenant_id}/{self.recorded_at.astimezone(UTC):%Y/%m/%d}/{name}"

    def stored_object(self) -> StoredObject | None:
        """The object under the recording's key; None when there is none."""
        steps = _STEPS[self.situation.stored]
        if not steps:
            return None
        recording_id = self.recording_id if self.situation.has_row else None
        return StoredObject(self.key(), steps, self.sound_no, self._dated(), recording_id)

    def item(self) -> Item:
        """Where to find the case this call shows."""
        recording_id = self.recording_id if self.situation.has_row else None
        return Item(self.stage.seed, self.name, self.number, self.tenant_id, recording_id, self.key())

    def _consent(self, number: int, terms: ConsentTerms) -> list[Row]:
        now = self.stage.now
        rows: list[Row] = []
        call_id, started_at, ended_at = self.call_id, self.started_at, self.ended_at
        if terms.for_earlier_call:
            call_id = sample_id(self.call_id, "earlier")
            started_at, ended_at = started_at - timedelta(days=3), ended_at - timedelta(days=3)
            rows.append(Call(call_id, self.tenant_id, self.caller_id, started_at, ended_at))
        recorded_at = ended_at if terms.recorded_after is None else started_at + terms.recorded_after
        given_at = started_at + terms.given_after
        consent = Consent(
            consent_id=sample_id(self.call_id, "consent", number),
            tenant_id=self.tenant_id,
            call_id=call_id,
            party=terms.party,
            scope=terms.scope,
            given_at=given_at,
            recorded_at=max(recorded_at, given_at),
            ends_at=_before(now, terms.ends_ago),
            withdrawn_at=_before(now, terms.withdrawn_ago),
            reviewed_at=None,
        )
        return [*rows, consent]

    def hold(self, terms: HoldTerms) -> Hold:
        """The hold of this situation; for a person, tenant or period there is only one for all items of the case.

        A hold on a person names the tenant too: without it, it would cover every orphan, which could be anybody's.
        """
        now = self.stage.now
        effective_at = now - terms.effective_ago
        is_period, is_item = terms.scope == "period", terms.scope == "item"
        return Hold(
            hold_id=sample_id(self.stage.seed, "hold", self.name, self.number),
            category=CATEGORY,
            tenant_id=None if is_item else self.tenant_id,
            person_id=str(self.caller_id) if terms.scope == "person" else None,
            place=PLACE if is_item else None,
            item_id=str(self.recording_id) if is_item else None,
            started_from=self.recorded_at - timedelta(days=1) if is_period else None,
            started_before=self.recorded_at + timedelta(days=1) if is_period else None,
            reason="Beweissicherung in einem (erfundenen) Rechtsstreit",
            requested_by="legal",
            approved_by=terms.approved_by,
            created_at=min(effective_at, now) - timedelta(hours=1),
            effective_at=effective_at,
            ends_at=_before(now, terms.ends_ago),
            review_at=_before(now, terms.review_ago) if terms.ends_ago is None else None,
            ended_at=_before(now, terms.ended_ago),
            ended_by="legal" if terms.ended_ago is not None else None,
        )


def _before(now: datetime, ago: timedelta | None) -> datetime | None:
    return None if ago is None else now - ago
