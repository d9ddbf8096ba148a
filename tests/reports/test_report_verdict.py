"""The verdict is the check's, or a worse one; never a better one."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from retention.reports import verdict
from retention.reports.answer import answer, because
from retention.reports.document import Check, Finding, PlaceResult, Text
from retention.reports.standing import Standing
from retention.verification.result import Verdict

NOW = datetime(2026, 3, 15, 10, 0, tzinfo=UTC)
COMPLIANT = Check(
    check_run_id=UUID(int=1),
    as_of=NOW,
    started_at=NOW,
    finished_at=NOW,
    verdict="compliant",
    categories=("audio",),
    places=(PlaceResult("call_recordings", read=True),),
    policy_version="2025-08-03",
    promises_digest="",
    map_digest="",
    inventory_digest=None,
    ledger_seq=None,
    ledger_head=None,
)
PLACES = {"audio": ("call_recordings",)}


def finding(severity: str, kind: str = "past_cap") -> Finding:
    return Finding(
        finding_id=kind,
        kind=kind,
        title=Text(kind, kind),
        action=None,
        category="audio",
        place="call_recordings",
        severity=severity,
        count=1,
        unit="items",
        oldest_age_s=None,
        reasons={},
        first_end_at=None,
        last_end_at=None,
    )


UNREAD = (PlaceResult("call_recordings", read=False, reason="AccessDenied"),)


@pytest.mark.parametrize(
    ("check", "findings", "expected"),
    [
        pytest.param(COMPLIANT, [], "compliant", id="clean_check"),
        pytest.param(COMPLIANT, [finding("exception"), finding("finding")], "compliant", id="exceptions_are_no_breach"),
        pytest.param(COMPLIANT, [finding("breach")], "breach", id="breach_that_the_check_did_not_state"),
        pytest.param(COMPLIANT, [finding("unknown")], "unknown", id="unknown_that_the_check_did_not_state"),
        pytest.param(replace(COMPLIANT, places=UNREAD), [], "unknown", id="unread_place"),
        pytest.param(replace(COMPLIANT, places=()), [], "unknown", id="mapped_place_not_mentioned"),
        pytest.param(
            replace(COMPLIANT, places=UNREAD), [finding("breach")], "breach", id="breach_outweighs_unread_place"
        ),
        pytest.param(replace(COMPLIANT, categories=()), [], "unknown", id="category_not_checked"),
        pytest.param(replace(COMPLIANT, finished_at=None, verdict=None), [], "unknown", id="check_not_finished"),
        pytest.param(replace(COMPLIANT, verdict="unknown"), [], "unknown", id="stated_unknown_without_a_finding"),
        pytest.param(replace(COMPLIANT, verdict="breach"), [], "breach", id="stated_breach_without_a_finding"),
        pytest.param(None, [], "unknown", id="no_check"),
    ],
)
def test_worst_that_was_seen_counts(check: Check | None, findings: list[Finding], expected: str) -> None:
    assert verdict.overall(check, findings, PLACES) == Verdict(expected)
    assert verdict.of_category(check, findings, "audio", PLACES["audio"]) == Verdict(expected)


def test_what_lies_in_no_place_weighs_on_every_category() -> None:
    check = replace(COMPLIANT, verdict="unknown", categories=("audio", "logs"))
    beside = replace(finding("unknown", "evidence_changed"), place="ledger")
    assert verdict.of_category(check, [beside], "logs", PLACES["audio"]) is Verdict.UNKNOWN


def test_breach_in_one_category_leaves_a_clean_one_compliant() -> None:
    check = replace(COMPLIANT, verdict="breach", categories=("audio", "logs"))
    assert verdict.of_category(check, [finding("breach")], "logs", ()) is Verdict.COMPLIANT


def test_nothing_to_judge_is_unknown() -> None:
    assert verdict.worst([]) is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("findings", "start"),
    [
        pytest.param([finding("breach")], "Yes.", id="overdue"),
        pytest.param([finding("breach", "protected_missing")], "Nothing was found past its limit", id="only_lost"),
        pytest.param([finding("breach", "withdrawn_unlisted")], "Nothing was found past its limit", id="only_unlisted"),
        pytest.param([finding("breach", "protected_missing"), finding("breach")], "Yes.", id="both"),
        pytest.param([], "Yes.", id="stated_without_a_finding"),
    ],
)
def test_answer_tells_too_late_from_too_early(findings: list[Finding], start: str) -> None:
    standing = Standing(Verdict.BREACH, Verdict.BREACH, None, ())
    assert answer(standing, replace(COMPLIANT, verdict="breach"), findings, NOW).en.startswith(start)


def test_answer_names_each_kind_of_breach_by_which_nothing_stayed_too_long() -> None:
    standing = Standing(Verdict.BREACH, Verdict.BREACH, None, ())
    findings = [finding("breach", kind) for kind in ("protected_missing", "protected_shrunk", "withdrawn_unlisted")]
    said = answer(standing, replace(COMPLIANT, verdict="breach"), findings, NOW)
    assert said.en.endswith(" but data that had to stay is gone and who withdrew is not on the suppression list.")
    assert said.de.endswith(
        " aber Daten fehlen, die hätten bleiben müssen, und wer widerrufen hat, fehlt auf der Werbesperrliste."
    )


def test_check_that_read_nothing_does_not_claim_to_have_compared() -> None:
    sentences = because(replace(COMPLIANT, places=UNREAD), [], {}, [])
    assert "compared" not in " ".join(sentence.en for sentence in sentences)
    assert "call_recordings" in sentences[-1].de


@pytest.mark.parametrize(
    ("complete", "count", "at_least"),
    [
        pytest.param(True, (1, 0), (False, False), id="all_was_seen"),
        pytest.param(False, (1, None), (True, False), id="not_all_was_seen"),
    ],
)
def test_none_found_is_only_zero_where_all_was_seen(
    complete: bool, count: tuple[int | None, ...], at_least: tuple[bool, ...]
) -> None:
    breach, unknown, *_ = verdict.figures([finding("breach")], complete=complete)
    assert (breach.count, unknown.count) == count
    assert (breach.at_least, unknown.at_least) == at_least
