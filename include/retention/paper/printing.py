"""From a page in HTML to a PDF that is an archive copy (PDF/A-3a) and readable without seeing it (PDF/UA-1), by typst.

Needs no network and no font of the machine: the typesetter brings its own. The same page and time give the same bytes.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from retention.errors import RetentionError
from retention.paper.tree import tree_of

_PAGE = Path(__file__).with_name("page.typ")
_ARCHIVE = ["a-3a", "ua-1"]
_WORDS_OF_PAGES = {"de": "Seite {} von {}", "en": "Page {} of {}"}

_PARTS_OF_A_DATE = ("year", "month", "day", "hour", "minute", "second")


class PaperError(RetentionError):
    """A page could not be set as a PDF."""


def to_pdf(html: str, *, title: str, language: str, at: datetime, foot: str = "") -> bytes:
    """The page as a PDF. `title` and `language` (`de` or `en`) stand in its metadata, `at` (aware) as its date; `foot` is
    repeated on each page.

    A letter that none of the typesetter's fonts has is shown as a box; the PDF is then no archive copy. Raises PaperError where
    the page can't be set at all.
    """
    inputs = _inputs(html, title=title, language=language, at=at, foot=foot)
    try:
        return _compile(inputs, at, pdf_standards=_ARCHIVE)[0]
    except PaperError:
        return _compile(inputs, at)[0]


def to_pictures(
    html: str, *, title: str, language: str, at: datetime, foot: str = "", ppi: float = 80.0
) -> list[bytes]:
    """The same pages as PNG, to look at."""
    return _compile(_inputs(html, title=title, language=language, at=at, foot=foot), at, format="png", ppi=ppi)


def _inputs(html: str, *, title: str, language: str, at: datetime, foot: str) -> dict[str, str]:
    page = {
        "title": title,
        "language": language,
        "foot": foot,
        "pages": _WORDS_OF_PAGES[language].split("{}"),
        "date": {part: getattr(at.astimezone(UTC), part) for part in _PARTS_OF_A_DATE},
        "tree": tree_of(html),
    }
    return {"page": json.dumps(page, ensure_ascii=False)}


def _compile(inputs: dict[str, str], at: datetime, **options: Any) -> list[bytes]:
    """What the typesetter gives: one PDF, or one picture for each page."""
    import typst  # 40 MB of typesetter: only who prints needs it

    try:
        given = typst.compile(
            _PAGE.read_bytes(),
            sys_inputs=inputs,
            ignore_system_fonts=True,
            timestamp=int(at.timestamp()),
            **options,
        )
    except typst.TypstError as error:
        raise PaperError(f"the page could not be set: {error.message}; expected elements that page.typ knows") from None
    return given if isinstance(given, list) else [given]
