"""A rule as one English and one German sentence: what goes into the log, the plan, the report and the docs."""

from __future__ import annotations

from datetime import date
from typing import Literal

from retention.policy.model import Action, Consents, Minimum, RetentionRule, RuleVersion, StartPoint
from retention.policy.periods import format_elapsed
from retention.words import category_words, event_words

Language = Literal["en", "de"]

GERMAN_ACTIONS = {Action.DELETE: "gelöscht", Action.ANONYMISE: "anonymisiert"}
PARTIES = {"caller": ("the caller", "die anrufende Person"), "customer": ("the customer", "der Kunde")}
SCOPES = {"archiving": ("archiving", "die Archivierung")}


def rule_sentence(rule: RetentionRule, language: Language = "en") -> str:
    """The rule's newest version in one sentence, in `en` or `de`. Words that this module doesn't know stand as their key."""
    version = rule.versions[-1]
    return _german(rule, version) if language == "de" else _english(rule, version)


def _word(table: dict[str, tuple[str, str]], key: str, language: int) -> str:
    return table[key][language] if key in table else key.replace("_", " ")


def _english(rule: RetentionRule, version: RuleVersion) -> str:
    text = (
        f"{category_words(rule.category).en} are {rule.action.passive} "
        f"{', or '.join(map(_english_start, _that_end(version)))}"
    )
    if len(_that_end(version)) > 1:
        text += ", whichever comes first"
    if not rule.goes_by_age:
        text += ", never by age"
    if version.exemption is not None:
        text += f", {_english_exemption(version.exemption)}"
    if version.minimum is not None:
        text += f", {_english_minimum(version.minimum)}"
    if version.duties:
        text += ", but not while a statutory duty is flagged on the item"
    return f"{text}; clause {rule.clause}, policy of {version.policy_version}, in force from {version.effective_from}."


def _that_end(version: RuleVersion) -> list[StartPoint]:
    """The start points that make something due; the others only date it."""
    return [start for start in version.start_points if not start.never]


def _english_start(start: StartPoint) -> str:
    event = event_words(start.event).en
    if start.allowed_latency is not None:
        return f"as soon as {event} (gone within {format_elapsed(start.allowed_latency)})"
    return f"{format_elapsed(start.due_after)} after {event} (gone within {format_elapsed(start.deadline_after)})"


def _english_exemption(asked: Consents) -> str:
    parties = [_word(PARTIES, party, 0) for party in asked.parties]
    both = "both " if len(parties) == 2 else ""
    return (
        f"unless {both}{_listed(parties, ' and ')} consented to {_word(SCOPES, asked.scope, 0)} before that"
        f" (consents are reviewed every {format_elapsed(asked.review_every)}"
        f" and lapse {format_elapsed(asked.review_grace)} after a missed review)"
    )


def _english_minimum(minimum: Minimum) -> str:
    years = f"{minimum.years} calendar year{'' if minimum.years == 1 else 's'}"
    return (
        f"but not before {years} have passed since the end of the year of {_word({}, minimum.event, 0)}"
        f" ({minimum.paragraph}) and {_word({}, minimum.release, 0)} is recorded"
    )


def _german(rule: RetentionRule, version: RuleVersion) -> str:
    starts = " oder ".join(map(_german_start, _that_end(version)))
    text = f"{category_words(rule.category).de} werden {starts} {GERMAN_ACTIONS[rule.action]}"
    if len(_that_end(version)) > 1:
        text += ", je nachdem, was früher eintritt"
    if not rule.goes_by_age:
        text += ", nie wegen ihres Alters"
    if version.exemption is not None:
        text += f", {_german_exemption(version.exemption)}"
    if version.minimum is not None:
        text += f", {_german_minimum(version.minimum)}"
    if version.duties:
        text += ", jedoch nicht, solange eine Aufbewahrungspflicht am Datensatz vermerkt ist"
    text += f"; Klausel {rule.clause}, Datenschutzerklärung vom {_german_day(version.policy_version)}"
    return f"{text}, in Kraft ab {_german_day(version.effective_from.isoformat())}."


def _german_start(start: StartPoint) -> str:
    event = event_words(start.event).de
    gone = f"(spätestens nach {format_elapsed(start.deadline_after, 'de', dative=True)} entfernt)"
    if start.allowed_latency is not None:
        return f"unmittelbar nach {event} {gone}"
    return f"{format_elapsed(start.due_after, 'de')} nach {event} {gone}"


def _german_exemption(asked: Consents) -> str:
    parties = [_word(PARTIES, party, 1) for party in asked.parties]
    have = "haben" if len(parties) > 1 else "hat"
    return (
        f"es sei denn, {_listed(parties, ' und ')} {have} zuvor in {_word(SCOPES, asked.scope, 1)} eingewilligt"
        f" (Einwilligungen werden alle {format_elapsed(asked.review_every, 'de')} überprüft"
        f" und gelten nach versäumter Überprüfung noch {format_elapsed(asked.review_grace, 'de')})"
    )


def _german_minimum(minimum: Minimum) -> str:
    years = "1 Kalenderjahr" if minimum.years == 1 else f"{minimum.years} Kalenderjahre"
    return (
        f"jedoch frühestens {years} nach Ende des Jahres von {_word({}, minimum.event, 1)} ({minimum.paragraph})"
        f" und erst, wenn {_word({}, minimum.release, 1)} vermerkt ist"
    )


def _german_day(day: str) -> str:
    """A day as German texts write it; another kind of version name stands as it is."""
    try:
        return date.fromisoformat(day).strftime("%d.%m.%Y")
    except ValueError:
        return day


def _listed(words: list[str], last: str) -> str:
    return last.join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else words[0]
