"""Every named case is in the stores as its name says: counts, facts by plain SQL, objects by plain boto3."""

from __future__ import annotations

import io
import wave
from collections import Counter, defaultdict
from datetime import UTC, datetime

import pytest
from tests.sample.stores import Stores

from retention.sample.cases import CASES
from retention.sample.cases_hold import HOLD_CASES
from retention.sample.everyday import SHARES
from retention.sample.record_cases import RECORD_CASES

FACTS = """
SELECT * FROM (
    SELECT
        i.case_name, i.object_key, r.recording_id, r.recorded_at, r.created_at, k.started_at, l.as_of,
        l.as_of - k.started_at AS age,
        coalesce(t.attempts, '{}') AS attempts, t.done_at,
        a.given_at AS caller_given, a.recorded_at AS caller_noted, a.ends_at AS caller_end, a.withdrawn_at AS caller_withdrew,
        u.given_at AS customer_given, u.withdrawn_at AS customer_withdrew,
        l.as_of - greatest(u.given_at, u.reviewed_at) AS since_review,
        c.contracts, c.running, c.ended_at
    FROM sample.items AS i
    CROSS JOIN sample.loads AS l
    LEFT JOIN recordings AS r ON r.recording_id = i.recording_id AND r.object_key = i.object_key
    LEFT JOIN calls AS k ON k.call_id = r.call_id
    LEFT JOIN consents AS a ON a.call_id = r.call_id AND a.party = 'caller' AND a.scope = 'archiving'
    LEFT JOIN consents AS u ON u.party = 'customer' AND u.scope = 'archiving'
        AND (u.call_id = r.call_id OR u.call_id IS NULL AND u.tenant_id = r.tenant_id)
    LEFT JOIN LATERAL (
        SELECT array_agg(s.status ORDER BY s.requested_at) AS attempts,
            min(s.finished_at) FILTER (WHERE s.status = 'succeeded') AS done_at
        FROM transcriptions AS s WHERE s.call_id = r.call_id
    ) AS t ON true
    LEFT JOIN LATERAL (
        SELECT count(*) AS contracts, count(*) FILTER (WHERE ended_at IS NULL OR ended_at > l.as_of) AS running,
            max(ended_at) AS ended_at
        FROM contracts AS o WHERE o.tenant_id = r.tenant_id
    ) AS c ON true
) AS fact WHERE case_name = %s
"""

YOUNG = "age < interval '27 days 22 hours'"
PAST_CAP = "age > interval '30 days 1 hour'"
DONE = "done_at < as_of - interval '3 hours' AND recorded_at < done_at"
BOTH = "greatest(caller_given, caller_noted, customer_given) < coalesce(done_at, as_of) AND customer_withdrew IS NULL"
IN_FORCE = (
    f"{BOTH} AND coalesce(least(caller_withdrew, caller_end), as_of + interval '1 day') > as_of AND running > 0"
    " AND since_review < interval '365 days'"
)
NO_CONSENT = "caller_given IS NULL AND customer_given IS NULL"

ROW_FACTS = {
    "in_flight_pending": "attempts = '{pending}' AND age < interval '15 minutes'",
    "in_flight_running": "attempts = '{running}' AND age < interval '15 minutes'",
    "transcribed_just_now": f"done_at BETWEEN as_of - interval '30 minutes' AND as_of AND {NO_CONSENT}",
    "transcribed_days_ago": f"attempts = '{{succeeded}}' AND {DONE} AND {NO_CONSENT}",
    "transcription_retried": f"attempts = '{{failed,succeeded}}' AND {DONE} AND {NO_CONSENT}",
    "failed_young": f"attempts = '{{failed}}' AND {YOUNG}",
    "failed_in_lead_window": "attempts = '{failed}' AND age BETWEEN interval '28 days' AND interval '29 days 23 hours'",
    "failed_past_cap": f"attempts = '{{failed}}' AND {PAST_CAP} AND {NO_CONSENT}",
    "never_transcribed_young": f"attempts = '{{}}' AND {YOUNG}",
    "never_transcribed_past_cap": f"attempts = '{{}}' AND {PAST_CAP} AND {NO_CONSENT}",
    "stuck_past_cap": f"attempts = '{{pending}}' AND {PAST_CAP} AND {NO_CONSENT}",
    "contract_ended_failed_young": f"attempts = '{{failed}}' AND {YOUNG} AND running = 0 AND contracts > 0",
    "both_consents": f"{DONE} AND {IN_FORCE}",
    "both_consents_past_cap": f"attempts = '{{}}' AND {PAST_CAP} AND {IN_FORCE}",
    "only_caller_consent": f"{DONE} AND caller_given < done_at AND customer_given IS NULL",
    "only_customer_consent": f"{DONE} AND customer_given < done_at AND caller_given IS NULL",
    "consent_of_another_call": f"{DONE} AND customer_given < done_at AND caller_given IS NULL",
    "consent_given_too_late": f"{DONE} AND caller_given > done_at",
    "consent_recorded_too_late": f"{DONE} AND caller_given < done_at AND caller_noted > done_at",
    "consent_withdrawn": f"{DONE} AND {BOTH} AND caller_withdrew < as_of - interval '2 hours'",
    "consent_withdrawn_just_now": f"{DONE} AND {BOTH} AND caller_withdrew BETWEEN as_of - interval '1 hour' AND as_of",
    "customer_consent_withdrawn": f"{DONE} AND caller_given < done_at AND customer_withdrew < as_of - interval '2 hours'",
    "consent_ended": f"{DONE} AND {BOTH} AND caller_end < as_of - interval '2 hours'",
    "consent_ends_later": f"{DONE} AND {IN_FORCE} AND caller_end > as_of",
    "consent_review_in_grace": f"{DONE} AND {BOTH} AND since_review BETWEEN interval '367 days' AND interval '394 days'",
    "consent_review_lapsed": f"{DONE} AND {BOTH} AND since_review > interval '397 days'",
    "consent_contract_ended": f"{DONE} AND {BOTH} AND running = 0 AND ended_at > started_at",
    "consent_contract_renewed": f"{DONE} AND {IN_FORCE} AND contracts = 2 AND running = 1",
    "consent_contract_notice": f"{DONE} AND {IN_FORCE} AND contracts = 1 AND ended_at > as_of",
    "consent_to_training_only": f"{DONE} AND {NO_CONSENT}",
    **{case.name: f"{DONE} AND {NO_CONSENT}" for case in HOLD_CASES},
    "recorded_at_missing": f"recorded_at IS NULL AND {PAST_CAP} AND created_at < as_of - interval '31 days'",
    "recorded_at_missing_young": f"recorded_at IS NULL AND {YOUNG}",
    "recorded_at_in_future": f"recorded_at > as_of AND {PAST_CAP} AND created_at < as_of - interval '31 days'",
    "recorded_at_in_future_young": f"recorded_at > as_of AND {YOUNG}",
    "recorded_at_contradicted": f"recorded_at BETWEEN as_of - interval '3 days' AND as_of AND {PAST_CAP}",
    "row_without_object": DONE,
    "several_versions": DONE,
    "behind_delete_marker": DONE,
    "awkward_key": f"{DONE} AND object_key LIKE '%% + %%' AND object_key LIKE '%%ü%%' AND object_key LIKE '%%50 \\%%%%'",
    "awkward_key_young": f"attempts = '{{failed}}' AND {YOUNG} AND object_key LIKE '%%ß%%' AND object_key LIKE E'%%\\n%%'",
}

WITHOUT_ROW = {
    "orphan_past_cap",
    "behind_delete_marker_orphan",
    "delete_marker_alone",
    "unfinished_upload",
    "unfinished_upload_fresh",
}

HOLD_FACTS = {
    "hold_on_item": "approved_by <> requested_by AND effective_at < as_of AND ends_at > as_of",
    "hold_on_person": "approved_by <> requested_by AND effective_at < as_of AND ends_at IS NULL AND review_at > as_of",
    "hold_on_tenant": "approved_by <> requested_by AND effective_at < as_of AND ends_at IS NULL AND review_at > as_of",
    "hold_on_period": "approved_by <> requested_by AND effective_at < as_of AND started_before - started_from = '2 days'",
    "hold_expired": "approved_by <> requested_by AND ends_at < as_of - interval '2 hours'",
    "hold_expired_just_now": "approved_by <> requested_by AND ends_at BETWEEN as_of - interval '1 hour' AND as_of",
    "hold_ended_early": "approved_by <> requested_by AND ends_at > as_of AND ended_at < as_of - interval '2 hours'",
    "hold_review_missed": "approved_by <> requested_by AND ends_at IS NULL AND review_at < as_of - interval '2 hours'",
    "hold_self_approved": "approved_by = requested_by AND effective_at < as_of AND review_at > as_of",
    "hold_unapproved": "approved_by IS NULL AND effective_at < as_of AND review_at > as_of",
    "hold_not_yet_effective": "approved_by <> requested_by AND effective_at > as_of",
}

PARTS = {
    "row_without_object": [],
    "several_versions": ["version", "version", "version"],
    "behind_delete_marker": ["marker", "version"],
    "behind_delete_marker_orphan": ["marker", "version"],
    "delete_marker_alone": ["marker"],
    "unfinished_upload": ["upload"],
    "unfinished_upload_fresh": ["upload"],
}
"""What lies under the keys of a case; everywhere else it is one version."""


def test_every_case_has_its_documented_count(loaded: Stores) -> None:
    items = dict(loaded.rows("SELECT case_name, count(*) FROM sample.items GROUP BY case_name"))
    named = {name: count for name, count in items.items() if not name.startswith("everyday_")}
    assert named == {case.name: case.count for case in CASES}
    assert items.keys() - named.keys() == {share.name for share in SHARES}


def test_every_case_is_described_in_the_database(loaded: Stores) -> None:
    described = loaded.rows("SELECT case_name, expected, fallback FROM sample.cases")
    shares = {(share.name, share.expected, False) for share in SHARES}
    named = {(case.name, case.expected, case.fallback) for case in (*CASES, *RECORD_CASES)}
    assert set(described) == named | shares


def test_every_case_has_facts_to_check() -> None:
    assert ROW_FACTS.keys() | WITHOUT_ROW == {case.name for case in CASES}


@pytest.mark.parametrize("name", ROW_FACTS)
def test_facts_of_case_hold(loaded: Stores, name: str) -> None:
    (case,) = [case for case in CASES if case.name == name]
    assert len(loaded.rows(f"{FACTS} AND recording_id IS NOT NULL AND {ROW_FACTS[name]}", name)) == case.count


@pytest.mark.parametrize("name", sorted(WITHOUT_ROW))
def test_no_row_names_the_object(loaded: Stores, name: str) -> None:
    rows = "SELECT 1 FROM sample.items JOIN recordings USING (object_key) WHERE case_name = %s"
    assert loaded.rows(rows, name) == []


@pytest.mark.parametrize("name", HOLD_FACTS)
def test_hold_of_case_is_as_its_name_says(loaded: Stores, name: str) -> None:
    items = loaded.rows(
        "SELECT recording_id::text, caller_id::text, i.tenant_id, recorded_at FROM sample.items AS i"
        " JOIN recordings USING (recording_id) JOIN calls USING (call_id) WHERE case_name = %s",
        name,
    )
    holds = (
        "SELECT count(*) FROM (SELECT *, %s::timestamptz AS as_of FROM retention.holds) AS hold WHERE category = 'audio'"
        " AND (item_id IS NULL OR item_id = %s AND place = 'call_recordings') AND (person_id IS NULL OR person_id = %s)"
        " AND (tenant_id IS NULL OR tenant_id = %s)"
        " AND (started_from IS NULL OR %s::timestamptz >= started_from AND %s < started_before)"
        f" AND {HOLD_FACTS[name]}"
    )
    as_of = loaded.record().as_of
    assert [loaded.own_rows(holds, as_of, *item, item[3]) for item in items] == [[(1,)]] * len(items)
    assert len(items) >= 3


def test_no_other_item_is_under_a_hold(loaded: Stores) -> None:
    assert loaded.own_rows("SELECT count(*) FROM retention.holds WHERE category = 'audio'") == [(3 + 8 * 3,)]
    held = "SELECT count(*) FROM sample.items WHERE tenant_id = %s AND case_name <> ALL (%s)"
    for tenant_id, cases in (
        ("krautwinkel-immobilien", ["hold_on_tenant"]),
        ("moosrose-immobilien", ["hold_on_period", "hold_on_other_period"]),
    ):
        assert loaded.rows(held, tenant_id, cases) == [(0,)]


def test_bucket_holds_just_what_the_cases_say(loaded: Stores) -> None:
    kinds = defaultdict(list)
    for kind, key, _ in loaded.parts():
        kinds[key].append(kind)
    expected = {
        key: PARTS.get(name, ["version"])
        for name, key in loaded.rows("SELECT case_name, object_key FROM sample.items")
        if PARTS.get(name) != []
    }
    assert {key: sorted(found) for key, found in kinds.items()} == expected


def test_bucket_is_versioned(loaded: Stores) -> None:
    assert loaded.s3.get_bucket_versioning(Bucket=loaded.bucket)["Status"] == "Enabled"


def test_every_recording_can_be_played(loaded: Stores) -> None:
    sizes = dict(loaded.rows("SELECT object_key, size_bytes FROM recordings"))
    lengths = dict(loaded.rows("SELECT object_key, duration_s FROM recordings"))
    first_versions: Counter[str] = Counter()
    for kind, key, version_id in reversed(loaded.parts()):
        if kind != "version":
            continue
        stored = loaded.s3.get_object(Bucket=loaded.bucket, Key=key, VersionId=version_id)
        body = stored["Body"].read()
        with wave.open(io.BytesIO(body)) as opened:
            assert 1 <= opened.getnframes() / opened.getframerate() <= 3
            frames = opened.getnframes()
        assert stored["ContentType"] == "audio/wav"
        if key in sizes and not first_versions[key]:
            assert (len(body), frames) == (sizes[key], lengths[key] * 8000)
        first_versions[key] += 1
    assert first_versions.total() > 200


def test_metadata_says_when_the_recording_was_made(loaded: Stores) -> None:
    rows = dict(loaded.rows("SELECT object_key, recorded_at FROM recordings"))
    for kind, key, version_id in loaded.parts():
        if kind != "version" or key not in rows:
            continue
        metadata = loaded.s3.head_object(Bucket=loaded.bucket, Key=key, VersionId=version_id)["Metadata"]
        stated = datetime.fromisoformat(metadata["recorded-at"]) if "recorded-at" in metadata else None
        assert stated == rows[key]


def test_unfinished_upload_has_data(loaded: Stores) -> None:
    uploads = [(key, part_id) for kind, key, part_id in loaded.parts() if kind == "upload"]
    for key, upload_id in uploads:
        (part,) = loaded.s3.list_parts(Bucket=loaded.bucket, Key=key, UploadId=upload_id)["Parts"]
        assert part["Size"] > 8000
    assert len(uploads) == 6


def test_key_names_tenant_and_utc_day(loaded: Stores) -> None:
    rows = loaded.rows(
        "SELECT object_key, i.tenant_id, started_at FROM sample.items AS i JOIN recordings USING (object_key, recording_id)"
        " JOIN calls USING (call_id)"
    )
    for key, tenant_id, started_at in rows:
        # The recording starts a second after the call.
        day = datetime.fromtimestamp(started_at.timestamp() + 1, UTC)
        assert key.startswith(f"recordings/{tenant_id}/{day:%Y/%m/%d}/")
    assert len(rows) > 200
