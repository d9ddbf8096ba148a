"""The report as JSON, and instants read back from it."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from retention.reports.document import Report


def to_document(report: Report) -> dict[str, Any]:
    """The report as plain JSON values."""
    document: dict[str, Any] = json.loads(to_json(report))
    return document


def to_json(report: Report) -> str:
    """The report as one JSON document; instants in ISO 8601, UTC."""
    return json.dumps(asdict(report), default=_plain, ensure_ascii=False, indent=2)


def instant_of(value: object) -> datetime | None:
    """An instant of a JSON document; None for any other value, and for an instant without an offset: it is not known."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"a report holds no {type(value).__name__}")
