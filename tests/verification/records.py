"""A source whose rows are the items: leads with notes, transcripts, usage data, contacts, and the check that looks at them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from tests.verification.company import DAY, HASHER

from retention.connections import Connection, postgres_conninfo
from retention.database import connect
from retention.evidence.hashing import ItemHasher
from retention.settings import INCLUDE
from retention.verification import CheckResult, verify

SCHEMA = """
CREATE SCHEMA crm;
CREATE TABLE customers (tenant_id text PRIMARY KEY, contract_ended_at timestamptz, asked_at timestamptz);
CREATE TABLE leads (
    lead_id uuid PRIMARY KEY, tenant_id text, person_id text, person_known boolean NOT NULL DEFAULT true,
    created_at timestamptz, stored_at timestamptz, restricted boolean NOT NULL DEFAULT false,
    waits boolean NOT NULL DEFAULT false
);
CREATE TABLE lead_notes (note_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, lead_id uuid);
CREATE TABLE note_files (file_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note_id bigint);
CREATE TABLE transcripts (
    transcript_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant_id text, person_id text, created_at timestamptz,
    duty_paragraph text, duty_until timestamptz
);
CREATE TABLE agreements (
    consent_id text PRIMARY KEY, transcript_id bigint, party text, given_at timestamptz, ends_at timestamptz
);
CREATE TABLE usage_events (
    event_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant_id text, at timestamptz, ip inet, agent text, device text
);
CREATE TABLE contacts (
    contact_id text PRIMARY KEY, tenant_id text, email text, phone text, created_at timestamptz, withdrawn_at timestamptz,
    proven_consent_at timestamptz
);
GRANT USAGE ON SCHEMA crm TO retention_verify;
GRANT SELECT ON ALL TABLES IN SCHEMA crm TO retention_verify;
"""

CHECKS = {
    "leads": """
SELECT lead.lead_id AS item_id, lead.tenant_id, lead.person_id, lead.person_known, lead.restricted, lead.waits,
    lead.created_at AS start_lead_created, cust.contract_ended_at AS start_contract_ended,
    cust.asked_at AS start_instruction_received, lead.stored_at AS evidence_at
FROM crm.leads AS lead
LEFT JOIN crm.customers AS cust ON lead.tenant_id = cust.tenant_id -- 100% of them
""",
    "transcripts": """
SELECT script.transcript_id AS item_id, script.tenant_id, script.person_id,
    script.created_at AS start_transcript_created, cust.contract_ended_at AS start_contract_ended,
    CASE WHEN cust.tenant_id IS NOT NULL THEN cust.contract_ended_at IS NOT NULL END AS happened_contract_ended,
    cust.asked_at AS start_deletion_requested, script.created_at AS evidence_at, script.duty_paragraph, script.duty_until
FROM crm.transcripts AS script
LEFT JOIN crm.customers AS cust ON script.tenant_id = cust.tenant_id
""",
    "usage": """
SELECT event_no AS item_id, tenant_id, CAST(NULL AS text) AS person_id, at AS start_collected,
    CAST(NULL AS timestamptz) AS evidence_at
FROM crm.usage_events
""",
    "contacts": """
SELECT contact_id AS item_id, tenant_id, contact_id AS person_id, created_at AS start_contact_created,
    withdrawn_at AS start_consent_withdrawn, created_at AS evidence_at, proven_consent_at
FROM crm.contacts
""",
    "lead_requests": """
SELECT tenant_id, 'instruction_received' AS event, asked_at AS received_at FROM crm.customers -- 100% of them
""",
    "transcript_requests": """
SELECT tenant_id, 'deletion_requested' AS event, asked_at AS received_at FROM crm.customers
""",
    "agreements": """
SELECT transcript_id AS item_id, consent_id, party, 'archiving' AS scope, given_at, given_at AS recorded_at, ends_at,
    CAST(NULL AS timestamptz) AS withdrawn_at, CAST(NULL AS timestamptz) AS reviewed_at,
    CAST(NULL AS timestamptz) AS contract_ended_at
FROM crm.agreements
UNION ALL
SELECT NULL, consent_id, party, 'archiving', given_at, given_at, ends_at, NULL, NULL, NULL
FROM crm.agreements
""",
}

MAP = """
system: crm
owner: Platform Engineering
connections:
  crm: {kind: postgres, disposal: crm_db, verification: company_db_verify}
places:
  leads:
    {kind: table, category: leads, role: processor, owner: Sales, connection: crm, table: crm.leads, id_column: lead_id,
     dependents: [{table: crm.lead_notes, column: lead_id, id_column: note_id,
                   dependents: [{table: crm.note_files, column: note_id}]}],
     facts: {items: sql/items.sql, check_items: sql/leads.sql, check_requests: sql/lead_requests.sql}}
  transcripts:
    {kind: table, category: transcript, role: controller, owner: Sales, connection: crm, table: crm.transcripts,
     id_column: transcript_id,
     facts: {items: sql/items.sql, check_items: sql/transcripts.sql, check_consents: sql/agreements.sql,
             check_requests: sql/transcript_requests.sql}}
  usage:
    {kind: table, category: usage, role: controller, owner: Sales, connection: crm, table: crm.usage_events,
     id_column: event_no, anonymise: {ip: "192.0.2.0", agent: "50% gone", device: (null)},
     facts: {items: sql/items.sql, check_items: sql/usage.sql}}
  contacts:
    {kind: table, category: marketing, role: controller, owner: Sales, connection: crm, table: crm.contacts,
     id_column: contact_id, identifiers: {email: email, phone: phone},
     facts: {items: sql/items.sql, check_items: sql/contacts.sql}}
"""


@dataclass
class Records:
    """One source, one database of our own, a map and promises that name the source's tables."""

    source: str
    own: str
    connections: Mapping[str, Connection]
    folder: Path
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        self.sql(SCHEMA)
        (self.datamap / "sql").mkdir(parents=True)
        self.write_map(MAP)
        for name, text in (CHECKS | {"items": "SELECT 1"}).items():
            (self.datamap / "sql" / f"{name}.sql").write_text(text, encoding="utf-8")
        self.policies.mkdir()
        self.promise((INCLUDE / "policies" / "promises.yaml").read_text(encoding="utf-8"))

    @property
    def datamap(self) -> Path:
        """The data map's folder."""
        return self.folder / "map"

    @property
    def policies(self) -> Path:
        """The promises' folder."""
        return self.folder / "promises"

    def write_map(self, text: str) -> None:
        """Another data map."""
        (self.datamap / "crm.yaml").write_text(text, encoding="utf-8")

    def promise(self, text: str) -> None:
        """Other promises."""
        (self.policies / "promises.yaml").write_text(text, encoding="utf-8")

    def agree(self, tenant: str, limits: str) -> None:
        """Shorter limits with one customer (YAML)."""
        (self.policies / "tenants").mkdir(exist_ok=True)
        text = f"tenant: {tenant}\nowner: Sales\nagreed_on: 2026-01-01\nreason: contract\nlimits: {limits}\n"
        (self.policies / "tenants" / f"{tenant}.yaml").write_text(text, encoding="utf-8")

    def sql(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Run statements in the source, as its owner."""
        with psycopg.connect(self.source, autocommit=True, options="-c search_path=crm") as connection:
            cursor = connection.execute(query, parameters or None)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def own_sql(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        """Run one statement in our own database, as its owner."""
        with connect(self.own) as connection:
            cursor = connection.execute(query, parameters or None)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def ago(self, period: timedelta | None) -> datetime | None:
        """The instant so long before now (negative: to come); None stays None."""
        return self.now - period if period is not None else None

    def customer(self, tenant: str, *, contract_ended: timedelta | None = None, asked: timedelta | None = None) -> None:
        """A customer; all times are how long ago."""
        self.sql("INSERT INTO customers VALUES (%s, %s, %s)", tenant, self.ago(contract_ended), self.ago(asked))

    def lead(
        self,
        tenant: str | None,
        age: timedelta | None = 100 * DAY,
        *,
        person: str | None = "anna",
        person_known: bool = True,
        stored: timedelta | None = None,
        restricted: bool = False,
        waits: bool = False,
    ) -> str:
        """A lead; gives its id."""
        lead_id = uuid.uuid4()
        dates = (self.ago(age), self.ago(stored if stored is not None else age))
        self.sql(
            "INSERT INTO leads VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            lead_id,
            tenant,
            person,
            person_known,
            *dates,
            restricted,
            waits,
        )
        return str(lead_id)

    def transcript(
        self, tenant: str, *, duty: str | None = None, duty_until: timedelta | None = None, age: timedelta = 100 * DAY
    ) -> str:
        """A transcript, perhaps with a duty that ended so long ago; gives its id."""
        columns = "tenant_id, person_id, created_at, duty_paragraph, duty_until"
        [(found,)] = self.sql(
            f"INSERT INTO transcripts ({columns}) VALUES (%s, 'anna', %s, %s, %s) RETURNING transcript_id",
            *(tenant, self.ago(age), duty, self.ago(duty_until)),
        )
        return str(found)

    def usage(
        self,
        age: timedelta | None,
        ip: str | None = "192.0.2.7",
        agent: str | None = "Firefox",
        device: str | None = "phone",
    ) -> str:
        """A usage record; gives its id."""
        [(found,)] = self.sql(
            "INSERT INTO usage_events (tenant_id, at, ip, agent, device) VALUES ('we', %s, %s, %s, %s) RETURNING event_no",
            *(self.ago(age), ip, agent, device),
        )
        return str(found)

    def contact(
        self,
        contact_id: str,
        *,
        email: str | None = None,
        phone: str | None = None,
        age: timedelta = 10 * DAY,
        withdrawn: timedelta | None = None,
        proven: timedelta | None = None,
    ) -> None:
        """A marketing contact."""
        self.sql(
            "INSERT INTO contacts VALUES (%s, 'we', %s, %s, %s, %s, %s)",
            *(contact_id, email, phone, self.ago(age), self.ago(withdrawn), self.ago(proven)),
        )

    def suppress(self, kind: str, text: str, ago: timedelta, hasher: ItemHasher = HASHER) -> None:
        """Put one normalised identifier on the suppression list."""
        self.own_sql(
            "INSERT INTO retention.suppression_list VALUES (%s, %s, %s, %s)",
            *(kind, hasher.identifier(kind, text), hasher.key_id, self.ago(ago)),
        )

    def hold(self, **terms: Any) -> uuid.UUID:
        """A hold, approved by a second person, in force since ten days, for sixty more, with its ledger entry."""
        hold_id = uuid.uuid4()
        values: dict[str, Any] = {
            "hold_id": hold_id,
            "reason": "dispute",
            "requested_by": "legal",
            "approved_by": "compliance",
            "effective_at": self.now - 10 * DAY,
            "ends_at": self.now + 60 * DAY,
        }
        values |= terms
        marks = ", ".join(["%s"] * len(values))
        self.own_sql(f"INSERT INTO retention.holds ({', '.join(values)}) VALUES ({marks})", *values.values())
        said = {name: values.get(name) for name in ("requested_by", "approved_by", "effective_at", "ends_at")}
        self.own_sql(
            "SELECT retention.ledger_append('hold_set', %s)", json.dumps({"hold": str(hold_id), **said}, default=str)
        )
        return hold_id

    def check(self, *categories: str, as_of: datetime | None = None, hasher: ItemHasher = HASHER) -> CheckResult:
        """Run the check, as its own role."""
        return verify(
            list(categories),
            as_of=as_of,
            resolve=self.connections.__getitem__,
            policies=self.policies,
            datamap=self.datamap,
            own_conninfo=postgres_conninfo(self.connections["retention_db_verify"]),
            hasher=hasher,
        )
