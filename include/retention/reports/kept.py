"""What has become of a kept report's answer: it stays as it was written, and says beside it what is known now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from retention.database import OwnConnection
from retention.errors import InputError
from retention.evidence.controls import stop_of
from retention.reports import formats, verdict
from retention.reports.answer import because_of
from retention.reports.archive import StoredReport
from retention.reports.as_json import instant_of
from retention.reports.checks import CheckRead, Documents
from retention.reports.document import Text
from retention.reports.standing import Doubt, last_standing
from retention.reports.wording import say


def said_now(
    own: OwnConnection, report: StoredReport, documents: Callable[[], Documents], now: datetime
) -> Text | None:
    """What the last proof says at `now`, where that is not what the report says; None where the report still holds."""
    try:
        current = documents()
    except InputError:
        return Text(say("now.unreadable", "en"), say("now.unreadable", "de"))
    found = [last_standing(own, category["category"], current, now) for category in report.document["categories"]]
    checks = [read for read, _standing in found if read is not None]
    newest = max(checks, key=lambda read: read.check.started_at, default=None)
    said = verdict.worst(standing.verdict for _read, standing in found)
    doubts = tuple(doubt for doubt in Doubt if any(doubt in standing.doubts for _read, standing in found))
    if not doubts and _holds(report, now) and (said.value == report.verdict or _rests_on(report, newest)):
        return None
    return Text(*(_sentence(newest, said.value, doubts, language) for language in ("en", "de")))


def stop_since(own: OwnConnection, report: StoredReport, now: datetime) -> Text | None:
    """Whether all deletion is stopped at `now`, where that is not what the report says."""
    stop = stop_of(own, now)
    is_stopped = stop.value == "stopped"
    if is_stopped == report.document.get("stopped", False):
        return None
    name = "now.restored" if stop.is_restored else "now.stopped" if is_stopped else "now.resumed"
    return Text(*(say(name, language).format(formats.instant(stop.changed_at, language)) for language in ("en", "de")))


def _holds(report: StoredReport, now: datetime) -> bool:
    valid_until = instant_of(report.document.get("valid_until"))
    return valid_until is not None and now <= valid_until


def _rests_on(report: StoredReport, newest: CheckRead | None) -> bool:
    """Whether there is no newer check: then the report has said all that it says, place by place."""
    return newest is not None and report.document["check"]["check_run_id"] == str(newest.check.check_run_id)


def _sentence(newest: CheckRead | None, said: str, doubts: tuple[Doubt, ...], language: str) -> str:
    word = say("unknown_verdict" if said == "unknown" else said, language)
    if newest is None:
        return say("now.unchecked", language).format(word)
    at = formats.instant(newest.check.as_of, language)
    if not doubts:
        return say("now.newer", language).format(word, at)
    sentence = say("now.doubted", language).format(word, at, because_of(doubts, language))
    return f"{sentence} {say('now.not_run', language)}" if Doubt.TOO_OLD in doubts else sentence
