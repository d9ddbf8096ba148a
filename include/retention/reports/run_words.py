"""A deletion run in one line, the same in status, summary, report and page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from retention.readable import utc_minute
from retention.reports import formats
from retention.reports.document import Text
from retention.reports.failure_labels import failure
from retention.reports.run import NOT_BEGUN, DisposalRun, RunState
from retention.reports.wording import category_title, counted, of_action, of_number, say

Instant = Callable[[datetime, str], str]
"""How an instant is written, in a language."""


def describe(run: DisposalRun, now: datetime, language: str, instant: Instant = formats.instant) -> str:
    """`Deletion run, 2026-11-23 05:05 UTC: done; 641 of 641 due items gone`, and what to do about trouble."""
    head = f"{_say(run, f'run.{run.coverage}', language)}, {instant(run.at, language)}"
    said = "; ".join(
        [_say(run, f"state.{run.state}", language), *_counts(run, language), *_breach(run, now, language, instant)]
    )
    return f"{head}: {said}. {_say(run, f'next.{run.state}', language)}" if run.is_trouble else f"{head}: {said}"


def describe_plainly(run: DisposalRun, now: datetime) -> str:
    """The same in English with instants in UTC, as the command line writes them."""
    return describe(run, now, "en", lambda at, _language: utc_minute(at))


def notices(runs: Iterable[DisposalRun], now: datetime) -> tuple[Text, ...]:
    """A line on each of these runs that somebody should look at, with its data category."""
    return tuple(
        Text(*(_with_category(run, describe(run, now, language), language) for language in ("en", "de")))
        for run in runs
        if run.is_trouble
    )


def _with_category(run: DisposalRun, said: str, language: str) -> str:
    return f"{category_title(run.category).in_language(language)}: {said}" if run.category is not None else said


def _counts(run: DisposalRun, language: str) -> list[str]:
    if run.due is None:
        return [_say(run, "run.not_planned", language)] if run.state is not RunState.PLANNING else []
    unit = ".listing" if run.coverage == "listing" else ""  # a listing finds parts, regular runs go by items
    if run.state in NOT_BEGUN:
        waiting = [_filled("run.waiting", language, run.waiting)] if run.waiting else []
        return [_filled(f"run.is_due{unit}", language, run.due, run.considered), *waiting]
    went = of_action("run.went", run.action) if run.anonymises else f"run.went{unit}"
    counts = [
        _filled(went, language, run.gone, run.due) if run.due else say("run.nothing_due", language),
        *_failed(run, language),
        *(_filled(of_action(f"run.{name}", run.action), language, count) for name, count in _exceptions(run) if count),
    ]
    if run.parts_removed and not run.gone:
        counts.append(counted("parts_removed", run.parts_removed, language))
    return counts


def _failed(run: DisposalRun, language: str) -> list[str]:
    """How many failed, by which codes, and what these say: `5 failed (5 × 23503: rows of another table point to it)`."""
    if not run.failed:
        return []
    codes = "; ".join(counted_failures(run, language))
    return [_filled("run.failed", language, run.failed) + (f" ({codes})" if codes else "")]


def counted_failures(run: DisposalRun, language: str) -> list[str]:
    """`5 × 23503: rows of another table point to it`, for each code of the run."""
    counts = sorted((run.failures or {}).items())
    said = {code: failure(code, language) for code, _count in counts}
    return [
        f"{formats.number(count, language)} × {code}" + (f": {said[code]}" if said[code] else "")
        for code, count in counts
    ]


def _exceptions(run: DisposalRun) -> tuple[tuple[str, int | None], ...]:
    return ("already_gone", run.already_gone), ("spared", run.spared_items), ("waiting", run.waiting)


def _breach(run: DisposalRun, now: datetime, language: str, instant: Instant) -> list[str]:
    if run.breaches_at is None:
        return []
    key = "run.breach_comes" if run.breaches_at > now else "run.breach_came"
    return [_say(run, key, language).format(instant(run.breaches_at, language))]


def _say(run: DisposalRun, key: str, language: str) -> str:
    return say(of_action(key, run.action), language)


def _filled(key: str, language: str, *counts: int | None) -> str:
    """The last count decides between singular and plural."""
    return say(of_number(key, counts[-1]), language).format(*(formats.number(count, language) for count in counts))
