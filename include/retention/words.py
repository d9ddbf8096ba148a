"""What categories and events are called, in English and German: by the `words.yaml` in use, else by the shipped one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from retention.policy.words import Called, WordsFile, load_words
from retention.settings import INCLUDE, policies_folder


class Words(NamedTuple):
    """One thing in both languages."""

    en: str
    de: str


def category_words(category: str) -> Words:
    """A data category in words, capitalised as a sentence begins."""
    return _found("categories", category)


def event_words(event: str) -> Words:
    """An event in words, as it follows "after" and "nach"."""
    return _found("events", event)


def _found(kind: str, name: str) -> Words:
    for folder in (policies_folder(), INCLUDE / "policies"):
        called: Mapping[str, Called] = getattr(_read_once(folder), kind)
        if name in called:
            return Words(called[name].en, called[name].de)
    return Words(*(name.replace("_", " "),) * 2)


@cache
def _read_once(folder: Path) -> WordsFile:
    return load_words(folder)
