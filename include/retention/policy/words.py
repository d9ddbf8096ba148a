"""What categories and events are called, in English and German: `words.yaml` beside the rules. Nothing is decided by them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pydantic import Field

from retention.documents import read_document
from retention.errors import PolicyError
from retention.settings import INCLUDE, policies_folder
from retention.strict import Name, StrictModel

WORDS_FILE = "words.yaml"


class Words(NamedTuple):
    """One thing in both languages."""

    en: str
    de: str


class Called(StrictModel):
    """What one thing is called in sentences."""

    en: str
    """In English."""
    de: str
    """In German."""


class WordsFile(StrictModel):
    """The file `words.yaml`. What is missing in it is called by its key, with spaces for underscores."""

    categories: dict[Name, Called] = Field(default_factory=dict)
    """Data categories, by their names: `Call recordings`."""
    events: dict[Name, Called] = Field(default_factory=dict)
    """Events, by their names, as they follow "after" in English and "nach" (dative) in German: `the recording started`."""


def category_words(category: str) -> Words:
    """A data category in words, capitalised as a sentence begins."""
    return _found("categories", category)


def event_words(event: str) -> Words:
    """An event in words, as it follows "after" and "nach"."""
    return _found("events", event)


def load_words(folder: Path) -> WordsFile:
    """Read a folder's words; none where it has no such file. Raises PolicyError with all problems found."""
    path = folder / WORDS_FILE
    return read_document(path, PolicyError).build(WordsFile, PolicyError) if path.exists() else WordsFile()


def _found(kind: str, name: str) -> Words:
    for folder in (policies_folder(), INCLUDE / "policies"):
        called: Mapping[str, Called] = getattr(_read_once(folder), kind)
        if name in called:
            return Words(called[name].en, called[name].de)
    return Words(*(name.replace("_", " "),) * 2)


@cache
def _read_once(folder: Path) -> WordsFile:
    return load_words(folder)
