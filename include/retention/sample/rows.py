"""The rows of the sample company, one dataclass per table; field names are the column names of `schema.sql`.

All times are aware and in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Row:
    """A row that knows its table, so that one function writes them all."""

    table: ClassVar[str]


@dataclass(frozen=True, slots=True)
class Tenant(Row):
    """A customer of the company, or the company itself."""

    table: ClassVar[str] = "public.tenants"
    tenant_id: str
    name: str
    is_self: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Contract(Row):
    """A customer's contract; `ended_at` may lie ahead."""

    table: ClassVar[str] = "public.contracts"
    contract_id: UUID
    tenant_id: str
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Caller(Row):
    """A person who called a customer; nameless when the number was withheld."""

    table: ClassVar[str] = "public.callers"
    caller_id: UUID
    tenant_id: str
    name: str | None
    phone: str | None
    email: str | None
    last_called_at: datetime


@dataclass(frozen=True, slots=True)
class Call(Row):
    """One telephone call."""

    table: ClassVar[str] = "public.calls"
    call_id: UUID
    tenant_id: str
    caller_id: UUID
    started_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class Transcription(Row):
    """One attempt to transcribe a call."""

    table: ClassVar[str] = "public.transcriptions"
    transcription_id: UUID
    call_id: UUID
    status: str
    requested_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Recording(Row):
    """What the company knows about one object in its bucket."""

    table: ClassVar[str] = "public.recordings"
    recording_id: UUID
    call_id: UUID
    tenant_id: str
    bucket: str
    object_key: str
    recorded_at: datetime | None
    created_at: datetime
    duration_s: Decimal
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Consent(Row):
    """A consent; without `call_id` it holds for all calls of the customer."""

    table: ClassVar[str] = "public.consents"
    consent_id: UUID
    tenant_id: str
    call_id: UUID | None
    party: str
    scope: str
    given_at: datetime
    recorded_at: datetime
    ends_at: datetime | None
    withdrawn_at: datetime | None
    reviewed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Item(Row):
    """Which recording or object shows which case (`sample.items`)."""

    table: ClassVar[str] = "sample.items"
    seed: int
    case_name: str
    item_no: int
    tenant_id: str
    recording_id: UUID | None
    object_key: str


@dataclass(frozen=True, slots=True)
class Hold(Row):
    """A legal hold; lives in our own database, not in the company's."""

    table: ClassVar[str] = "retention.holds"
    hold_id: UUID
    category: str
    tenant_id: str | None
    person_id: str | None
    place: str | None
    item_id: str | None
    started_from: datetime | None
    started_before: datetime | None
    reason: str
    requested_by: str
    approved_by: str | None
    created_at: datetime
    effective_at: datetime
    ends_at: datetime | None
    review_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None


@dataclass(frozen=True, slots=True)
class Record(Row):
    """Which row of another table, log object, log file or partition shows which case (`sample.records`)."""

    table: ClassVar[str] = "sample.records"
    seed: int
    case_name: str
    item_no: int
    place: str
    tenant_id: str | None
    item_id: str
