"""The SQL files that a place names."""

from __future__ import annotations

import re
from pathlib import Path

from retention.datamap.model import PlantedPlace, TableFacts
from retention.documents import Document
from retention.errors import Problem

_SQL_KEYS = ("items", "consents", "check_items", "check_consents", "check_requests")


def read_sql(document: Document, name: str, facts: TableFacts | None) -> tuple[dict[str, str | None], list[Problem]]:
    """The SQL that the place names, by the key that names it; None where none is named."""
    texts: dict[str, str | None] = dict.fromkeys(_SQL_KEYS)
    problems: list[Problem] = []
    for key in _SQL_KEYS:
        relative = getattr(facts, key, None)
        if relative is None:
            continue
        texts[key], unread = _read(document, relative, ("places", name, "facts", key))
        problems += unread
    return texts, problems + _shared_sql(document, name, texts)


def read_canary_sql(document: Document, name: str, spec: object) -> tuple[dict[str, str], list[Problem]]:
    """The INSERTs of the place's canaries, by the key that names each."""
    canary = spec.canary if isinstance(spec, PlantedPlace) else None
    texts: dict[str, str] = {}
    problems: list[Problem] = []
    for key in ("sql", "consented"):
        relative = getattr(canary, key, None)
        if relative is not None:
            text, unread = _read(document, relative, ("places", name, "canary", key))
            texts[key] = text or ""
            problems += unread
    return texts, problems


def _read(document: Document, relative: Path, where: tuple[str, ...]) -> tuple[str | None, list[Problem]]:
    try:
        text = (document.path.parent / relative).read_text(encoding="utf-8-sig").strip().rstrip(";").rstrip()
    except (OSError, UnicodeDecodeError):
        text = None
    if text is not None and _essence(text):
        return text, []
    found = f"{where[-1]}: {relative}, which {'can not be read' if text is None else 'holds no SQL'}"
    return text, [document.problem(where, "no_sql", found, "an SQL file beside the map")]


def _shared_sql(document: Document, name: str, texts: dict[str, str | None]) -> list[Problem]:
    """Disposal and verification must not rest on the same SQL, in one file or in two."""
    return [
        document.problem(
            ("places", name, "facts", check),
            "shared_sql",
            f"{check}: the same SQL that disposal uses",
            "SQL written apart from it, so that the two can disagree",
        )
        for own, check in (("items", "check_items"), ("consents", "check_consents"))
        if texts[own] and _essence(texts[own]) == _essence(texts[check])
    ]


def _essence(sql: str | None) -> str:
    """SQL without comments and line breaks: a copy with another heading is still a copy."""
    return " ".join(re.sub(r"--[^\n]*", "", sql or "").split()).casefold()
