"""YAML documents that people write: strict reading, with the line of every key for error messages."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from retention.errors import Problem, ProblemsError

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML file: its data, its lines and its exact bytes."""

    path: Path
    data: CommentedMap
    raw: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the file's bytes, in hex."""
        return hashlib.sha256(self.raw).hexdigest()

    def problem(self, path: Sequence[Any], code: str, found: str, expected: str) -> Problem:
        """A Problem at the line where `path` (keys and positions) stands, or of its nearest parent that has one."""
        return Problem(str(self.path), self.line(path), code, found, expected)

    def line(self, path: Sequence[Any]) -> int:
        """Line (from 1) of the key or position at `path`."""
        node: Any = self.data
        line = 0
        for step in path:
            if isinstance(node, CommentedMap) and step in node:
                line = node.lc.key(step)[0]
            elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
                line = node.lc.item(step)[0]
            else:
                break
            node = node[step]
        return int(line) + 1

    def build(self, model: type[Model], error: type[ProblemsError]) -> Model:
        """Validate into `model`; raises `error` naming every key that is missing, unknown or wrong."""
        try:
            return model.model_validate(_plain(self.data))
        except ValidationError as invalid:
            raise error([self._from_pydantic(detail) for detail in invalid.errors()]) from None

    def _from_pydantic(self, detail: Any) -> Problem:
        path = detail["loc"]
        kind = detail["type"]
        if kind == "missing":
            return self.problem(path[:-1], "missing_key", f"no key {path[-1]!r}", f"a value for {path[-1]!r}")
        if kind == "extra_forbidden":
            return self.problem(
                path, "unknown_key", f"unknown key {path[-1]!r}", "only keys that the documentation lists"
            )
        message = str(detail["msg"]).removeprefix("Value error, ")
        found, separator, expected = message.partition("|")
        if not separator:
            found, expected = repr(detail["input"]), message
        where = ".".join(str(step) for step in path)
        return self.problem(path, "bad_value", f"{where}: {found}" if where else found, expected)


def read_document(path: Path, error: type[ProblemsError]) -> Document:
    """Read one YAML mapping. Raises `error` for a missing or empty file, bad YAML and duplicate keys."""
    try:
        raw = path.read_bytes()
    except OSError as problem:
        raise error([Problem(str(path), 1, "unreadable", problem.strerror or "an error", "a readable file")]) from None
    try:
        data = YAML(typ="rt").load(raw.decode("utf-8"))
    except DuplicateKeyError as duplicate:
        raise error([_at_mark(path, duplicate, "duplicate_key", "a key that stands twice", "each key once")]) from None
    except (YAMLError, UnicodeDecodeError) as bad:
        raise error([_at_mark(path, bad, "bad_yaml", "text that is not YAML", "valid YAML 1.2 in UTF-8")]) from None
    if not isinstance(data, CommentedMap) or not data:
        found = "an empty file" if not data else type(data).__name__
        raise error([Problem(str(path), 1, "empty_document", found, "a mapping of keys to values")])
    return Document(path, data, raw)


def _at_mark(path: Path, bad: Exception, code: str, found: str, expected: str) -> Problem:
    mark = bad.problem_mark if isinstance(bad, MarkedYAMLError) else None
    return Problem(str(path), mark.line + 1 if mark is not None else 1, code, found, expected)


def _plain(node: Any) -> Any:
    """Round-trip YAML nodes as plain Python values, so that pydantic sees nothing of the reader."""
    if isinstance(node, CommentedMap):
        return {key: _plain(value) for key, value in node.items()}
    if isinstance(node, CommentedSeq):
        return [_plain(value) for value in node]
    if isinstance(node, (bool, type(None))):
        return node
    for kind in (int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node
