"""The report's words in English and German (clauses.md, "Words in reports"), by their keys."""

from __future__ import annotations

from retention.policy.sentences import CATEGORIES
from retention.reports import formats
from retention.reports.code_labels import CODES
from retention.reports.document import Text
from retention.reports.labels import LABELS
from retention.reports.page_labels import PAGES
from retention.reports.run_labels import RUNS

WORDS = LABELS | RUNS | CODES | PAGES
EVENTS: dict[str, Text] = {
    "transcription_succeeded": Text("the transcription succeeded", "erfolgreicher Transkription"),
    "recording_started": Text("the recording started", "Beginn der Aufnahme"),
}


def say(key: str, language: str) -> str:
    """The words for a key; for codes of others (a new reason, a new count) the code itself with its underscores as spaces."""
    if key in WORDS:
        return WORDS[key][1 if language == "de" else 0]
    return key.rpartition(".")[2].replace("_", " ")


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
