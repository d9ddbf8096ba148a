"""A deletion run in one line, the same in status, summary, report and page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from retention.readable import utc_minute
from retention.reports import formats
from retention.reports.document import Text
from retention.reports.run import NOT_BEGUN, DisposalRun, RunState
from retention.reports.wording import counted, of_number, say

Instant = Callable[[datetime, str], str]
"""How an instant is written, in a language."""


def describe(run: DisposalRun, now: datetime, language: str, instant: Instant = formats.instant) -> str:
    """`Deletion run by the tables, 2026-11-23 05:05 UTC: done, 641 of 641 due items gone`, and what to do about trouble."""
    head = f"{say('run', language)} {say(f'coverage.{run.coverage}', language)}, {instant(run.at, language)}"
    said = "; ".join(
        [say(f"state.{run.state}", language), *_counts(run, language), *_breach(run, now, language, instant)]
    )
    return f"{head}: {said}. {say(f'next.{run.state}', language)}" if run.is_trouble else f"{head}: {said}"


def describe_plainly(run: DisposalRun, now: datetime) -> str:
    """The same in English with instants in UTC, as the command line writes them."""
    return describe(run, now, "en", lambda at, _language: utc_minute(at))


def notices(runs: Iterable[DisposalRun], now: datetime) -> tuple[Text, ...]:
    """A line on each of these runs that somebody should look at."""
    return tuple(Text(describe(run, now, "en"), describe(run, now, "de")) for run in runs if run.is_trouble)


def _counts(run: DisposalRun, language: str) -> list[str]:
    if run.due is None:
        return [say("run.not_planned", language)] if run.state is not RunState.PLANNING else []
    unit = ".listing" if run.coverage == "listing" else ""  # a listing finds parts, tables name items
    if run.state in NOT_BEGUN:
        return [_filled(f"run.is_due{unit}", language, run.due, run.considered)]
    counts = [
        _filled(f"run.went{unit}", language, run.gone, run.due) if run.due else say("run.nothing_due", language),
        *_failed(run, language),
        *(_filled(f"run.{name}", language, count) for name, count in _exceptions(run) if count),
    ]
    if run.parts_removed and not run.gone:
        counts.append(counted("parts_removed", run.parts_removed, language))
    return counts


def _failed(run: DisposalRun, language: str) -> list[str]:
    """How many failed, and by which codes: `5 failed (5 × 23503)`."""
    if not run.failed:
        return []
    codes = ", ".join(
        f"{formats.number(count, language)} × {code}" for code, count in sorted((run.failures or {}).items())
    )
    return [_filled("run.failed", language, run.failed) + (f" ({codes})" if codes else "")]


def _exceptions(run: DisposalRun) -> tuple[tuple[str, int | None], ...]:
    return ("already_gone", run.already_gone), ("spared", run.spared_items)


def _breach(run: DisposalRun, now: datetime, language: str, instant: Instant) -> list[str]:
    if run.breaches_at is None:
        return []
    key = "run.breach_comes" if run.breaches_at > now else "run.breach_came"
    return [say(key, language).format(instant(run.breaches_at, language))]


def _filled(key: str, language: str, *counts: int | None) -> str:
    """The last count decides between singular and plural."""
    return say(of_number(key, counts[-1]), language).format(*(formats.number(count, language) for count in counts))
