"""The check report as a frozen document: everything that its HTML and JSON say, and nothing that names a person.

None always means "not known"; a count is 0 only where somebody counted. Instants are aware and in UTC, periods in seconds.
Holds and items appear by the ids of our own records, customers not at all, staff only where they acknowledged a finding.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from retention.reports.places import PlaceOfMap
from retention.reports.run import DisposalRun
from retention.verification.result import Verdict

SCHEMA = "retention/check-report/1"
"""The document's own name; `retention/report/1` is what the command `report` prints about the file that it wrote."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text in both languages."""

    en: str
    de: str

    def in_language(self, language: str) -> str:
        """The text in `en` or `de`."""
        return self.de if language == "de" else self.en


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Somebody has seen a finding at `count` of them, and says why it may stay `until` then."""

    by: str
    reason: str
    until: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding of the check: what (`kind`), where, how many (`count`, in its `unit`), and how old the oldest of them is.

    `reasons` divides the count, as far as the check says why; `first_end_at` and `last_end_at` are the ends of an exception.
    `explanation` is what an unreadable place said and what to do, in English. `owner` is the role that answers for it (None: the
    documents name nobody), `acknowledged` who has seen it, until when; neither changes how much it weighs.
    """

    finding_id: str
    kind: str
    title: Text
    action: Text | None
    category: str
    place: str
    severity: str
    count: int
    unit: str
    oldest_age_s: int | None
    reasons: dict[str, int]
    first_end_at: datetime | None
    last_end_at: datetime | None
    explanation: str | None = None
    owner: str | None = None
    acknowledged: Acknowledged | None = None


@dataclass(frozen=True, slots=True)
class HoldInForce:
    """A legal hold that holds at the time of the report. `scope` names which of its fields are filled, not their values.

    `items` counts what the check saw under it; `until` is its end, or with `for_review` the day by which it is reviewed.
    """

    hold_id: str
    scope: tuple[str, ...]
    effective_at: datetime
    until: datetime | None
    for_review: bool
    items: int | None


@dataclass(frozen=True, slots=True)
class Limit:
    """One maximum that the policy promises: gone at most `limit_s` after `event`; `at_once` where it says "immediately"."""

    event: Text
    limit_s: int
    at_once: bool


@dataclass(frozen=True, slots=True)
class Latency:
    """Time from the event that made an item due until it was gone, over the items of the last `window_days` days."""

    window_days: int
    items: int
    p50_s: float | None
    p99_s: float | None


@dataclass(frozen=True, slots=True)
class DayCount:
    """Items gone on one calendar day in Berlin; None before the first record of any run."""

    day: date
    gone: int | None


@dataclass(frozen=True, slots=True)
class DayRoom:
    """The smallest headroom that the checks of one calendar day in Berlin saw, in seconds; None where none of them knew one."""

    day: date
    headroom_s: int | None


@dataclass(frozen=True, slots=True)
class CheckOnPlace:
    """One check for one `kind` of finding, on how many things it looked, and how many it found. `outcome`: `passed`, `failed` or
    `unknown`."""

    name: str
    kind: str
    title: Text
    place: str | None
    looked_at: int | None
    found: int | None
    outcome: str


@dataclass(frozen=True, slots=True)
class CategoryReport:
    """One data category: its promise, its rule, how it stands, what went and what stayed.

    `verdict` holds for the time of the report, `verdict_at_check` for what the check saw; `doubts` says why they differ.
    `seen_completely`: a finished check read all its places; otherwise what it did not find is not known to be absent.
    `oldest_plain_age_s` is the age, as the check looked, of the oldest item that no hold and no exemption keeps. `headroom_s`
    is the time from the report to the first deadline if nothing runs any more (negative: since it);
    `nothing_stored` says that age and headroom are missing because the check found nothing that has them.
    `gone_by_coverage` divides what went in the days shown by the runs that took it.
    `action` is `delete` or `anonymise`. Where nothing goes by age alone, `cap_s` and `due_after_s` are None. `kept_by_others`: no
    run of ours deletes any of it. `shorter_agreed` counts customers with whom shorter limits are agreed. `only_beside`: whatever
    makes the verdict worse than compliant was found beside all places, and may concern any category.
    """

    category: str
    title: Text
    clause: str
    section: str
    verdict: Verdict
    verdict_at_check: Verdict
    doubts: tuple[str, ...]
    seen_completely: bool
    rule: Text
    limits: tuple[Limit, ...]
    cap_s: int | None
    due_after_s: int | None
    mode: str
    mode_since: datetime | None
    oldest_age_s: int | None
    oldest_plain_age_s: int | None
    headroom_s: int | None
    nothing_stored: bool
    next_due_at: datetime | None
    runs: tuple[DisposalRun, ...]
    latencies: tuple[Latency, ...]
    deletions_per_day: tuple[DayCount, ...]
    headroom_per_day: tuple[DayRoom, ...]
    gone_by_coverage: dict[str, int]
    exceptions: tuple[Finding, ...]
    holds: tuple[HoldInForce, ...]
    action: str
    kept_by_others: bool
    shorter_agreed: int
    only_beside: bool


@dataclass(frozen=True, slots=True)
class PlaceResult:
    """One place of the data map, and whether the check could read it."""

    place: str
    read: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """The check run that the report rests on, as verification recorded it."""

    check_run_id: UUID
    as_of: datetime
    started_at: datetime
    finished_at: datetime | None
    verdict: str | None
    categories: tuple[str, ...]
    places: tuple[PlaceResult, ...]
    policy_version: str
    promises_digest: str
    map_digest: str
    inventory_digest: str | None
    ledger_seq: int | None
    ledger_head: str | None


@dataclass(frozen=True, slots=True)
class Figure:
    """How much of one weight (`breach`, `unknown`, `finding`, `exception`) was found in all.

    Where not everything was seen, none found is None, and some found is `at_least` these.
    """

    severity: str
    count: int | None
    at_least: bool


@dataclass(frozen=True, slots=True)
class Leniency:
    """Where we read the policy less strictly than its words allow, so that compliance decides knowingly."""

    clause: str
    section: str
    text: Text


@dataclass(frozen=True, slots=True)
class SignedHead:
    """The newest signed statement of what the ledger held: `size` entries with the Merkle `root`, at `at`, signed by `key`."""

    size: int
    root: str
    at: datetime
    key: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What anybody needs to check the report: versions, digests, and where the ledger stood.

    `changed_since_check` names the documents (`promises`, `map`) that are other ones now than those the check read.
    """

    policy_version: str
    policy_title: str
    promises_digest: str
    rules_digest: str
    map_digest: str
    changed_since_check: tuple[str, ...]
    code_version: str
    ledger_entries: int
    ledger_head: str
    signed_head: SignedHead | None


@dataclass(frozen=True, slots=True)
class Report:
    """The whole report: about one check (`check`, `verdict_at_check`), for one time (`created_at`, `verdict`).

    `doubts` names why the check no longer answers for the time of the report (`too_old`, `promises_changed`, `map_changed`,
    `deadline_passed`). `valid_until`: from then on a newer check should exist, and this one no longer answers for now.

    `notices` tells of the last deletion runs that failed, were blocked, stopped or interrupted. `coverage` is what was found that
    nobody mapped, by the check of `coverage_at` (None: nobody has looked for it yet), which may be an earlier one.
    """

    schema: str
    report_id: UUID
    created_at: datetime
    verdict: Verdict
    verdict_at_check: Verdict
    doubts: tuple[str, ...]
    question: Text
    answer: Text
    because: tuple[Text, ...]
    valid_until: datetime | None
    stopped: bool
    stopped_since: datetime | None
    restored: bool
    notices: tuple[Text, ...]
    check: Check | None
    figures: tuple[Figure, ...]
    categories: tuple[CategoryReport, ...]
    findings: tuple[Finding, ...]
    looked_at: dict[str, int]
    checks: tuple[CheckOnPlace, ...]
    leniencies: tuple[Leniency, ...]
    evidence: Evidence
    places: tuple[PlaceOfMap, ...]
    coverage_at: datetime | None
    coverage: tuple[Finding, ...]
    coverage_looked_at: dict[str, int]
