"""A certificate as a page, and as the PDF that is made from it: what the JSON states, in words, and how to check it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment

from retention.certificates.labels import LABELS
from retention.evidence.certificate_check import is_complete
from retention.paper import to_pdf
from retention.reports import formats
from retention.reports.wording import category_title
from retention.reports.wording import say as say_code
from retention.templates import strict_templates

LANGUAGES = formats.LANGUAGES
_TEMPLATES = Path(__file__).parent / "templates"
_SHOWN_ENTRIES = 40
"""A run of many batches has thousands; the JSON beside the paper has them all."""


def render_pdf(document: Mapping[str, Any], key_id: str, language: str) -> bytes:
    """The certificate on A4, in `de` or `en`. `key_id` names the key that will sign."""
    words = partial(say, language=language)
    title = f"{words('title')} {document['certificate']}"
    html = render_page(document, key_id, language)
    at = datetime.fromisoformat(document["issued_at"])
    return to_pdf(html, title=title, language=language, at=at, foot=title)


def render_page(document: Mapping[str, Any], key_id: str, language: str) -> str:
    """The same as HTML."""
    return (
        _environment()
        .get_template("certificate.html.j2")
        .render(
            document=document,
            key_id=key_id,
            language=language,
            t=partial(say, language=language),
            n=partial(formats.number, language=language),
            at=lambda text: formats.instant(datetime.fromisoformat(text), language),
            digest=partial(formats.digest, language=language),
            category=lambda name: category_title(name).in_language(language),
            reason=lambda code: say_code(f"reason.{code}", language),
            entries=list(_entries(document))[:_SHOWN_ENTRIES],
            check=_body(document["beside"]["check_after"]),
            is_complete=is_complete(document),
            rule=partial(_sentence, language=language),
            documents=_body(document["beside"]["documents"]),
        )
    )


def say(key: str, language: str) -> str:
    """The words for a key."""
    return LABELS[key][1 if language == "de" else 0]


def _entries(document: Mapping[str, Any]) -> Iterator[tuple[int, str, str, int | None]]:
    """Number, time, kind and how many went, of each entry that bears the statement."""
    for entry in document["entries"]:
        yield entry["seq"], entry["at"], entry["kind"], json.loads(entry["body"]).get("gone")


def _sentence(rule: Mapping[str, Any], language: str) -> tuple[str, str]:
    """The rule's sentence as the ledger has it, and in which language: once, rules were noted in English alone."""
    return (language, rule["sentences"][language]) if "sentences" in rule else ("en", rule["sentence"])


def _body(entry: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return json.loads(entry["body"]) if entry is not None else None


@cache
def _environment() -> Environment:
    return strict_templates(_TEMPLATES)
