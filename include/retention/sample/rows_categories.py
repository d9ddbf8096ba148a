"""The rows of transcripts, leads, marketing contacts, usage and logs, as `rows`; and the order of all tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from retention.sample.rows import Call, Caller, Consent, Contract, Recording, Row, Tenant, Transcription


@dataclass(frozen=True, slots=True)
class Transcript(Row):
    """What was said in a call; flagged where a statute keeps it. Its call may be missing: there is no foreign key."""

    table: ClassVar[str] = "public.transcripts"
    transcript_id: UUID
    call_id: UUID | None
    tenant_id: str | None
    created_at: datetime | None
    language: str
    body: str
    duty_paragraph: str | None
    duty_until: datetime | None


@dataclass(frozen=True, slots=True)
class Segment(Row):
    """One turn of a transcript; without a foreign key."""

    table: ClassVar[str] = "public.transcript_segments"
    segment_id: UUID
    transcript_id: UUID
    position: int
    speaker: str
    body: str


@dataclass(frozen=True, slots=True)
class Embedding(Row):
    """A segment's vector, for search by meaning."""

    table: ClassVar[str] = "public.transcript_embeddings"
    embedding_id: UUID
    segment_id: UUID
    model: str
    vector: list[float]

    def __hash__(self) -> int:
        return hash(self.embedding_id)


@dataclass(frozen=True, slots=True)
class Summary(Row):
    """A transcript in one sentence."""

    table: ClassVar[str] = "public.transcript_summaries"
    summary_id: UUID
    transcript_id: UUID
    body: str


@dataclass(frozen=True, slots=True)
class ChatMessage(Row):
    """What somebody at the customer asked the assistant about a transcript, and its answer; without a foreign key."""

    table: ClassVar[str] = "public.chat_messages"
    message_id: UUID
    transcript_id: UUID
    sent_at: datetime
    author: str
    body: str


@dataclass(frozen=True, slots=True)
class DeletionRequest(Row):
    """What a customer told us to delete (`transcripts` or `leads`): all that there was when the request came."""

    table: ClassVar[str] = "public.deletion_requests"
    request_id: UUID
    tenant_id: str
    received_at: datetime
    scope: str


@dataclass(frozen=True, slots=True)
class Lead(Row):
    """A person who is interested in what a customer offers."""

    table: ClassVar[str] = "public.crm_leads"
    lead_id: int
    tenant_id: str
    name: str | None
    phone: str | None
    email: str | None
    note: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class MarketingContact(Row):
    """A person whom the company itself writes to."""

    table: ClassVar[str] = "public.marketing_contacts"
    contact_id: UUID
    email: str | None
    phone: str | None
    name: str | None
    source: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class MarketingConsent(Row):
    """A contact's consent for one channel, with its proof. It stays when the contact goes."""

    table: ClassVar[str] = "public.marketing_consents"
    consent_id: UUID
    contact_id: UUID
    channel: str
    given_at: datetime
    recorded_at: datetime
    proof_reference: str | None
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class UsageEvent(Row):
    """One visit of a page; anonymised where the address is gone and device and program say `anonymised`."""

    table: ClassVar[str] = "public.usage_events"
    event_id: int
    collected_at: datetime | None
    stored_at: datetime
    ip_address: str | None
    user_agent: str | None
    device_id: str | None
    page: str


@dataclass(frozen=True, slots=True)
class AuditRecord(Row):
    """One record of the application's own log."""

    table: ClassVar[str] = "public.audit_log"
    event_id: int
    logged_at: datetime | None
    stored_at: datetime
    message: str


@dataclass(frozen=True, slots=True)
class RequestRecord(Row):
    """One request to the company's servers; partitioned by `logged_at`, without a default partition."""

    table: ClassVar[str] = "logs.request_log"
    request_id: int
    logged_at: datetime
    stored_at: datetime
    method: str
    path: str
    status: int
    client_ip: str | None
    user_agent: str | None


COMPANY_TABLES: tuple[type[Row], ...] = (
    *(Tenant, Contract, Caller, Call, Transcription, Recording, Consent),
    *(Transcript, Segment, Embedding, Summary, ChatMessage, DeletionRequest, Lead),
    *(MarketingContact, MarketingConsent, UsageEvent, AuditRecord, RequestRecord),
)
"""In the order in which foreign keys allow writing."""
