"""Reasons as a command says them."""

from __future__ import annotations

from collections.abc import Mapping

from retention.reports import wording
from retention.reports.failure_labels import failure


def counted_reasons(counts: Mapping[str, int]) -> str:
    """`3 legal hold (legal_hold), 2 not due yet (not_due)`, or `none`: words for people, codes for who looks them up."""
    largest_first = sorted(counts.items(), key=lambda pair: -pair[1])
    return ", ".join(f"{count} {reason_words(code)}" for code, count in largest_first) or "none"


def reason_words(code: str) -> str:
    """`legal hold (legal_hold)`, `rows of another table point to it (23503)`; a code that has no words stays as it is."""
    known = f"reason.{code}"
    words = wording.say(known, "en") if known in wording.WORDS else failure(code, "en")
    return f"{words} ({code})" if words else code
