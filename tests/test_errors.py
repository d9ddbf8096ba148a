"""The tree that errors.py draws is the tree that there is, everywhere in the product."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator

from retention import errors
from retention.settings import INCLUDE

Node = tuple[str, str | None, int | None]
"""A class, its parent in the tree, and the exit code where it is not the parent's."""


def drawn() -> Iterator[Node]:
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.fullmatch(r"([│├└─ ]*)([A-Z][A-Za-z]+)(?: +([0-9]))?(?: {2,}.*)?", line)
        if found is None:
            continue
        depth = len(found[1]) // 4
        above[depth:] = [found[2]]
        yield found[2], above[depth - 1] if depth else None, int(found[3]) if found[3] else None


def existing() -> Iterator[Node]:
    """Classes are found by their text and imported one by one: nothing else of the product has to be."""
    bases = {"RetentionError"}
    modules = {
        path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted((INCLUDE / "retention").rglob("*.py"))
    }
    found: dict[str, type[errors.RetentionError]] = {"RetentionError": errors.RetentionError}
    while True:
        before = len(found)
        for path, tree in modules.items():
            for node in tree.body:
                if isinstance(node, ast.ClassDef) and bases & {ast.unparse(base) for base in node.bases}:
                    name = ".".join(path.relative_to(INCLUDE).with_suffix("").parts)
                    found[node.name] = getattr(importlib.import_module(name), node.name)
                    bases.add(node.name)
        if len(found) == before:
            break
    for name, one in found.items():
        parent = next((above for above in one.__mro__[1:] if above.__name__ in found), None)
        root = parent is None or parent is errors.RetentionError
        code = (
            one.exit_code
            if parent is not None and (root or one.exit_code != found[parent.__name__].exit_code)
            else None
        )
        yield name, parent.__name__ if parent is not None else None, code


def test_the_drawn_tree_is_whole() -> None:
    assert sorted(drawn(), key=str) == sorted(existing(), key=str)
