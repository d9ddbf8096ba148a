"""Turns situations into rows, holds and objects. Pure: the same seed, instant and situations give the same company."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from retention.sample import audio
from retention.sample.conversation import transcript_rows
from retention.sample.holds import CaseItem, before, build_hold
from retention.sample.ids import sample_id
from retention.sample.log_parts import LogFile, Partition, Step
from retention.sample.people import invent_caller
from retention.sample.rows import Call, Caller, Consent, Hold, Item, Record, Recording, Row, Transcription
from retention.sample.situation import ConsentTerms, HoldTerms, RecordCase, RowDate, Situation, Stored

PLACE = "call_recordings"
CATEGORY = "audio"


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
    log_objects: list[LogFile] = field(default_factory=list)
    log_files: list[LogFile] = field(default_factory=list)
    partitions: list[Partition] = field(default_factory=list)


class Stage:
    """Plays situations into a company, at the instant `now` (aware, UTC), for one bucket."""

    def __init__(self, seed: int, now: datetime, bucket: str) -> None:
        self.seed = seed
        self.now = now
        self.bucket = bucket
        self.company = Company()
        self._callers: dict[UUID, Caller] = {}

    def play(self, name: str, number: int, situation: Situation, *, caller: str | None = None) -> PlayedCall:
        """Add item `number` of the case `name`; `caller` names a person who calls more than once."""
        played = PlayedCall(self, name, number, situation, caller or f"{name}/{number}")
        self.company.rows.extend(played.rows())
        stored = played.stored_object()
        if stored is not None:
            self.company.objects.append(stored)
        if situation.has_row or stored is not None:
            self.company.rows.append(played.item())
        self.hold(played.case_item(), situation.hold)
        return played

    def show(
        self,
        case: RecordCase,
        number: int,
        *,
        category: str,
        tenant_id: str,
        item_id: str,
        arose_at: datetime,
        person_id: str = "",
    ) -> None:
        """Note which item, of another category than recordings, shows a case, and set the hold on it. A log names no person."""
        item = CaseItem(
            case_name=case.name,
            number=number,
            category=category,
            place=case.place,
            tenant_id=tenant_id,
            person_id=person_id,
            item_id=item_id,
            arose_at=arose_at,
        )
        self.company.rows.append(Record(self.seed, case.name, number, case.place, tenant_id, item_id))
        self.hold(item, case.hold)

    def hold(self, item: CaseItem, terms: HoldTerms | None) -> None:
        """Set the hold of these terms; one on more than the item is one for all items of its case."""
        if terms is not None and (terms.scope == "item" or item.number == 0):
            self.company.holds.append(build_hold(self.seed, self.now, item, terms))

    def note_caller(self, caller_id: UUID, tenant_id: str, called_at: datetime) -> None:
        """Somebody called: a person whom the company has a row of, with the time of the last call."""
        known = self._callers.get(caller_id)
        if known is None:
            self._callers[caller_id] = invent_caller(caller_id, tenant_id, called_at)
        elif called_at > known.last_called_at:
            self._callers[caller_id] = replace(known, last_called_at=called_at)

    def finish(self) -> Company:
        """The company, once everything was played."""
        self.company.rows.extend(self._callers.values())
        self._callers = {}
        return self.company


class PlayedCall:
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
        self.stage.note_caller(self.caller_id, self.tenant_id, self.started_at)
        rows.append(Call(self.call_id, self.tenant_id, self.caller_id, self.started_at, self.ended_at))
        rows.extend(self._transcriptions())
        rows.extend(self._transcript())
        if situation.has_row:
            rows.append(self._recording())
        for number, terms in enumerate(situation.consents):
            rows.extend(self._consent(number, terms))
        return rows

    def _transcriptions(self) -> list[Row]:
        rows: list[Row] = []
        requested_at = self.ended_at + timedelta(seconds=5)
        for number, attempt in enumerate(self.situation.attempts):
            finished_at = None if attempt.finished_after is None else self.ended_at + attempt.finished_after
            transcription_id = sample_id(self.call_id, "transcription", number)
            rows.append(Transcription(transcription_id, self.call_id, attempt.status, requested_at, finished_at))
            requested_at = (finished_at or requested_at) + timedelta(minutes=1)
        return rows

    def _transcript(self) -> list[Row]:
        succeeded = [attempt for attempt in self.situation.attempts if attempt.status == "succeeded"]
        if not succeeded or not self.situation.has_transcript:
            return []
        created_at = self.ended_at + (succeeded[0].finished_after or timedelta()) + timedelta(seconds=2)
        duty = self.situation.duty
        paragraph, until = (
            (duty.paragraph, before(self.stage.now, duty.ended_ago)) if duty is not None else (None, None)
        )
        return transcript_rows(self.call_id, self.tenant_id, created_at, paragraph=paragraph, until=until)

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
            ends_at=before(now, terms.ends_ago),
            withdrawn_at=before(now, terms.withdrawn_ago),
            reviewed_at=None,
        )
        return [*rows, consent]

    def case_item(self) -> CaseItem:
        """The recording as an item that a hold can be on."""
        return CaseItem(
            case_name=self.name,
            number=self.number,
            category=CATEGORY,
            place=PLACE,
            tenant_id=self.tenant_id,
            person_id=str(self.caller_id),
            item_id=str(self.recording_id),
            arose_at=self.recorded_at,
        )
