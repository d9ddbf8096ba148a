"""The report's words in English and German (clauses.md, "Words in reports"), by their keys."""

from __future__ import annotations

from retention.policy.sentences import CATEGORIES
from retention.reports import formats
from retention.reports.code_labels import CODES
from retention.reports.document import Text
from retention.reports.failure_labels import failure
from retention.reports.labels import LABELS
from retention.reports.overview_labels import OVERVIEW
from retention.reports.page_labels import PAGES
from retention.reports.run_labels import RUNS

WORDS = LABELS | OVERVIEW | RUNS | CODES | PAGES
EVENTS: dict[str, Text] = {
    "transcription_succeeded": Text("the transcription succeeded", "erfolgreicher Transkription"),
    "recording_started": Text("the recording started", "Beginn der Aufnahme"),
    "contract_ended": Text("the customer's last contract ended", "Ende des letzten Vertrags"),
    "deletion_requested": Text("the customer asked for it", "Löschwunsch des Kunden"),
    "instruction_received": Text("the customer's instruction", "Weisung des Kunden"),
    "consent_withdrawn": Text("the consent was withdrawn", "Widerruf der Einwilligung"),
    "suppressed": Text("a suppressed person came back", "Rückkehr einer gesperrten Person"),
    "logged": Text("it was logged", "Protokollierung"),
    "collected": Text("it was collected", "Erhebung"),
}


def say(key: str, language: str) -> str:
    """The words for a key; for codes of others (a new reason, a new count) the code itself with its underscores as spaces. A
    table's or a paragraph's name, which has a full stop, stays as it is.

    A code `WHAT: CODE, CODE` is what something is called, which stays as it is, and codes about it. A store's own word and a
    database's SQLSTATE stay, too, with what they say behind them.
    """
    if key in WORDS:
        return WORDS[key][1 if language == "de" else 0]
    kind, _dot, code = key.partition(".")
    what, colon, about = code.rpartition(": ")
    if colon:
        return f"{what}: {', '.join(say(f'{kind}.{one}', language) for one in about.split(', '))}"
    if kind == "reason" and (meaning := failure(code, language)) is not None:
        return f"{code} ({meaning})"
    return code if "." in code else code.replace("_", " ")


def counted(key: str, count: int | None, language: str) -> str:
    """A number and what it counts, in the singular where it is one: `1 earlier version`, `2 earlier versions`."""
    return f"{formats.number(count, language)} {say(of_number(key, count), language)}"


def of_number(key: str, count: int | None) -> str:
    """The key of the words for this number of things, where one of them has words of its own."""
    return f"{key}.one" if count == 1 and f"{key}.one" in WORDS else key


def category_title(category: str) -> Text:
    """A data category in words."""
    en, de = CATEGORIES.get(category, (category.replace("_", " "),) * 2)
    return Text(en, de)


def event(key: str) -> Text:
    """A start point in words."""
    return EVENTS.get(key) or Text(key.replace("_", " "), key.replace("_", " "))
