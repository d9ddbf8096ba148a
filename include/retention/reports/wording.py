"""The report's words in English and German, by their keys."""

from __future__ import annotations

from retention.reports import formats
from retention.reports.code_labels import CODES
from retention.reports.document import Text
from retention.reports.failure_labels import failure
from retention.reports.kept_labels import KEPT
from retention.reports.labels import LABELS
from retention.reports.overview_labels import OVERVIEW
from retention.reports.run_labels import RUNS
from retention.reports.unit_labels import UNITS
from retention.words import category_words, event_words

WORDS = LABELS | OVERVIEW | RUNS | CODES | UNITS | KEPT


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


def of_action(key: str, action: str) -> str:
    """The key of the words for what a rule does (`delete`, `anonymise`), where that has words of its own."""
    return f"{key}.{action}" if f"{key}.{action}" in WORDS else key


def category_title(category: str) -> Text:
    """A data category in words."""
    return Text(*category_words(category))


def event(key: str) -> Text:
    """A start point in words."""
    return Text(*event_words(key))
