"""Reports as they are kept."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from tests.reports import scenarios
from tests.reports.scenarios import NOW

from retention.database import OwnConnection
from retention.errors import RequestError
from retention.reports import build, by_id, latest, listing, render_html, store


def stored(own: OwnConnection, hours: int = 0) -> UUID:
    now = NOW + timedelta(hours=hours)
    report = build(own, None, scenarios.policy(), scenarios.datamap(), now=now)
    return store(own, report, render_html(report))


def test_kept_report_comes_back_as_it_was_written(own: OwnConnection) -> None:
    scenarios.breach(own)
    report = build(own, None, scenarios.policy(), scenarios.datamap(), now=NOW)
    html = render_html(report)
    report_id = store(own, report, html)
    kept = by_id(own, report_id)
    assert kept is not None
    assert (kept.verdict, kept.html, kept.created_at) == ("breach", html, NOW)
    assert kept.document["report_id"] == str(report_id)


def test_latest_is_the_newest_and_listing_begins_with_it(own: OwnConnection) -> None:
    assert latest(own) is None
    scenarios.breach(own)
    ids = [stored(own, hours) for hours in (0, 2, 1)]
    newest = latest(own)
    assert newest is not None
    assert newest.report_id == ids[1]
    lines = listing(own)
    assert [line.report_id for line in lines] == [ids[1], ids[2], ids[0]]
    assert (lines[0].verdict, lines[0].categories) == ("breach", ("audio",))
    counts = {figure.severity: figure.count for figure in lines[0].figures}
    assert counts == {"breach": 1_220, "unknown": 30, "finding": 29, "exception": 0}


def test_listing_goes_on_before_the_last_line(own: OwnConnection) -> None:
    scenarios.breach(own)
    ids = [stored(own, hours) for hours in range(3)]
    first = listing(own, limit=2)
    assert [line.report_id for line in listing(own, limit=2, before=first[-1].created_at)] == [ids[0]]


def test_report_without_a_check_is_not_kept(own: OwnConnection) -> None:
    with pytest.raises(RequestError, match="without a check"):
        stored(own)


def test_same_report_is_not_kept_twice(own: OwnConnection) -> None:
    scenarios.breach(own)
    report = build(own, None, scenarios.policy(), scenarios.datamap(), now=NOW)
    store(own, report, "page")
    with pytest.raises(RequestError, match="kept already"):
        store(own, report, "page")
