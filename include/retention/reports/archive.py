"""Reports as they were written, in our own database: kept as they are, never rendered again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from retention.database import OwnConnection
from retention.errors import RequestError
from retention.policy.periods import BERLIN
from retention.reports.as_json import to_document
from retention.reports.document import Check, Figure, Report

PAGE_REPORTS = 50


@dataclass(frozen=True, slots=True)
class StoredReport:
    """One report: its document and the page that was made from it."""

    report_id: UUID
    created_at: datetime
    verdict: str
    document: dict[str, Any]
    html: str


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One report in a list, with the figures beside its verdict."""

    report_id: UUID
    check_run_id: UUID
    created_at: datetime
    verdict: str
    categories: tuple[str, ...]
    figures: tuple[Figure, ...]


def store(own: OwnConnection, report: Report, html: str, papers: Mapping[str, bytes] | None = None) -> UUID:
    """Keep a report, with its PDFs by language, and return its id.

    Raises RequestError for one that rests on no check: it proves nothing.
    """
    if report.check is None:
        raise RequestError(
            "found a report without a check; expected one that rests on a check run. Run `verify` first."
        )
    with own.transaction():
        _insert(own, report, report.check, html)
        for language, pdf in (papers or {}).items():
            own.execute(
                "INSERT INTO retention.report_papers (report_id, language, pdf) VALUES (%s, %s, %s)",
                (report.report_id, language, pdf),
            )
    return report.report_id


def _insert(own: OwnConnection, report: Report, check: Check, html: str) -> None:
    try:
        own.execute(
            "INSERT INTO retention.reports (report_id, check_run_id, created_at, verdict, document, html) "
            "VALUES (%s, %s, %s, %s, %s, %s)",
            (
                report.report_id,
                check.check_run_id,
                report.created_at,
                report.verdict.value,
                Jsonb(to_document(report)),
                html,
            ),
        )
    except psycopg.errors.UniqueViolation:
        raise RequestError(f"report {report.report_id} is kept already; expected a new one. Build it again.") from None


def paper(own: OwnConnection, report_id: UUID, language: str) -> bytes | None:
    """The PDF of a report as it was kept; None where it was kept without."""
    row = own.execute(
        "SELECT pdf FROM retention.report_papers WHERE report_id = %s AND language = %s", (report_id, language)
    ).fetchone()
    return bytes(row["pdf"]) if row else None


def latest(own: OwnConnection) -> StoredReport | None:
    """The newest report, or None where none was ever kept. One of the future, written by a clock that was ahead, comes last."""
    row = own.execute(f"{_STORED} {_NEWEST_FIRST} LIMIT 1").fetchone()
    return StoredReport(**row) if row else None


def latest_id(own: OwnConnection) -> UUID | None:
    """The id of the newest report, without reading it."""
    row = own.execute(f"{_ID} {_NEWEST_FIRST} LIMIT 1").fetchone()
    return row["report_id"] if row else None


_ID = "SELECT report_id FROM retention.reports"
_NEWEST_FIRST = "ORDER BY created_at <= clock_timestamp() DESC, created_at DESC, report_id"


def by_id(own: OwnConnection, report_id: UUID) -> StoredReport | None:
    """One report, or None where there is none with this id."""
    row = own.execute(f"{_STORED} WHERE report_id = %s", (report_id,)).fetchone()
    return StoredReport(**row) if row else None


def lacks_paper(own: OwnConnection, report: Report) -> bool:
    """Whether no report of the same calendar day in Berlin is kept with its PDFs: one a day, the nightly one, is enough, as each
    page can be set on paper again."""
    day = report.created_at.astimezone(BERLIN).date()
    row = own.execute(
        "SELECT FROM retention.report_papers JOIN retention.reports USING (report_id) "
        "WHERE created_at >= (%(day)s::date)::timestamp AT TIME ZONE 'Europe/Berlin' "
        "AND created_at < (%(day)s::date + 1)::timestamp AT TIME ZONE 'Europe/Berlin' LIMIT 1",
        {"day": day},
    ).fetchone()
    return row is None


_STORED = "SELECT report_id, created_at, verdict, document, html FROM retention.reports"


def listing(own: OwnConnection, *, limit: int = PAGE_REPORTS, before: datetime | None = None) -> list[ReportLine]:
    """The newest reports first, at most `limit` of those that are older than `before`."""
    rows = own.execute(
        "SELECT report_id, check_run_id, created_at, verdict, "
        "jsonb_path_query_array(document, '$.categories[*].category') AS categories, "
        "document -> 'figures' AS figures "
        "FROM retention.reports WHERE %(before)s::timestamptz IS NULL OR created_at < %(before)s "
        "ORDER BY created_at DESC, report_id LIMIT %(limit)s",
        {"before": before, "limit": limit},
    )
    return [
        ReportLine(
            report_id=row["report_id"],
            check_run_id=row["check_run_id"],
            created_at=row["created_at"],
            verdict=row["verdict"],
            categories=tuple(row["categories"]),
            figures=tuple(Figure(**figure) for figure in row["figures"]),
        )
        for row in rows
    ]
