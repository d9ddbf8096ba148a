"""One scene for each way that disposal goes: what is stored, what is protected while a plan waits, and what a backup brings back.

Everything planted is overdue by the promise or protected past it, so that what disposal leaves or takes wrongly breaks a promise.
"""

from __future__ import annotations

import gzip
import json
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.mutants.company import Company
from tests.world import DAY, HOUR, Recording, now

OLD = 40 * DAY
KEYS = ("a+b%20c.wav", "50% off & more.wav", "Gru\u0308ße.wav")


def _nothing(_company: Company) -> None:
    """Nothing happens."""


@dataclass(frozen=True)
class Scene:
    """`meanwhile` comes between plan and execution, and after it a check, unless nobody `looks`; `restore` comes between two
    runs of the same id."""

    name: str
    category: str
    plant: Callable[[Company], None]
    meanwhile: Callable[[Company], None] = _nothing
    restore: Callable[[Company], None] = _nothing
    coverage: str = "rows"
    looks: bool = True


def _recordings(company: Company) -> None:
    for tenant in ("t1", "t2"):
        company.contract(tenant)
    plain = [company.add_recording(age=OLD, versions=2) for _ in range(4)]
    at = now() - OLD
    for name in KEYS:
        company.add_recording(age=OLD, key=f"recordings/t1/{at:%Y/%m/%d}/{name}")
    company.add_recording(age=5 * HOUR, transcribed_ago=3 * HOUR)
    company.add_recording(age=None, created_ago=OLD)  # nobody noted when it was recorded
    wrong = company.add_recording(age=OLD)
    company.sql(
        "UPDATE recordings SET recorded_at = now() - interval '2 days' WHERE recording_id = %s", wrong.recording_id
    )
    company.add_recording(age=2 * DAY)
    _consents(company)
    held, of_tenant = company.add_recording(age=OLD), company.add_recording(age=OLD, tenant="t2")
    company.hold(place="call_recordings", item_id=held.recording_id)
    company.hold(category="audio", tenant_id=of_tenant.tenant)
    company.known |= {"lost": plain[0], "held_late": plain[1]}


def _consents(company: Company) -> None:
    both, one, withdrawn, training, late = (company.add_recording(age=OLD) for _ in range(5))
    given = {one.recording_id: OLD - DAY for one in (both, one, withdrawn, training)} | {late.recording_id: HOUR}
    for recording in (both, one, withdrawn, training, late):
        parties = ("caller",) if recording is one else ("caller", "customer")
        for party in parties:
            company.add_consent(recording, party, given_ago=given[recording.recording_id])
    withdraw = "UPDATE consents SET withdrawn_at = now() - interval '5 days' WHERE call_id = %s AND party = 'caller'"
    company.sql(withdraw, withdrawn.call_id)
    company.sql("UPDATE consents SET scope = 'ai_training' WHERE call_id = %s", training.call_id)


def _orphans(company: Company) -> None:
    """What no row leads to, and one recording that has its row: without any the guard would take the tables for empty."""
    company.contract("t1")
    company.add_recording(age=2 * DAY)
    day = f"{now() - OLD:%Y/%m/%d}"
    for number in range(8):
        company.put(f"recordings/t1/{day}/orphan-{number}.wav")
    marked, unfinished, held = (f"recordings/t1/{day}/{name}.wav" for name in ("marked", "unfinished", "held"))
    company.put(marked)
    company.s3.delete_object(Bucket=company.bucket, Key=marked)
    company.s3.create_multipart_upload(Bucket=company.bucket, Key=unfinished)
    company.put(held)
    company.hold(place="call_recordings", item_id=held)


def _hold_one_more(company: Company) -> None:
    late: Recording = company.known["held_late"]
    company.hold(place="call_recordings", item_id=late.recording_id)


def _restore_one(company: Company) -> None:
    """A backup brings a recording back, row and bytes, as it was."""
    lost: Recording = company.known["lost"]
    at = now() - OLD
    company.sql(
        "INSERT INTO recordings (recording_id, call_id, tenant_id, bucket, object_key, recorded_at, created_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        lost.recording_id, lost.call_id, lost.tenant, company.bucket, lost.key, at, at,
    )  # fmt: skip
    company.put(lost.key)


def _transcripts(company: Company) -> None:
    company.sql("CREATE TABLE annotations (transcript_id uuid REFERENCES transcripts)")
    company.sql("GRANT SELECT ON annotations TO PUBLIC")
    for tenant, ended in {"live": None, "gone": OLD, "near": 28 * DAY, "eiltempo-logistik": 20 * DAY}.items():
        company.contract(tenant, ended)
    for tenant in ("asked", "asked-and-held"):
        company.contract(tenant)
        company.sql(
            "INSERT INTO deletion_requests VALUES (%s, %s, now() - interval '5 days', 'transcripts')",
            uuid.uuid4(),
            tenant,
        )
    for tenant in ("live", "near", "gone", "gone", "gone", "eiltempo-logistik", "asked", "asked-and-held"):
        transcript(company, tenant)
    company.sql("INSERT INTO annotations SELECT transcript_id FROM transcripts WHERE tenant_id = 'near'")
    transcript(company, "gone", call=False)
    held, flagged = transcript(company, "gone"), transcript(company, "gone")
    company.hold(place="transcripts", item_id=held)
    company.hold(category="transcript", tenant_id="asked-and-held")
    company.sql(
        "UPDATE transcripts SET duty_paragraph = '§ 147 AO', duty_until = now() + interval '2 years' "
        "WHERE transcript_id = %s",
        flagged,
    )  # fmt: skip


def transcript(company: Company, tenant: str, *, call: bool = True) -> str:
    """A transcript of 100 days ago with two segments, each with an embedding, and a chat about it; perhaps without its call."""
    key, call_id, at = str(uuid.uuid4()), uuid.uuid4(), now() - 100 * DAY
    if call:
        company.sql("INSERT INTO calls VALUES (%s, %s, NULL, %s, %s)", call_id, tenant, at, at)
    company.sql("INSERT INTO transcripts VALUES (%s, %s, %s, %s, 'de', 'Guten Tag')", key, call_id, tenant, at)
    for position in range(2):
        segment = uuid.uuid4()
        company.sql("INSERT INTO transcript_segments VALUES (%s, %s, %s, 'agent', 'Guten')", segment, key, position)
        company.sql("INSERT INTO transcript_embeddings VALUES (%s, %s, 'small', '{0.5}')", uuid.uuid4(), segment)
    company.sql("INSERT INTO chat_messages VALUES (%s, %s, %s, 'user', 'Worum ging es?')", uuid.uuid4(), key, at)
    return key


def _contacts(company: Company) -> None:
    for number in range(3):
        contact(company, f"anna{number}@example.org", withdrawn_ago=5 * DAY)
    kept = contact(company, "kept@example.org", withdrawn_ago=5 * DAY)
    company.hold(place="marketing_contacts", item_id=kept)
    contact(company, "stays@example.org")


def _import_again(company: Company) -> None:
    """An old list is imported: somebody who withdrew is in it, in another spelling; the list has known it for days."""
    company.own_sql("UPDATE retention.suppression_list SET suppressed_at = now() - interval '5 days'")
    contact(company, "ANNA0@Example.org", imported_ago=2 * DAY)


def contact(
    company: Company, email: str, *, withdrawn_ago: timedelta | None = None, imported_ago: timedelta = 100 * DAY
) -> str:
    """A contact who consented on the day of the import, without a proof."""
    key, at = str(uuid.uuid4()), now() - imported_ago
    company.sql("INSERT INTO marketing_contacts VALUES (%s, %s, NULL, 'Anna', 'fair', %s)", key, email, at)
    withdrawn = now() - withdrawn_ago if withdrawn_ago is not None else None
    company.sql(
        "INSERT INTO marketing_consents VALUES (%s, %s, 'email', %s, %s, NULL, %s)",
        uuid.uuid4(),
        key,
        at,
        at,
        withdrawn,
    )
    return key


def _usage(company: Company) -> None:
    for age in (20 * DAY, 20 * DAY, 15 * DAY, DAY):
        company.sql(
            "INSERT INTO usage_events (collected_at, stored_at, ip_address, user_agent, device_id, page) "
            "VALUES (%s, %s, '192.0.2.7', 'Firefox', 'phone-7', '/')",
            now() - age, now() - age,
        )  # fmt: skip


def _logs(company: Company) -> None:
    day = now().replace(hour=0, minute=0, second=0, microsecond=0)
    partition(company, day - 20 * DAY, f"request_log_{day - 20 * DAY:%Y%m%d}")
    partition(company, day - 22 * DAY, f"request_log_{day:%Y%m%d}")  # its name lies
    partition(company, day - 25 * DAY, f"request_log_{day - 25 * DAY:%Y%m%d}")
    partition(company, day - 2 * DAY, f"request_log_{day - 2 * DAY:%Y%m%d}")
    morning = day - 25 * DAY
    company.hold(category="logs", started_from=morning, started_before=morning + 6 * HOUR)
    for age in (20 * DAY, DAY):
        company.sql(
            "INSERT INTO audit_log (logged_at, stored_at, message) VALUES (%s, %s, 'login')", now() - age, now() - age
        )
    for name in ("app.log", "held.log", "worker.log"):
        (company.logs / name).write_bytes(lines(20 * DAY, 19 * DAY))
    (company.logs / "app.log.1.gz").write_bytes(gzip.compress(lines(22 * DAY, 21 * DAY)))
    (company.logs / "young.log").write_bytes(lines(DAY))
    for path in company.logs.iterdir():
        os.utime(path)  # copied, touched or appended to a moment ago
    company.hold(category="logs", place="server_log_files", item_id="held.log")
    for name in ("access/old.log", "app/old.jsonl"):
        company.s3.put_object(Bucket=company.log_bucket, Key=name, Body=lines(20 * DAY))


def partition(company: Company, lower: datetime, name: str) -> None:
    """A day's partition with a record in the morning and one in the evening."""
    company.sql(
        f"CREATE TABLE logs.{name} PARTITION OF logs.request_log FOR VALUES FROM ('{lower.isoformat()}') "
        f"TO ('{(lower + DAY).isoformat()}')"
    )
    for number, at in enumerate((lower + HOUR, lower + 20 * HOUR)):
        company.sql(
            "INSERT INTO logs.request_log VALUES (%s, %s, %s, 'GET', '/', 200, '192.0.2.7', 'x')", number, at, at
        )


def lines(*ages: timedelta) -> bytes:
    """One record of each age."""
    return b"".join(
        json.dumps({"time": (now() - age).isoformat(), "message": "served"}).encode() + b"\n" for age in ages
    )


def _rotate(company: Company) -> None:
    (company.logs / "held.log").rename(company.logs / "held.log.1")


SCENES = {
    scene.name: scene
    for scene in (
        Scene("recordings", "audio", _recordings, _hold_one_more, _restore_one),
        Scene("between_checks", "audio", _recordings, _hold_one_more, looks=False),
        Scene("orphans", "audio", _orphans, coverage="listing"),
        Scene("transcripts", "transcript", _transcripts),
        Scene("contacts", "marketing", _contacts, restore=_import_again),
        Scene("usage", "usage", _usage),
        Scene("logs", "logs", _logs, restore=_rotate),
    )
}
