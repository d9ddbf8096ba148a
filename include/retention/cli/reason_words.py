"""Reasons as a command says them."""

from __future__ import annotations

from collections.abc import Mapping

from retention.reports import wording


def counted_reasons(counts: Mapping[str, int]) -> str:
    """`3 legal hold (legal_hold), 2 not due yet (not_due)`, or `none`: words for people, codes for who looks them up."""
    largest_first = sorted(counts.items(), key=lambda pair: -pair[1])
    return ", ".join(f"{count} {reason_words(code)}" for code, count in largest_first) or "none"


def reason_words(code: str) -> str:
    """`legal hold (legal_hold)`; a code that has no words, such as a store's own for a failure, stays as it is."""
    known = f"reason.{code}"
    return f"{wording.say(known, 'en')} ({code})" if known in wording.WORDS else code
