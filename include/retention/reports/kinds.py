"""Kinds of finding as the report names them; their words stand with the checks that find them."""

from __future__ import annotations

from retention.reports.document import Text
from retention.verification.kinds import KINDS
from retention.verification.wording import WORDING


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
