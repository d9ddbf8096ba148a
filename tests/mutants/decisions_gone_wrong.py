"""Faults in what is decided of recordings: clocks, holds, consents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.mutants.mutant import mutant, rewrite_selection, wrap

from retention.disposal import decide_again, reading, sweep
from retention.disposal.reading import Reading
from retention.policy.model import RetentionRule

Patch = pytest.MonkeyPatch


@mutant("clock", "recordings", "transcribed_but_present")
def local_time_taken_for_utc(patch: Patch) -> None:
    """The server's wall clock, in New York, is read as UTC: all is due some hours late."""

    def naive(right: Callable[..., Any], *args: Any, as_of: Any, **named: Any) -> Any:
        wall = as_of.astimezone(ZoneInfo("America/New_York")).replace(tzinfo=UTC)
        return right(*args, as_of=wall, **named)

    wrap(patch, reading, "compile_selection", naive)


@mutant("clock", "recordings", "past_cap")
def counted_from_the_end_of_the_month(patch: Patch) -> None:
    """The period begins when the month ends, as periods in contracts do, and not with the recording."""

    def put_off(right: Callable[..., Any], *args: Any, **named: Any) -> Any:
        return tuple(
            one._replace(due_after={event: after + timedelta(days=31) for event, after in one.due_after.items()})
            for one in right(*args, **named)
        )

    wrap(patch, RetentionRule, "terms", put_off)


@mutant("clock", "recordings", "past_cap")
def undated_never_due(patch: Patch) -> None:
    """A row without its date is never due, whatever else says how old it is."""
    rewrite_selection(patch, ("ELSE e.seen_at END AS arose_at", "END AS arose_at"))


@mutant("clock", "recordings", "past_cap")
def contradicted_date_believed(patch: Patch) -> None:
    """A date in the row counts although call and key say that it can't be: every import makes old recordings young."""
    wrong = "AND coalesce(\"start_recording_started\" <= e.seen_at + %(tolerance_s)s * interval '1 second', TRUE)"
    rewrite_selection(patch, (wrong, ""))


@mutant("clock", "orphans", "past_cap")
def copy_makes_young(patch: Patch) -> None:
    """What no row describes is as old as the store's own date, which every copy and every restore resets."""
    for module in (sweep, decide_again):
        wrap(
            patch,
            module,
            "loose_item",
            lambda right, checked, part, *args, **named: replace(
                right(checked, part, *args, **named), evidence_at=part.stored_at
            ),
        )


@mutant("holds", "orphans", "protected_missing")
def hold_ignored_by_the_listing(patch: Patch) -> None:
    """Of two ways that delete one reads no holds: the nightly listing."""
    for module in (sweep, decide_again):
        wrap(
            patch,
            module,
            "decide_loose",
            lambda right, looked, *args: right(replace(looked, holds=(), recorded=()), *args),
        )


@mutant("holds", "recordings", "protected_missing", "gone_under_hold")
def holds_read_at_the_plan_only(patch: Patch) -> None:
    """Holds that were set since the plan was made are not read again before the deletion."""
    _read_at_the_plan(patch)


@mutant("holds", "between_checks", "gone_under_hold")
def hold_broken_before_anybody_looked(patch: Patch) -> None:
    """The same, and no check comes between the hold and the deletion: none ever saw the item under it."""
    _read_at_the_plan(patch)


def _read_at_the_plan(patch: Patch) -> None:
    def take(right: Callable[..., Any], *args: Any, **named: Any) -> Any:
        taken: Reading[Any] = right(*args, **named)
        known = [hold for hold in taken.holds if hold.effective_at <= taken.as_of]
        return replace(taken, holds=known)

    right = Reading.take
    patch.setattr(Reading, "take", lambda *args, **named: take(right, *args, **named))


@mutant("holds", "recordings", "protected_missing")
def hold_on_a_customer_ignored(patch: Patch) -> None:
    """Only holds on single items are read; one on all of a customer keeps nothing."""
    rewrite_selection(patch, ("hold.tenant_id IN (clocked.tenant_id, clocked.key_tenant)", "FALSE"))


@mutant("consents", "recordings", "protected_missing")
def consents_ignored(patch: Patch) -> None:
    """What both parties agreed to keep goes with all the rest."""
    rewrite_selection(patch, ("%(now)s < exempt_until AND NOT was_asked", "FALSE"))


@mutant("consents", "recordings", "past_cap", "kept_without_reason")
def one_party_is_enough(patch: Patch) -> None:
    """The consent of one party keeps what needs both."""
    rewrite_selection(patch, ("count(until) = cardinality(clocked.parties)", "count(until) > 0"))


@mutant("consents", "recordings", "past_cap", "kept_without_reason")
def withdrawn_consent_still_counts(patch: Patch) -> None:
    """A consent counts by when it was given; that it was withdrawn nobody reads."""
    rewrite_selection(
        patch, ("said.ends_at, said.withdrawn_at", "said.ends_at, NULL"), ("w.at >= said.given_at", "FALSE")
    )


@mutant("consents", "recordings", "past_cap", "kept_without_reason")
def consent_to_something_else_counts(patch: Patch) -> None:
    """Consent to training counts as consent to archiving."""
    rewrite_selection(patch, ("said.scope = clocked.scope", "TRUE"))


@mutant("consents", "recordings", "past_cap", "kept_without_reason")
def consent_given_too_late_counts(patch: Patch) -> None:
    """A consent that came when the recording was long overdue makes up for the breach."""
    late = "said.given_at < clocked.clock_due_at AND said.recorded_at < clocked.clock_due_at AND "
    rewrite_selection(patch, (late, ""))
