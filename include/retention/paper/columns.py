"""How wide a table's columns are on paper: as a browser divides them, by their longest words and lines.

A typesetter's own division gives a column of long texts nearly everything and breaks the words of the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

_LINE_LETTERS, _GAP_LETTERS = 122, 2.3
"""Letters of a table's size that fit beside each other on a line, and how many of them a gap between columns takes."""
_LONGEST_LINE = 60
"""A text longer than this is read over several lines anyway, and asks for no more width."""
_WIDER = {"code": 1.35, "th": 1.15}
"""Letters of a code and of a name in bold are wider."""
_WORD_MORE = 1.0
"""Short words may have many wide letters."""
_HEAD_LINES = 2
"""A column's name may take as many lines, before the column gets wider for it."""


def widths_of(table: dict[str, Any]) -> list[int]:
    """The share of each column, in hundredths of a letter."""
    heads, rows = (_cells(table, tag) for tag in ("thead", "tbody"))
    count = max((len(row) for row in [*heads, *rows]), default=0)
    needed, wished = [], []
    for column in range(count):
        names = [line for row in heads for line in _lines(row[column])] if heads else []
        lines = [line for row in rows if column < len(row) for line in _lines(row[column])]
        word = 1.08 * max(map(_longest_word, [*names, *lines]), default=1) + _WORD_MORE
        needed.append(word)
        name = max((_length(line) / _HEAD_LINES for line in names), default=0)
        wished.append(max(word, name, min(max(map(_length, lines), default=0), _LONGEST_LINE)))
    return [max(round(100 * width), 1) for width in _divided(needed, wished)]


def _divided(needed: list[float], wished: list[float]) -> Iterable[float]:
    room = _LINE_LETTERS - _GAP_LETTERS * (len(needed) - 1) - sum(needed)
    asked = sum(wished) - sum(needed)
    if asked <= room:
        return wished
    part = max(room, 0) / asked
    return [least + (most - least) * part for least, most in zip(needed, wished, strict=True)]


Line = list[tuple[str, float]]
"""Texts that stand on one line, each with how wide its letters are."""


def _length(line: Line) -> float:
    return sum(len(text) * width for text, width in line)


def _longest_word(line: Line) -> float:
    return max((len(word) * width for text, width in line for word in re.split(r"[ \u00ad/]", text)), default=0)


def _cells(table: dict[str, Any], tag: str) -> list[list[dict[str, Any]]]:
    rows = [row for part in _elements(table) if part["t"] == tag for row in _elements(part)]
    return [list(_elements(row)) for row in rows]


def _elements(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (kid for kid in node["k"] if not isinstance(kid, str))


def _lines(node: dict[str, Any], width: float = 1.0) -> list[Line]:
    width = _WIDER["th"] if "weight" in node["c"] or "verdict-word" in node["c"] else _WIDER.get(node["t"], width)
    lines: list[Line] = [[]]
    for kid in node["k"]:
        if isinstance(kid, str):
            lines[-1].append((kid, width))
            continue
        inner = _lines(kid, 1.0 if kid["block"] else width)
        if kid["block"]:
            lines += [*inner, []]
        else:
            lines[-1] += inner[0]
            lines += inner[1:]
    return [line for line in lines if line]
