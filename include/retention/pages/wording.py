"""The pages' words in English and German, by their keys; what they don't list is the report's."""

from __future__ import annotations

from retention.pages.labels import LABELS
from retention.pages.report_labels import REPORTS
from retention.reports.wording import say as say_in_report

WORDS = LABELS | REPORTS


def say(key: str, language: str) -> str:
    """The words for a key, as `retention.reports.wording.say` gives them."""
    return WORDS[key][1 if language == "de" else 0] if key in WORDS else say_in_report(key, language)
