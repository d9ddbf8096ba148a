"""Rules: each promise with its rule, its places, the checks on them and their newest result; what was found, and acknowledging
it; and whether anything is there that nobody mapped (coverage)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from retention.access import Right
from retention.database import OwnConnection
from retention.errors import RequestError, RetentionError
from retention.evidence.acknowledgements import acknowledge
from retention.pages.overview import Reason
from retention.pages.rendering import Notice, as_json, done, notice_of, show
from retention.pages.site import Site, Visitor, reading, writing
from retention.policy.periods import start_of_day
from retention.reports.assembly import build
from retention.reports.document import Finding, Report
from retention.reports.found import findings_now, the_one

Field = Annotated[str, Form(max_length=500)]


def routes(site: Site) -> APIRouter:
    """`/rules`, `/coverage`, and the form on findings."""
    pages = APIRouter(tags=["rules"])

    @pages.get("/rules", dependencies=[reading(site)])
    def rules(request: Request) -> Response:
        return _page(request, site, notice_of(request, site))

    @pages.get("/rules.json", dependencies=[reading(site)])
    def rules_as_json() -> Response:
        report, found = _read(site)
        return as_json(
            {
                "rules": [
                    {"category": one.category, "clause": one.clause, "section": one.section, "rule": one.rule,
                     "places": _places_of(report, one.category), "verdict": one.verdict}
                    for one in report.categories
                ],
                "checks": report.checks,
                "findings": found,
            }
        )  # fmt: skip

    @pages.post("/findings/acknowledge")
    def acknowledge_finding(
        request: Request,
        finding: Field = "",
        until: Field = "",
        reason: Reason = "",
        visitor: Visitor = writing(site, Right.ACKNOWLEDGE_FINDING),
    ) -> Response:
        try:
            with site.open_writes() as own:
                name = _acknowledge(own, site, finding, until, reason, visitor)
        except RetentionError as error:
            return _page(request, site, Notice("refused.finding", why=str(error), refused=True), 409)
        return done(request, site, "/rules", "done.acknowledged", name)

    @pages.get("/coverage", dependencies=[reading(site)])
    def coverage(request: Request) -> Response:
        report, _found = _read(site)
        return show(request, "coverage_page.html.j2", title="pages.coverage", here="coverage", report=report)

    @pages.get("/coverage.json", dependencies=[reading(site)])
    def coverage_as_json() -> Response:
        report, _found = _read(site)
        return as_json(
            {"at": report.coverage_at, "looked_at": report.coverage_looked_at, "found": report.coverage,
             "places": report.places}
        )  # fmt: skip

    return pages


def _acknowledge(own: OwnConnection, site: Site, finding: str, until: str, reason: str, visitor: Visitor) -> str:
    one = the_one(findings_now(own, *site.documents()), finding)
    try:
        day = date.fromisoformat(until)
    except ValueError:
        raise RequestError(f"--until: found {until!r}; expected a day such as 2026-01-31. Nothing was noted.") from None
    end = start_of_day(min(day, date(9000, 1, 1)) + timedelta(days=1))  # the last day counts
    acknowledge(
        own,
        (one.kind, one.category, one.place),
        severity=one.severity,
        count=one.count,
        until=end,
        by=visitor.name,
        reason=reason,
    )
    return f"{one.kind}@{one.place}"


def _read(site: Site) -> tuple[Report, list[Finding]]:
    policy, datamap = site.documents()
    with site.open_reports() as own:
        report = build(own, None, policy, datamap)
        found = findings_now(own, policy, datamap) if report.check is not None else []
    return report, [one for one in found if one.severity != "exception"]


def _places_of(report: Report, category: str) -> list[str]:
    return [place.place for place in report.places if place.category == category]


def _page(request: Request, site: Site, notice: Notice | None, status: int = 200) -> Response:
    report, found = _read(site)
    places = {one.category: _places_of(report, one.category) for one in report.categories}
    return show(
        request,
        "rules.html.j2",
        title="pages.rules",
        here="rules",
        status=status,
        notice=notice,
        report=report,
        found=found,
        checks_of={
            category: [check for check in report.checks if check.place in names] for category, names in places.items()
        },
    )
