"""Every word that the pages ask for is listed, in both languages."""

from __future__ import annotations

import re

from retention.pages.rendering import TEMPLATES
from retention.pages.wording import WORDS
from retention.reports.wording import WORDS as REPORT_WORDS


def test_every_word_that_templates_ask_for_is_listed() -> None:
    asked = set[str]()
    for template in TEMPLATES.glob("*.j2"):
        asked |= set(re.findall(r"(?:\bt|say)\('([a-z0-9_.]+)'[,)]", template.read_text(encoding="utf-8")))
    assert len(asked) > 80
    assert asked <= WORDS.keys() | REPORT_WORDS.keys()


def test_every_word_is_there_in_both_languages_with_the_same_gaps() -> None:
    assert all(en.strip() and de.strip() and en.count("{}") == de.count("{}") for en, de in WORDS.values())
