"""Values that are known to name somebody, such as the names of invented people: found as whole words, however they are spelt."""

from __future__ import annotations

import re
from collections.abc import Iterable

_WORD = re.compile(r"[\w-]+")
_FEWEST_LETTERS = 8
"""Of a single word; a shorter one, or a number alone, stands in many a text for something else."""


class KnownValues:
    """A set of texts of one word or more. A text holds one when it has its words side by side, in any case."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._phrases = {words for value in values if _tells(words := _words(value))}
        self._lengths = sorted({len(words) for words in self._phrases})

    def __len__(self) -> int:
        return len(self._phrases)

    def are_in(self, text: str) -> bool:
        """Whether the text holds any of them."""
        if not self._phrases:
            return False
        words = _words(text)
        return any(
            words[at : at + length] in self._phrases
            for length in self._lengths
            for at in range(len(words) - length + 1)
        )


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip("-").casefold() for word in _WORD.findall(text))


def _tells(words: tuple[str, ...]) -> bool:
    return len(words) > 1 or (len(words) == 1 and len(words[0]) >= _FEWEST_LETTERS and not words[0].isdigit())
