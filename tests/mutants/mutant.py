"""What a mutant is, and the two ways to put a fault into SQL that is written at run time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from psycopg import sql
from tests.mutants.observe import Apply

from retention.disposal import reading
from retention.disposal.selection import Selection


@dataclass(frozen=True)
class Mutant:
    """`fault` says what is wrong, as a sentence; `kinds` are the findings that have to catch it; `apply` puts it in."""

    name: str
    area: str
    scene: str
    fault: str
    kinds: frozenset[str]
    apply: Apply


MUTANTS: dict[str, Mutant] = {}


def mutant(area: str, scene: str, *kinds: str) -> Callable[[Apply], Apply]:
    """Enter a function into the table: its name is the mutant's, its docstring the fault."""

    def enter(apply: Apply) -> Apply:
        fault = " ".join((apply.__doc__ or "").split())
        assert fault and apply.__name__ not in MUTANTS
        MUTANTS[apply.__name__] = Mutant(apply.__name__, area, scene, fault, frozenset(kinds), apply)
        return apply

    return enter


def rewrite_selection(patch: pytest.MonkeyPatch, *changes: tuple[str, str]) -> None:
    """Change the text of the SQL that decides. Each text has to be in it, so that no mutant becomes a harmless one."""
    compiled = reading.compile_selection

    def compile_wrongly(*args: Any, **named: Any) -> Selection:
        selection = compiled(*args, **named)
        text = selection.decided.as_string()
        for right, wrong in changes:
            assert right in text
            text = text.replace(right, wrong)
        return replace(selection, decided=sql.Composed([sql.SQL(text)]))

    patch.setattr(reading, "compile_selection", compile_wrongly)


def wrap(patch: pytest.MonkeyPatch, owner: Any, name: str, around: Callable[..., Any]) -> None:
    """Replace a function by `around`, which gets the right one first."""
    right = getattr(owner, name)
    patch.setattr(owner, name, lambda *args, **named: around(right, *args, **named))
