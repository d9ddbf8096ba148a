"""A company on real servers, filled with plain SQL and boto3 only, and the check that looks at it."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from tests.history import rewrite

from retention.connections import Connection
from retention.database import connect
from retention.evidence.hashing import ItemHasher
from retention.settings import INCLUDE
from retention.verification import CheckResult, verify
from retention.verification.anchored import Anchor

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
PLACE = "call_recordings"
HASHER = ItemHasher(bytes(range(32)))


@dataclass(frozen=True)
class Planted:
    """One recording: its ids and its key."""

    tenant_id: str
    call_id: uuid.UUID
    recording_id: uuid.UUID
    key: str


@dataclass
class Company:
    """One source database, one versioned bucket, one database of our own, and a data map that names them."""

    source: str
    own: str
    bucket: str
    s3: Any
    connections: dict[str, Connection]
    datamap: Path
    policies: Path = INCLUDE / "policies"
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def sql(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Run one statement in the source, as its owner."""
        with psycopg.connect(self.source, autocommit=True) as connection:
            cursor = connection.execute(query, parameters)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def own_sql(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        """Run one statement in our own database, as its owner."""
        with connect(self.own) as connection:
            cursor = connection.execute(query, parameters)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def tenant(self, tenant_id: str, *, contract_ended: timedelta | None = None) -> None:
        """A customer with a contract of two years, perhaps one that ended this long ago."""
        ended_at = self.now - contract_ended if contract_ended is not None else None
        self.sql("INSERT INTO tenants VALUES (%s, %s, false, %s)", tenant_id, tenant_id.title(), self.now - 800 * DAY)
        self.sql(
            "INSERT INTO contracts VALUES (%s, %s, %s, %s)", uuid.uuid4(), tenant_id, self.now - 730 * DAY, ended_at
        )

    def recording(
        self,
        tenant_id: str,
        age: timedelta,
        *,
        transcribed: timedelta | None = None,
        recorded_at: datetime | str | None = "true",
        evidence_age: timedelta | None = None,
        key: str | None = None,
        key_age: timedelta | None = None,
        bucket: str | None = None,
        stored: bool = True,
        row: bool = True,
    ) -> Planted:
        """A recording of this age: caller, call, row and one version; `transcribed` is how long ago that succeeded."""
        call_id, caller_id, recording_id = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
        at = self.now - age
        evidence = self.now - (evidence_age if evidence_age is not None else age)
        day = self.now - (key_age if key_age is not None else age)
        key = key or f"recordings/{tenant_id}/{day:%Y/%m/%d}/{call_id}.wav"
        if row:
            self.sql(
                "INSERT INTO callers VALUES (%s, %s, 'Anna Beispiel', '+49 30 23125000', NULL)", caller_id, tenant_id
            )
            self.sql("INSERT INTO calls VALUES (%s, %s, %s, %s, %s)", call_id, tenant_id, caller_id, evidence, evidence)
            self.sql(
                "INSERT INTO recordings VALUES (%s, %s, %s, %s, %s, %s, %s, 60, 4)",
                *(recording_id, call_id, tenant_id, bucket or self.bucket, key),
                *(at if recorded_at == "true" else recorded_at, evidence),
            )
        if transcribed is not None:
            self.transcription(call_id, transcribed)
        if stored:
            self.put(key)
        return Planted(tenant_id, call_id, recording_id, key)

    def transcription(self, call_id: uuid.UUID, ago: timedelta | None, status: str = "succeeded") -> None:
        """A transcription that finished this long ago (None: nobody noted when)."""
        at = self.now - ago if ago is not None else None
        self.sql(
            "INSERT INTO transcriptions VALUES (%s, %s, %s, %s, %s)", uuid.uuid4(), call_id, status, at or self.now, at
        )

    def consent(
        self,
        of: Planted,
        party: str,
        given: timedelta,
        *,
        scope: str = "archiving",
        recorded: timedelta | None = None,
        ends: timedelta | None = None,
        withdrawn: timedelta | None = None,
        reviewed: timedelta | None = None,
        standing: bool = False,
    ) -> uuid.UUID:
        """A consent to this recording, or (`standing`) the customer's to all its calls. All times are how long ago."""
        consent_id = uuid.uuid4()
        ago = [given, recorded if recorded is not None else given, ends, withdrawn, reviewed]
        self.sql(
            "INSERT INTO consents VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            *(consent_id, of.tenant_id, None if standing else of.call_id, party, scope),
            *(self.now - one if one is not None else None for one in ago),
        )
        return consent_id

    def both_consent(self, of: Planted, given: timedelta, **terms: Any) -> list[uuid.UUID]:
        """Caller and customer agree."""
        return [self.consent(of, party, given, **terms) for party in ("caller", "customer")]

    def hold(self, *, recorded: bool = True, **terms: Any) -> uuid.UUID:
        """A hold; by default approved by a second person, in force since ten days, for sixty more, with ledger entries."""
        hold_id = uuid.uuid4()
        values: dict[str, Any] = {
            "hold_id": hold_id,
            "category": "audio",
            "reason": "dispute",
            "requested_by": "legal",
            "approved_by": "compliance",
            "effective_at": self.now - 10 * DAY,
            "ends_at": self.now + 60 * DAY,
        }
        values |= terms
        names = ", ".join(values)
        self.own_sql(
            f"INSERT INTO retention.holds ({names}) VALUES ({', '.join(['%s'] * len(values))})", *values.values()
        )
        if recorded:
            self._note(values)
        return hold_id

    def rewrite(self, statement: str) -> None:
        """Change what checks recorded, as only the database's superuser can."""
        with connect(self.own) as connection:
            rewrite(connection, statement)

    def end_hold(self, hold_id: uuid.UUID) -> None:
        """End a hold now, with its ledger entry."""
        self.own_sql("UPDATE retention.holds SET ended_at = now() WHERE hold_id = %s", hold_id)
        self.own_sql("SELECT retention.ledger_append('hold_ended', %s)", json.dumps({"hold": str(hold_id)}))

    def _note(self, hold: Mapping[str, Any]) -> None:
        names = ("requested_by", "approved_by", "effective_at", "ends_at", "review_at")
        terms = {"hold": hold["hold_id"], **{name: hold.get(name) for name in names}}
        entries = {"hold_set": terms} | ({"hold_ended": {"hold": hold["hold_id"]}} if hold.get("ended_at") else {})
        for kind, body in entries.items():
            self.own_sql("SELECT retention.ledger_append(%s, %s)", kind, json.dumps(body, default=str))

    def hold_item(self, of: Planted, **terms: Any) -> uuid.UUID:
        """A hold on exactly this recording."""
        return self.hold(place=PLACE, item_id=str(of.recording_id), **terms)

    def put(self, key: str, **metadata: str) -> str:
        """Store one version; gives its id."""
        named = {name.replace("_", "-"): value for name, value in metadata.items()}
        return str(
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=b"RIFF", Metadata=named).get("VersionId", "null")
        )

    def remove(self, key: str) -> None:
        """Remove every version and marker of a key."""
        answer = self.s3.list_object_versions(Bucket=self.bucket, Prefix=key)
        for found in [*answer.get("Versions", ()), *answer.get("DeleteMarkers", ())]:
            self.s3.delete_object(Bucket=self.bucket, Key=found["Key"], VersionId=found["VersionId"])

    def forget(self, of: Planted) -> None:
        """Delete the recording's row."""
        self.sql("DELETE FROM recordings WHERE recording_id = %s", of.recording_id)

    def check(self, as_of: datetime | None = None, anchor: Anchor | None = None) -> CheckResult:
        """Run the check, as its own role and identity."""
        return verify(
            ["audio"],
            as_of=as_of,
            anchor=anchor,
            resolve=self.connections.__getitem__,
            policies=self.policies,
            datamap=self.datamap,
            own_conninfo=self.own_as_verify,
            hasher=HASHER,
        )

    @property
    def own_as_verify(self) -> str:
        """Our own database, as the verifying role."""
        from retention.connections import postgres_conninfo

        return postgres_conninfo(self.connections["retention_db_verify"])


def found(result: CheckResult, place: str | None = None) -> dict[str, int]:
    """Kind → count, of one place or of all."""
    counts: Counter[str] = Counter()
    for one in result.findings:
        if place in (None, one.place):
            counts[one.kind] += one.count
    return dict(counts)


def reasons(result: CheckResult, kind: str) -> Mapping[str, int]:
    """The reasons that one kind's finding gives."""
    [finding] = [one for one in result.findings if one.kind == kind]
    reasons: Mapping[str, int] = finding.detail.get("reasons", {})
    return reasons
