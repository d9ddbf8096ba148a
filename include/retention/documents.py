"""YAML documents that people write: strict reading, with the line of every key for error messages."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from retention.errors import Problem, ProblemsError
from retention.strict import REFUSED, shown
from retention.yaml_text import MAX_BYTES, parse_text

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
            details = [detail for detail in invalid.errors() if not _is_echo(detail)]
            raise error([self._problem_of(detail, model) for detail in details]) from None

    def _problem_of(self, detail: Any, model: type[BaseModel]) -> Problem:
        path, context = self._without_kinds(detail["loc"]), detail.get("ctx", {})
        if detail["type"] == "missing":
            return self.problem(path[:-1], "missing_key", f"no key {path[-1]!r}", f"a value for {path[-1]!r}")
        if detail["type"] == "extra_forbidden":
            expected = f"one of: {', '.join(self._keys_at(model, path[:-1]))}"
            return self.problem(path, "unknown_key", f"unknown key {path[-1]!r}", expected)
        if detail["type"] == "union_tag_not_found":
            return self.problem(path, "missing_key", "no key 'kind'", "a value for 'kind'")
        if detail["type"] == "union_tag_invalid":
            path += ("kind",)
            return self.problem(path, "bad_value", _at(path, repr(context["tag"])), _choice(context["expected_tags"]))
        if detail["type"] == REFUSED:
            path += tuple(context["path"])
            return self.problem(path, "bad_value", _at(path, context["found"]), context["expected"])
        say = _EXPECTED.get(detail["type"])
        expected = say(context) if say is not None else str(detail["msg"])
        return self.problem(path, "bad_value", _at(path, shown(detail["input"])), expected)

    def _without_kinds(self, path: Sequence[Any]) -> tuple[Any, ...]:
        """The path as the file has it: where a key `kind` decides what the others are, pydantic names it first.

        A place of kind `table` has a key `table`, too: the first of two is the kind.
        """
        node: Any = self.data
        steps = []
        named = False
        for step in path:
            if isinstance(node, CommentedMap) and step == node.get("kind") and not named:
                named = True
                continue
            steps.append(step)
            named = False
            node = node[step] if isinstance(node, (CommentedMap, CommentedSeq)) and _has(node, step) else None
        return tuple(steps)

    def _keys_at(self, model: type[BaseModel], path: Sequence[Any]) -> list[str]:
        """The keys that the document may have at `path`."""
        models: list[type[BaseModel]] = [model]
        node: Any = self.data
        for step in path:
            node = node[step]
            fields = models[0].model_fields if len(models) == 1 else {}
            if step in fields:
                models = list(_models_in(fields[step].annotation))
            if len(models) > 1 and isinstance(node, CommentedMap):
                models = [one for one in models if _is_of_kind(one, node.get("kind"))] or models
        return list(models[0].model_fields) if len(models) == 1 else []


def _has(node: CommentedMap | CommentedSeq, step: Any) -> bool:
    return step in node if isinstance(node, CommentedMap) else isinstance(step, int) and step < len(node)


def _is_of_kind(model: type[BaseModel], kind: object) -> bool:
    field = model.model_fields.get("kind")
    return field is not None and kind in get_args(field.annotation)


def read_document(path: Path, error: type[ProblemsError]) -> Document:
    """Read one YAML mapping. Raises `error` for a file that is missing, empty, too large, not plain YAML or says a key twice."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as problem:
        found = "no such file" if isinstance(problem, FileNotFoundError) else problem.strerror or "an unreadable file"
        raise error([Problem(str(path), 1, "unreadable", found, "a readable file")]) from None
    data, faults = parse_text(raw)
    if faults:
        raise error([Problem(str(path), *fault) for fault in faults])
    return Document(path, data, raw)


def read_folder(
    folder: Path, error: type[ProblemsError], *, without: Sequence[str] = ()
) -> tuple[list[Document], list[Problem]]:
    """Read every YAML file of a folder but those named `without`: the documents, and the problems of those that can't be read.

    A file that looks like YAML and has another ending is a problem, too: it would be left out without a word.
    """
    documents: list[Document] = []
    problems: list[Problem] = []
    for path in sorted(folder.iterdir() if folder.is_dir() else ()):
        if path.suffix.lower() in (".yaml", ".yml") and path.suffix != ".yaml":
            problems.append(
                Problem(str(path), 1, "wrong_ending", f"a file ending in {path.suffix!r}", "the ending '.yaml'")
            )
        elif path.suffix == ".yaml" and path.name not in without:
            try:
                documents.append(read_document(path, error))
            except ProblemsError as unreadable:
                problems += unreadable.problems
    return documents, problems


def _is_echo(detail: Any) -> bool:
    """A list whose entries were all refused counts as empty for pydantic; the entries' own errors say more."""
    return bool(detail["type"] == "too_short" and detail["input"])


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models in an annotation such as `tuple[StartPoint, ...]`, `dict[str, Promise]` or `Consents | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


def _at(path: Sequence[Any], found: str) -> str:
    """What was found, with the key that it belongs to."""
    names = [step for step in path if isinstance(step, str)]
    if not names or names[-1] == "[key]":
        return f"the name {found}" if names else found
    entry = f"[{path[-1] + 1}]" if isinstance(path[-1], int) else ""
    return f"{names[-1]}{entry}: {found}"


_PATTERNS = {
    r"^[a-z][a-z0-9_]{0,39}$": "a name of lower-case letters, digits and underscores, at most 40 characters",
    r"^[a-z][a-z0-9_]*$": "a name of lower-case letters, digits and underscores",
    r"^[a-z_][a-z0-9_]*$": "a name of lower-case letters, digits and underscores",
    r"^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$": "a schema and a table, such as public.recordings",
    r"^[^.]+\..+$": "a schema and a table, such as public.recordings",
}


def _choice(expected: str) -> str:
    """The values that pydantic lists as `'a', 'b' or <Kind.C: 'c'>`."""
    return "one of: " + ", ".join(re.findall(r"'([^']*)'", expected))


_EXPECTED: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "string_type": lambda _: "a text (in quotes, if it looks like a number or a day)",
    "string_too_short": lambda _: "a text that is not empty",
    "string_pattern_mismatch": lambda context: _PATTERNS.get(context["pattern"], f"a text like {context['pattern']}"),
    "int_type": lambda _: "a whole number",
    "float_type": lambda _: "a number, such as 0.9",
    "bool_type": lambda _: "true or false",
    "tuple_type": lambda _: "a list (`- …` or `[…]`)",
    "too_short": lambda _: "at least one entry",
    "dict_type": lambda _: "keys with their values (`key: value`)",
    "model_type": lambda _: "keys with their values (`key: value`)",
    "path_type": lambda _: "the path of a file",
    "greater_than_equal": lambda context: f"{context['ge']:g} or more",
    "less_than_equal": lambda context: f"{context['le']:g} or less",
    "literal_error": lambda context: _choice(context["expected"]),
    "enum": lambda context: _choice(context["expected"]),
}


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
