"""The deletion concept as a page and as the PDF that is made from it, in German or English."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path

from jinja2 import Environment

from retention.concept.content import Concept
from retention.concept.labels import LABELS
from retention.paper import to_pdf
from retention.policy.periods import format_elapsed
from retention.reports import formats
from retention.reports.html import stylesheet
from retention.reports.wording import category_title, event
from retention.reports.wording import say as say_of_report
from retention.sentences import PARTIES, SCOPES, rule_sentence
from retention.templates import strict_templates

_TEMPLATES = Path(__file__).parent / "templates"


def render_html(concept: Concept, language: str = "de") -> str:
    """The concept as one page without script, in `de` or `en`."""
    return _render("page.html.j2", concept, language)


def render_pdf(concept: Concept, language: str = "de") -> bytes:
    """The same on A4."""
    title = f"{say('title', language)} – {formats.instant(concept.written_at, language)}"
    article = _render("article.html.j2", concept, language)
    return to_pdf(article, title=title, language=language, at=concept.written_at, foot=title)


def say(key: str, language: str) -> str:
    """The words for a key: the concept's own, else the report's."""
    return LABELS[key][1 if language == "de" else 0] if key in LABELS else say_of_report(key, language)


def _render(template: str, concept: Concept, language: str) -> str:
    return (
        _environment()
        .get_template(template)
        .render(
            concept=concept,
            language=language,
            css=stylesheet(),
            t=partial(say, language=language),
            n=partial(formats.number, language=language),
            at=lambda instant: formats.instant(instant, language),
            day=lambda value: formats.day(value, language),
            version=partial(formats.version, language=language),
            digest=partial(formats.digest, language=language),
            period=partial(_period, language=language),
            within=partial(_period, language=language, dative=True),
            title=lambda category: category_title(category).in_language(language),
            event=lambda name: event(name).in_language(language),
            sentence=lambda rule: rule_sentence(rule, "de" if language == "de" else "en"),
            words=partial(_words, language=language),
            listed=lambda names: ", ".join(_words(name, language) for name in names),
            agreed_with=len({tenant for one in concept.categories for tenant in one.rule.tenants}),
            since=lambda version: formats.day(_day(version), language),
        )
    )


def _day(effective_from: object) -> datetime:
    return datetime.fromisoformat(str(effective_from))


def _period(elapsed: timedelta, language: str, *, dative: bool = False) -> str:
    return format_elapsed(elapsed, "de" if language == "de" else "en", dative=dative)


def _words(name: str, language: str) -> str:
    """A party or a scope of a consent."""
    known = PARTIES | SCOPES
    return known[name][1 if language == "de" else 0] if name in known else name.replace("_", " ")


@cache
def _environment() -> Environment:
    return strict_templates(_TEMPLATES)
