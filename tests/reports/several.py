"""A company with six data categories in all kinds of place, as rows in our own database."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

from tests.reports import scenarios
from tests.reports.scenarios import DAY_S, NOW, Check, FindingRow, insert_gone, insert_hold, insert_mode, insert_plan
from tests.reports.shapes import six_categories

from retention.database import OwnConnection


def _done(planned: int, gone: int, **other: Any) -> str:
    return json.dumps(
        {"planned": planned, "gone": gone, "recovered": 0, "spared": {}, "failed": 0, "failures": {}} | other
    )


def _insert_runs(own: OwnConnection) -> None:
    """One run of each category from which ours deletes: done, partly failed, only observed."""
    at = NOW - timedelta(hours=6)
    insert_plan(own)
    insert_gone(own, 0, 38)
    insert_plan(
        own, UUID(int=1), category="transcript", as_of=at, planned_at=at, due=210, considered=49_336,
        kept_by_reason=json.dumps({"no_event": 48_211, "not_due": 900, "statutory_duty": 12, "waits": 3}),
        due_by_reason=json.dumps({"contract_ended": 198, "deletion_requested": 12}), result=_done(210, 210), fallback=0,
        next_due_at=NOW + timedelta(days=9),
    )  # fmt: skip
    insert_gone(own, 0, 210, plan_id=UUID(int=1), category="transcript", latency_s=20_000)
    insert_plan(
        own, UUID(int=2), category="marketing", state="executing", due=5, considered=1_900, fallback=0,
        kept_by_reason=json.dumps({"no_event": 1_895}),
        due_by_reason=json.dumps({"consent_withdrawn": 4, "suppressed": 1}), next_due_at=None,
        result=_done(5, 2, failed=3, failures={"23503": 2, "40P01": 1}),
    )  # fmt: skip
    insert_gone(own, 0, 2, plan_id=UUID(int=2), category="marketing", latency_s=3_000)
    insert_plan(
        own, UUID(int=3), category="logs", due=7, considered=412, fallback=0,
        kept_by_reason=json.dumps({"not_due": 398, "too_wide": 4, "by_rows": 2, "legal_hold": 1}),
        due_by_reason=json.dumps({"logged": 7}), result=_done(7, 7),
    )  # fmt: skip
    insert_gone(own, 0, 7, plan_id=UUID(int=3), category="logs", latency_s=90_000)
    insert_plan(
        own, UUID(int=4), category="usage", mode="observe", state="ready", due=640_000, considered=655_200, result=None,
        kept_by_reason=json.dumps({"not_due": 15_200}), breaches_at=NOW - timedelta(days=70), fallback=0,
        due_by_reason=json.dumps({"collected": 640_000}),
    )  # fmt: skip


def _insert_coverage(own: OwnConnection) -> None:
    """Last night's check of what nobody mapped."""
    found: dict[tuple[str, str], tuple[FindingRow, ...]] = {
        ("transcript", "company_db/public.newsletter_import"): (
            ("unmapped_table", "unknown", 1, None, {"reasons": {"table": 1}}),
        ),
        ("transcript", "company_db/public.contracts"): (
            ("personal_column", "unknown", 2, None, {"reasons": {"contact: name, e-mail": 1, "fax: phone": 1}}),
        ),
        ("transcript", "company_db/public.tenants"): (
            ("declaration_old", "finding", 1, None, {"reasons": {"older_than_2_years": 1}}),
        ),
    }
    counts = {"parts": 1, "tables": 31, "columns": 214, "columns_sampled": 88, "columns_not_sampled": 2}
    night = Check(
        verdict="unknown", categories=("audio", "transcript"), elsewhere=found, counts=counts, shape=six_categories()
    )
    night.insert(own, at=NOW - timedelta(hours=8), check_run_id=UUID(int=9))


def several(own: OwnConnection) -> None:
    """Six categories: well, with a duty, kept by others alone, in breach, with an unread place, and not checked at all."""
    insert_mode(own, "enforce", "audio", "transcript", "marketing", "logs")
    insert_mode(own, "observe", "usage")
    _insert_coverage(own)
    _insert_runs(own)
    insert_hold(own)
    unread = "place 'server_log_files': found a folder that may not be read; expected the right to read it."
    Check(
        verdict="breach",
        categories=("audio", "leads", "logs", "marketing", "transcript"),
        places_read=("call_recordings", "telephony_recordings", "transcripts", "marketing_contacts", "request_log",
                     "server_log_objects", "airflow_metadata"),
        places_failed={"server_log_files": "EACCES", "crm_leads": "Unattested"},
        findings=(
            ("exception_consent", "exception", 180, 212 * DAY_S, {"latest_end": (NOW + timedelta(days=300)).isoformat()}),
            ("exception_hold", "exception", 34, 61 * DAY_S, {"latest_end": (NOW + timedelta(days=70)).isoformat()}),
        ),
        rooms={
            "transcript": {"headroom_s": 12 * DAY_S, "oldest_age_s": 812 * DAY_S, "oldest_unprotected_age_s": 790 * DAY_S},
            "marketing": {"headroom_s": -2 * DAY_S, "oldest_age_s": 400 * DAY_S, "oldest_unprotected_age_s": 400 * DAY_S},
            "logs": {"headroom_s": 40 * 3_600, "oldest_age_s": 12 * DAY_S, "oldest_unprotected_age_s": 12 * DAY_S},
            "leads": {"headroom_s": None, "oldest_age_s": None, "oldest_unprotected_age_s": None},
        },
        elsewhere={
            ("transcript", "transcripts"): (
                ("exception_duty", "exception", 12, 812 * DAY_S,
                 {"reasons": {"§ 257 HGB": 12}, "latest_end": (NOW + timedelta(days=2_000)).isoformat()}),
                ("owner_unknown", "finding", 4, None, {"reasons": {"no_tenant": 4}}),
            ),
            ("leads", "crm_leads"): (("external_unattested", "unknown", 1, None, {}),),
            ("marketing", "marketing_contacts"): (
                ("past_event", "breach", 3, 3 * DAY_S, {"reasons": {"consent_withdrawn": 2, "suppressed": 1}}),
            ),
            ("logs", "server_log_files"): (
                ("unreadable_place", "unknown", 1, None, {"reasons": {"EACCES": 1}, "explanation": unread}),
            ),
            ("logs", "request_log"): (("exception_hold", "exception", 1, 20 * DAY_S, {}),),
            ("audio", "company_s3/exports"): (("unmapped_bucket", "unknown", 1, None, {}),),
        },
        counts={"current_versions": 4_106, "noncurrent_versions": 4_290, "delete_markers": 0, "uploads": 0, "rows": 4_106,
                "records": 51_200, "partitions": 16, "files": 0, "externals": 1},
        looks={
            "transcripts": (("past_event", 49_300, True), ("owner_unknown", 49_300, False)),
            "marketing_contacts": (("past_event", 1_900, False), ("half_anonymised", 1_900, True)),
            "request_log": (("past_cap", 16, True),),
            "server_log_files": (("past_cap", 0, None),),
        },
        shape=six_categories(),
    ).insert(own)  # fmt: skip


SITUATIONS = scenarios.SITUATIONS | {"several": several, "several_new": scenarios.nothing}
