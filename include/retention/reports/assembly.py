"""Puts a check report together from our own database and from the policy and data map as they are loaded now."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from retention.database import OwnConnection, database_time
from retention.datamap.loader import DataMap, MappedExternal
from retention.evidence import ledger
from retention.evidence.acknowledgements import acknowledged
from retention.evidence.controls import mode_of, stop_of
from retention.evidence.tree_heads import newest_head
from retention.policy.loader import Policy
from retention.policy.model import RetentionRule
from retention.reports import answer, disposals, kinds, verdict
from retention.reports.attribution import attributed
from retention.reports.backups import backup_notices
from retention.reports.checks import (
    CategoryFacts,
    CheckRead,
    Documents,
    changed_documents,
    documents_now,
    last_coverage_id,
    last_proof_id,
    read_check,
)
from retention.reports.code_version import code_version
from retention.reports.document import (
    SCHEMA,
    CategoryReport,
    Evidence,
    Finding,
    Leniency,
    Limit,
    Report,
    SignedHead,
    Text,
)
from retention.reports.headrooms import headroom_per_day
from retention.reports.places import places_of_map
from retention.reports.run_words import notices
from retention.reports.runs import last_runs, newest_by_coverage, newest_counted
from retention.reports.standing import judge, valid_until
from retention.reports.wording import category_title, event
from retention.sentences import rule_sentence

LATENCY_WINDOWS_DAYS = (1, 30)


def build(
    own: OwnConnection,
    check_run_id: UUID | None,
    policy: Policy,
    datamap: DataMap,
    *,
    now: datetime | None = None,
) -> Report:
    """Build the report on one check run; None: on the newest that had finished at `now`, or a report that nothing was checked.

    `now` (aware, default: our own database's clock) is the instant that the report is written for: a check that is too old for
    it, or of other documents, or with a deadline in between, is told as it was, and the verdict is unknown.
    Raises RequestError for a check run that does not exist, and HoldsUnreadable where the holds can't be read.
    """
    now = now or database_time(own)
    check_run_id = check_run_id if check_run_id is not None else last_proof_id(own, now)
    words = acknowledged(own, now)

    def read_attributed(wanted: UUID) -> CheckRead:
        return attributed(read_check(own, wanted), policy, datamap, words)

    read = read_attributed(check_run_id) if check_run_id is not None else None
    check, findings = (read.check, read.findings) if read else (None, ())
    current = documents_now(policy, datamap)
    places = {category: names for category, names in (current.places or {}).items() if category in policy.rules}
    changed = _changed(read, current)
    rooms = [facts.headroom_s for facts in read.facts.values() if facts.headroom_s is not None] if read else []
    standing = judge(check, verdict.overall(check, findings, places), min(rooms, default=None), changed, now)
    looked_at = dict(read.looked_at) if read else {}
    unchecked = [
        category_title(category) for category in policy.rules if check is not None and category not in check.categories
    ]
    categories = tuple(
        category_report(own, rule, policy, current, read, now) for category, rule in sorted(policy.rules.items())
    )
    stop = stop_of(own, now)
    covered = _coverage(own, read, now, read_attributed)
    seen = {place.place: None if place.read else place.reason or "unknown" for place in check.places} if check else {}
    return Report(
        schema=SCHEMA,
        report_id=uuid.uuid4(),
        created_at=now,
        verdict=standing.verdict,
        verdict_at_check=standing.then,
        doubts=standing.doubts,
        question=answer.QUESTION,
        answer=answer.answer(standing, check, findings, now),
        because=answer.because(
            check,
            findings,
            looked_at,
            unchecked,
            [name for name, place in datamap.places.items() if isinstance(place, MappedExternal)],
        ),
        valid_until=valid_until(check, standing.then, min(rooms, default=None)),
        stopped=stop.value == "stopped",
        stopped_since=stop.changed_at if stop.value == "stopped" else None,
        restored=stop.is_restored,
        notices=(
            *(notice for category in categories for notice in notices(newest_by_coverage(category.runs).values(), now)),
            *backup_notices(own, now),
        ),
        check=check,
        figures=verdict.figures(findings, complete=all(category.seen_completely for category in categories)),
        categories=categories,
        findings=tuple(finding for finding in findings if finding.severity != "exception"),
        looked_at=looked_at,
        checks=read.checks if read else (),
        leniencies=tuple(
            Leniency(
                clause,
                promise.section,
                Text(promise.leniency, promise.leniency_de or promise.leniency),
            )
            for clause, promise in policy.promises.promises.items()
            if promise.leniency is not None
        ),
        evidence=_evidence(own, changed, policy, datamap),
        places=places_of_map(datamap, seen),
        coverage_at=covered.check.as_of if covered is not None else None,
        coverage=_unmapped(covered, read),
        coverage_looked_at=dict(covered.looked_at) if covered is not None else {},
    )


def _coverage(
    own: OwnConnection, read: CheckRead | None, now: datetime, read_attributed: Callable[[UUID], CheckRead]
) -> CheckRead | None:
    """The check that looked for what nobody mapped: the report's own, or the last one that did; None where none has."""
    if read is not None and "tables" in read.looked_at:
        return read
    last = last_coverage_id(own, read.check.started_at if read is not None else now)
    return read_attributed(last) if last is not None else None


def _unmapped(covered: CheckRead | None, read: CheckRead | None) -> tuple[Finding, ...]:
    """What nobody mapped: as the report's own check found it, and by an earlier one what that did not look for."""
    own = [finding for finding in (read.findings if read is not None else ()) if finding.kind in kinds.COVERAGE]
    if covered is None or covered is read:
        return tuple(own)
    earlier = [finding for finding in covered.findings if finding.kind in kinds.ASKED_FOR]
    return (*own, *(finding for finding in earlier if finding not in own))


def category_report(
    own: OwnConnection,
    rule: RetentionRule,
    policy: Policy,
    current: Documents,
    read: CheckRead | None,
    now: datetime,
) -> CategoryReport:
    """One category at `now`, by the check that was `read` (None: by none).

    Raises HoldsUnreadable where the holds can't be read.
    """
    category, promise = rule.category, policy.promises.promises[rule.clause]
    places = (current.places or {}).get(category, ())
    check, findings = (read.check, read.findings) if read else (None, ())
    facts = (read.facts.get(category) if read else None) or CategoryFacts()
    complete = verdict.saw_completely(check, category, places)
    then = verdict.of_category(check, findings, category, places)
    standing = judge(check, then, facts.headroom_s, _changed(read, current), now)
    mode = mode_of(own, category, now)
    runs = last_runs(own, category, now, anonymises=category in current.anonymised)
    counted = newest_counted(runs, "rows")
    days, by_coverage = disposals.deletions(own, category, now)
    clock = next(start for start in rule.versions[-1].start_points if start.event == rule.clock_event)
    return CategoryReport(
        category=category,
        title=category_title(category),
        clause=rule.clause,
        section=promise.section,
        verdict=standing.verdict,
        verdict_at_check=standing.then,
        doubts=standing.doubts,
        seen_completely=complete,
        rule=Text(rule_sentence(rule, "en"), rule_sentence(rule, "de")),
        limits=tuple(
            Limit(
                event(maximum.event), int(maximum.deadline_after.total_seconds()), maximum.allowed_latency is not None
            )
            for maximum in promise.maxima
        ),
        cap_s=int(clock.deadline_after.total_seconds()) if rule.goes_by_age else None,
        due_after_s=int(clock.due_after.total_seconds()) if rule.goes_by_age else None,
        mode=mode.value,
        mode_since=mode.changed_at,
        oldest_age_s=facts.oldest_age_s,
        oldest_plain_age_s=facts.oldest_plain_age_s,
        headroom_s=standing.headroom_s,
        nothing_stored=facts.nothing_stored and complete and category not in current.kept_by_others,
        next_due_at=counted.next_due_at if counted is not None else None,
        runs=runs,
        latencies=tuple(disposals.latency(own, category, now, days) for days in LATENCY_WINDOWS_DAYS),
        deletions_per_day=days,
        headroom_per_day=headroom_per_day(own, category, now),
        gone_by_coverage=by_coverage,
        exceptions=_exceptions(findings, category),
        holds=disposals.holds_in_force(own, category, places, now, check.check_run_id if check and complete else None),
        action=rule.action.value,
        kept_by_others=category in current.kept_by_others,
        shorter_agreed=len(rule.tenants),
        only_beside=check is not None and complete and verdict.weighs_beside_places(check, findings, category),
    )


def _changed(read: CheckRead | None, current: Documents) -> tuple[str, ...]:
    if read is None:
        return ()
    return changed_documents(Documents(read.check.promises_digest, read.check.map_digest), current)


def _exceptions(findings: tuple[Finding, ...], category: str) -> tuple[Finding, ...]:
    return tuple(finding for finding in findings if finding.category == category and finding.severity == "exception")


def _evidence(own: OwnConnection, changed: tuple[str, ...], policy: Policy, datamap: DataMap) -> Evidence:
    head, signed = ledger.head(own), newest_head(own)
    return Evidence(
        policy_version=policy.promises.policy_version,
        policy_title=policy.promises.policy_title,
        promises_digest=policy.promises_digest,
        rules_digest=policy.rules_digest,
        map_digest=datamap.digest,
        changed_since_check=changed,
        code_version=code_version(),
        ledger_entries=head.seq,
        ledger_head=head.hash,
        signed_head=SignedHead(signed.size, signed.root, signed.at, signed.key) if signed is not None else None,
    )
