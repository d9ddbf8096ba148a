"""Status, summary and report on several categories: each has its own verdict, the same everywhere, on one screen."""

from __future__ import annotations

import pytest
from tests.history import rewrite
from tests.reports import scenarios, several
from tests.reports.scenarios import DAY_S, NOW
from tests.reports.shapes import six_categories

from retention.database import OwnConnection
from retention.reports import build
from retention.reports.checks import documents_now
from retention.reports.status import read_status
from retention.reports.summary import read_summary


def test_with_several_categories_each_has_its_own_verdict_everywhere_the_same(own: OwnConnection) -> None:
    several.several(own)
    policy, datamap = six_categories()
    current = documents_now(policy, datamap)
    report = build(own, None, policy, datamap, now=NOW)
    said = {
        "report": {one.category: one.verdict.value for one in report.categories},
        "status": {
            one.category: one.verdict for one in read_status(own, sorted(policy.rules), current, NOW).categories
        },
        "summary": {
            one["category"]: one["verdict"]
            for one in read_summary(own, sorted(policy.rules), current, until=NOW)["categories"]
        },
    }
    expected = dict.fromkeys(policy.rules, "unknown") | {"marketing": "breach"}
    assert said == dict.fromkeys(said, expected)


def one_in_breach(own: OwnConnection) -> None:
    """A breach in one category, an unread place in another, and a third that is well."""
    late = {("marketing", "marketing_contacts"): (("past_event", "breach", 1, DAY_S, {}),)}
    room = {"headroom_s": None, "oldest_age_s": 790 * DAY_S, "oldest_unprotected_age_s": 790 * DAY_S}
    scenarios.Check(
        verdict="breach",
        categories=("logs", "marketing", "transcript"),
        places_read=("transcripts", "marketing_contacts", "request_log", "server_log_objects", "airflow_metadata"),
        places_failed={"server_log_files": "EACCES"},
        elsewhere=late,
        rooms={"transcript": room},
        shape=six_categories(),
    ).insert(own)


def test_what_was_found_in_one_category_leaves_the_others_as_they_are(own: OwnConnection) -> None:
    one_in_breach(own)
    names = ["logs", "marketing", "transcript"]
    status = read_status(own, names, documents_now(*six_categories()), NOW)
    assert {one.category: one.verdict for one in status.categories} == {
        "logs": "unknown", "marketing": "breach", "transcript": "compliant",
    }  # fmt: skip
    assert status.verdict == "breach"
    (line,) = [line for line in status.to_text().splitlines() if line.startswith("transcript ")]
    assert "  no deadline running  " in line


def test_where_the_map_is_another_one_now_every_place_of_the_check_counts(own: OwnConnection) -> None:
    one_in_breach(own)
    rewrite(own, "UPDATE retention.check_runs SET map_digest = 'other'")
    (transcript,) = read_status(own, ["transcript"], documents_now(*six_categories()), NOW).categories
    assert transcript.verdict == "unknown"


@pytest.mark.parametrize("situation", ["several", "several_new"])
def test_six_categories_fit_on_one_screen(own: OwnConnection, situation: str) -> None:
    several.SITUATIONS[situation](own)
    policy, datamap = six_categories()
    names, current = sorted(policy.rules), documents_now(policy, datamap)
    texts = (
        read_status(own, names, current, NOW).to_text(),
        str(read_summary(own, names, current, until=NOW)["text"]),
    )
    assert all(len(text.splitlines()) <= 24 for text in texts)
    head, *lines = texts[0].splitlines()[:7]
    assert [line.split()[0] for line in lines] == names
    assert all(
        line.index(one.verdict) == head.index("verdict")
        for line, one in zip(lines, read_status(own, names, current, NOW).categories, strict=True)
    )
    assert "none: others keep it" in texts[0]
