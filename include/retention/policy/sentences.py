"""A rule as one English and one German sentence: what goes into the log, the plan, the report and the docs."""

from __future__ import annotations

from retention.policy.model import Consents, RetentionRule, RuleVersion, StartPoint
from retention.policy.periods import format_elapsed

CATEGORIES = {"audio": ("Call recordings", "Gesprächsaufnahmen")}
EVENTS = {
    "transcription_succeeded": ("the transcription succeeded", "der erfolgreichen Transkription"),
    "recording_started": ("the recording started", "Beginn der Aufnahme"),
}
PARTIES = {"caller": ("the caller", "der anrufenden Person"), "customer": ("the customer", "des Kunden")}


def rule_sentence(rule: RetentionRule, language: str = "en") -> str:
    """The rule's newest version in one sentence, in `en` or `de`. Unlisted words stand as their key."""
    version = rule.versions[-1]
    return _german(rule, version) if language == "de" else _english(rule, version)


def _word(table: dict[str, tuple[str, str]], key: str, language: int) -> str:
    return table[key][language] if key in table else key.replace("_", " ")


def _english(rule: RetentionRule, version: RuleVersion) -> str:
    starts = ", or ".join(_english_start(start) for start in version.start_points)
    text = f"{_word(CATEGORIES, rule.category, 0)} are deleted {starts}, whichever comes first"
    if version.exemption is not None:
        text += f", unless {_joined(version.exemption, 0, ' and ')} consented to {version.exemption.scope} before that"
        text += f" (reviewed every {format_elapsed(version.exemption.review_every)})"
    return f"{text}; clause {rule.clause}, policy of {version.policy_version}, in force from {version.effective_from}."


def _english_start(start: StartPoint) -> str:
    event = _word(EVENTS, start.event, 0)
    if start.allowed_latency is not None:
        return f"at once when {event} (gone at the latest {format_elapsed(start.allowed_latency)} later)"
    return (
        f"{format_elapsed(start.due_after)} after {event}"
        f" (gone at the latest after {format_elapsed(start.deadline_after)})"
    )


def _german(rule: RetentionRule, version: RuleVersion) -> str:
    starts = " oder ".join(_german_start(start) for start in version.start_points)
    text = f"{_word(CATEGORIES, rule.category, 1)} werden {starts} gelöscht, was früher eintritt"
    if version.exemption is not None:
        text += f", sofern nicht vorher die Einwilligung {_joined(version.exemption, 1, ' und ')}"
        text += f" zur Archivierung vorlag (Überprüfung alle {_days(version.exemption)})"
    day = version.effective_from.strftime("%d.%m.%Y")
    return f"{text}; Klausel {rule.clause}, Datenschutzerklärung vom {version.policy_version}, in Kraft seit {day}."


def _german_start(start: StartPoint) -> str:
    event = _word(EVENTS, start.event, 1)
    if start.allowed_latency is not None:
        return f"unmittelbar nach {event} (entfernt spätestens nach {format_elapsed(start.allowed_latency, 'de')})"
    return (
        f"{format_elapsed(start.due_after, 'de')} nach {event}"
        f" (entfernt spätestens nach {format_elapsed(start.deadline_after, 'de')})"
    )


def _joined(consents: Consents, language: int, separator: str) -> str:
    return separator.join(_word(PARTIES, party, language) for party in consents.parties)


def _days(consents: Consents) -> str:
    return f"{consents.review_every.days} Tage"
