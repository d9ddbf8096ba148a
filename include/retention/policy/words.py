"""The file `words.yaml` beside the rules: what categories and events are called. Nothing is decided by it."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from retention.documents import read_document
from retention.errors import PolicyError
from retention.strict import Name, StrictModel

WORDS_FILE = "words.yaml"


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


def load_words(folder: Path) -> WordsFile:
    """Read a folder's words; none where it has no such file. Raises PolicyError with all problems found."""
    path = folder / WORDS_FILE
    return read_document(path, PolicyError).build(WordsFile, PolicyError) if path.exists() else WordsFile()
