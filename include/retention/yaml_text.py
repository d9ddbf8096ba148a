"""YAML as people can agree on it: one document of plain keys and values, read the same way by YAML 1.1 and 1.2.

Refused before anything is built from it: anchors, aliases, merge keys and tags (what a file says would stand somewhere else),
numbers that the two versions of YAML read differently, days that don't exist, and files too large or too deep to be written
by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    NodeEvent,
    ScalarEvent,
)
from ruamel.yaml.reader import ReaderError

MAX_BYTES = 1_000_000
"""A policy or data map is a few kB; a file of 1 MB is something else that took its name."""
MAX_DEPTH = 20
_LIMIT = "a document written by hand, below 1 MB"
_PLAIN = "plain keys and values, each written out where it belongs"
_AMBIGUOUS = re.compile(r"[-+]?0[0-9_]+|[-+]?0[xob][0-9a-fA-F_]+|[-+]?[0-9][0-9_]*_[0-9_]*")
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9].*)?")
_KEY = re.compile(r'found duplicate key "(.*?)" with value')


class Fault(NamedTuple):
    """What is wrong with a text, at which line (from 1)."""

    line: int
    code: str
    found: str
    expected: str


@lru_cache(maxsize=64)
def parse_text(raw: bytes) -> tuple[CommentedMap, tuple[Fault, ...]]:
    """The one mapping that `raw` holds, and what is wrong with it; an empty mapping where it can't be read at all.

    Kept, because each step of a run reads the same few files: nobody may change the mapping.
    """
    if len(raw) > MAX_BYTES:
        return CommentedMap(), (Fault(1, "too_large", f"a file of {len(raw):,} bytes", _LIMIT),)
    try:
        # Some editors put a byte order mark first; it means nothing in UTF-8.
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as bad:
        line = raw[: bad.start].count(b"\n") + 1
        return CommentedMap(), (Fault(line, "bad_yaml", "bytes that are not UTF-8", "text saved as UTF-8"),)
    try:
        faults = tuple(_tricks(YAML(typ="rt", pure=True).parse(text)))
        data = None if faults else YAML(typ="rt").load(text)
    except (YAMLError, ValueError, RecursionError) as bad:
        return CommentedMap(), (_fault_of(bad, text),)
    if faults:
        return CommentedMap(), faults
    if not isinstance(data, CommentedMap) or not data:
        found = (
            "a list"
            if isinstance(data, CommentedSeq)
            else "an empty file"
            if not data
            else f"a single value, {data!r:.60}"
        )
        return CommentedMap(), (Fault(1, "empty_document", found, "keys with their values (`key: value`)"),)
    return data, tuple(_gaps(data))


def _tricks(events: Iterator[Event]) -> Iterator[Fault]:
    """Everything that makes a text mean more, or something else, than what stands there. Ends at what is too deep to read on."""
    documents = depth = 0
    for event in events:
        line = event.start_mark.line + 1
        if isinstance(event, DocumentStartEvent):
            documents += 1
            if documents > 1:
                yield Fault(line, "bad_yaml", "a second document (`---`)", "one document per file")
            if event.version not in (None, (1, 2)):
                yield Fault(line, "bad_yaml", "a %YAML directive for another version", "YAML 1.2, without a directive")
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > MAX_DEPTH:
            yield Fault(
                line, "bad_yaml", f"more than {MAX_DEPTH} levels inside each other", "a document written by hand"
            )
            return
        if isinstance(event, AliasEvent):
            yield Fault(line, "bad_yaml", f"an alias, *{event.anchor}", _PLAIN)
        elif isinstance(event, NodeEvent):
            yield from _node_tricks(event, line)


def _node_tricks(event: Any, line: int) -> Iterator[Fault]:
    if event.anchor is not None:
        yield Fault(line, "bad_yaml", f"an anchor, &{event.anchor}", _PLAIN)
    if event.tag is not None:
        yield Fault(line, "bad_yaml", f"a tag, {event.tag}", _PLAIN)
    if not isinstance(event, ScalarEvent) or event.style is not None:
        return
    value = str(event.value)
    if value in ("<<", "="):
        yield Fault(line, "bad_yaml", f"a merge key, {value!r}", _PLAIN)
    if _AMBIGUOUS.fullmatch(value):
        expected = "a decimal number without leading zeros, prefix or underscores (a text stands in quotes)"
        yield Fault(line, "bad_value", f"{value}, which programs read as different numbers", expected)
    day = _DAY.fullmatch(value)
    if day is not None:
        yield from _day_fault(day.group(1), value, line)


def _day_fault(day: str, value: str, line: int) -> Iterator[Fault]:
    expected = "a calendar day, such as 2025-08-03"
    try:
        date.fromisoformat(day)
    except ValueError:
        yield Fault(line, "bad_value", f"{value}, a day that does not exist", expected)
    else:
        if value != day:
            yield Fault(line, "bad_value", f"{value}, with a time of day", expected)


def _fault_of(bad: Exception, text: str) -> Fault:
    """What the YAML reader couldn't read, in words that don't need its documentation."""
    if isinstance(bad, DuplicateKeyError):
        key = _KEY.search(str(bad.problem))
        found = f"the key {key.group(1)!r} a second time" if key else "a key that stands twice"
        return Fault(_line(bad), "duplicate_key", found, "each key once")
    if isinstance(bad, ReaderError):
        line = text[: bad.position].count("\n") + 1
        return Fault(line, "bad_yaml", f"the control character U+{ord(text[bad.position]):04X}", "readable text")
    if isinstance(bad, MarkedYAMLError):
        problem = str(bad.problem or bad.context or "unreadable").removeprefix("found ")
        if "'\\t'" in problem:
            return Fault(_line(bad), "bad_yaml", "a tab", "spaces (a tab may stand in quotes alone)")
        return Fault(_line(bad), "bad_yaml", f"text that is not YAML ({problem})", "`key: value` lines, indented alike")
    return Fault(1, "bad_yaml", "text that can't be read as YAML", "`key: value` lines, indented alike")


def _line(bad: MarkedYAMLError) -> int:
    mark = bad.problem_mark or bad.context_mark
    return mark.line + 1 if mark is not None else 1


def _gaps(node: Any) -> Iterator[Fault]:
    """Keys without a value, and keys that are no text. A blank must not pass for "no limit", "no minimum", "everywhere"."""
    if isinstance(node, CommentedMap):
        for key, value in node.items():
            line = node.lc.key(key)[0] + 1
            if not isinstance(key, str):
                yield Fault(line, "unknown_key", f"the key {key!r:.60}", "a name (a text)")
            elif value is None:
                yield Fault(line, "empty_value", f"no value after {key!r}", "a value, or no such key")
            yield from _gaps(value)
    elif isinstance(node, CommentedSeq):
        for position, value in enumerate(node):
            if value is None:
                yield Fault(
                    node.lc.item(position)[0] + 1, "empty_value", "an empty entry (`-`)", "a value, or no such entry"
                )
            yield from _gaps(value)
