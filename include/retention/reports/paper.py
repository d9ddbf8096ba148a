"""The check report as a PDF: what its page says in one language, word for word."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from retention.paper import to_pdf
from retention.reports import formats
from retention.reports.document import Report
from retention.reports.html import render_article
from retention.reports.wording import say


def render_pdf(report: Report, language: str = "de") -> bytes:
    """The report on A4 (`de` or `en`): an archive copy, tagged, with its text to select. Raises PaperError."""
    return _set(render_article(report, language), language, report.created_at, report.report_id)


def render_papers(report: Report) -> Mapping[str, bytes]:
    """The report as a PDF in each language."""
    return {language: render_pdf(report, language) for language in formats.LANGUAGES}


def paper_of_page(html: str, language: str, created_at: datetime, report_id: UUID) -> bytes | None:
    """The PDF of a page as it was kept: the same bytes as of its report then. None for a page without that language."""
    found = re.search(rf'<article lang="{language}".*?</article>', html, re.DOTALL)
    return _set(found[0], language, created_at, report_id) if found else None


def _set(article: str, language: str, created_at: datetime, report_id: UUID) -> bytes:
    title = f"{say('report', language)} – {formats.instant(created_at, language)}"
    return to_pdf(article, title=title, language=language, at=created_at, foot=f"{title} · {report_id}")
