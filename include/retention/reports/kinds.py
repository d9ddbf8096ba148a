"""Kinds of finding as the report names them; their words stand with the checks that find them."""

from __future__ import annotations

from retention.reports.document import Text
from retention.verification.kinds import KINDS
from retention.verification.wording import WORDING
from retention.verification.wording_coverage import COVERAGE_WORDING

COVERAGE = frozenset({*COVERAGE_WORDING, "unmapped_bucket", "unmapped_prefix", "unmapped_row", "place_dropped"})
"""Kinds about what nobody mapped, or the map names in vain: they concern all places."""
ASKED_FOR = frozenset(COVERAGE_WORDING)
"""Those of them for which only a check looks that was asked to; most look at what lies in the places alone."""


def title(kind: str) -> Text:
    """The kind's name in words; one that nobody described stands as its own code."""
    words = WORDING.get(kind)
    return Text(words.title_en, words.title_de) if words is not None else Text(*[kind.replace("_", " ")] * 2)


def action(kind: str) -> Text | None:
    """What to do about it, if somebody wrote that down."""
    words = WORDING.get(kind)
    return Text(words.action_en, words.action_de) if words is not None else None


def unit(kind: str) -> str:
    """What its `count` counts: items, rows, places, buckets, holds, entries or checks."""
    return KINDS[kind].unit if kind in KINDS else "items"
