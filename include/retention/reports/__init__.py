"""What people read: the check report, as a document, as a page, and as it was kept."""

from retention.reports.archive import ReportLine, StoredReport, by_id, lacks_paper, latest, listing, store
from retention.reports.as_json import to_document, to_json
from retention.reports.assembly import build
from retention.reports.document import SCHEMA, Report
from retention.reports.html import render_html
from retention.reports.paper import render_papers, render_pdf
from retention.verification.result import Verdict

__all__ = [
    "SCHEMA",
    "Report",
    "ReportLine",
    "StoredReport",
    "Verdict",
    "build",
    "by_id",
    "lacks_paper",
    "latest",
    "listing",
    "render_html",
    "render_papers",
    "render_pdf",
    "store",
    "to_document",
    "to_json",
]
