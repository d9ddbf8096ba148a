"""An unforeseen error says where it happened, never what it looked at."""

from __future__ import annotations

import pytest

from retention import settings
from retention.errors import UnknownError
from retention.faults import fault_without_words


def fault() -> Exception:
    try:
        settings.parse_as_of(object())  # type: ignore[arg-type]  # that is the fault
    except TypeError as error:
        error.args = ("somebody's name",)
        return error
    raise AssertionError


def test_it_names_our_lines_and_the_type_without_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RETENTION_DEBUG", raising=False)
    told = fault_without_words(fault())
    assert isinstance(told, UnknownError)
    assert "retention/settings.py:" in str(told)
    assert "in parse_as_of" in str(told)
    assert "TypeError" in str(told)
    assert "somebody" not in str(told)


def test_the_words_are_told_to_whoever_asks_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETENTION_DEBUG", "1")
    assert "somebody's name" in str(fault_without_words(fault()))
