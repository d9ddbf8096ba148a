"""The deletion concept says what the documents say, in both languages, and nothing else."""

from __future__ import annotations

import io
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader
from tests.reports.shapes import six_categories
from tests.reports.test_report_page import Page, without_digests
from tests.reports.test_report_paper import letters

from retention.concept import Concept, read_concept, render_html, render_pdf
from retention.datamap.loader import load_datamap
from retention.policy.loader import load_policy
from retention.settings import INCLUDE

GOLDENS = Path(__file__).parent / "goldens"
AT = datetime(2026, 3, 15, 10, 0, tzinfo=UTC)


def concept(kept: timedelta | None = None) -> Concept:
    return read_concept(*six_categories(), written_at=AT, backups_kept=kept)


@pytest.mark.parametrize("language", ["de", "en"])
def test_concept_reads_as_agreed(language: str) -> None:
    """`UPDATE_GOLDENS=1` writes the goldens anew; read the difference before it is committed."""
    golden = GOLDENS / f"concept.{language}.txt"
    text = without_digests(Page(render_html(concept(), language), language).text())
    if os.environ.get("UPDATE_GOLDENS"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["de", "en"])
def test_paper_says_what_the_page_says(language: str) -> None:
    pdf = PdfReader(io.BytesIO(render_pdf(concept(), language)))
    text = letters("".join(page.extract_text() for page in pdf.pages))
    lines = Page(render_html(concept(), language), language).text().splitlines()
    cells = {cell for line in lines for cell in line.split(" | ")}
    # What the foot of a sheet divides is found in its two parts only.
    assert len([cell for cell in cells if letters(cell) not in text]) <= len(pdf.pages) - 1


def test_every_category_period_place_and_owner_of_the_shipped_documents_stands_in_it() -> None:
    policy, datamap = load_policy(INCLUDE / "policies"), load_datamap(INCLUDE / "datamap")
    html = render_html(read_concept(policy, datamap, written_at=AT), "en")
    for place in datamap.places.values():
        assert place.name in html
        assert place.spec.owner in html
    for rule in policy.rules.values():
        assert policy.promises.promises[rule.clause].section in html
    assert policy.rules_digest[:8] in html


def test_each_start_point_is_in_exactly_one_class() -> None:
    found = concept()
    names = [one.name for one in found.classes]
    assert len(set(names)) == len(names)
    for category in found.categories:
        for start in category.starts:
            [one] = [one for one in found.classes if one.name == start.class_name]
            assert (one.kind, one.period) == (start.kind, start.deadline_after)
            assert category.rule.category in one.categories


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        pytest.param(timedelta(days=35), "lives 35 days", id="known"),
        pytest.param(None, "is not said", id="unknown"),
    ],
)
def test_what_is_not_known_of_backups_is_said(kept: timedelta | None, said: str) -> None:
    assert said in render_html(concept(kept), "en")


def test_a_shorter_limit_of_a_customer_counts_and_is_not_named() -> None:
    policy, datamap = six_categories()
    agreed = any(rule.tenants for rule in policy.rules.values())
    html = render_html(read_concept(policy, datamap, written_at=AT), "en")
    assert ("shorter limits are agreed" in html) is agreed
    assert not any(tenant in html for rule in policy.rules.values() for tenant in rule.tenants)
