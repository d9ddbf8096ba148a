"""Verification, weakened on purpose: with it the mutants survive, so that the test which says that they are caught can fail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import pytest
from tests.mutants.company import POLICIES

from retention.verification.kinds import Kind

verify = import_module("retention.verification.verify")
"""The module; the package has a function of that name."""

_PERIOD = re.compile(r"(limit|allowed_latency): PT?[0-9]+[DH]")
_BLIND_TO = (
    "half_anonymised",
    "orphan_dependent",
    "withdrawn_unlisted",
    "deleted_unlisted",
    "protected_missing",
    "protected_shrunk",
)


def weak_policies(folder: Path) -> Path:
    """Promises of years instead of days."""
    folder.mkdir()
    promises = (POLICIES / "promises.yaml").read_text(encoding="utf-8")
    (folder / "promises.yaml").write_text(_PERIOD.sub(r"\1: P9000D", promises), encoding="utf-8")
    return folder


@contextmanager
def weakened() -> Iterator[None]:
    """A verification whose definitions of these kinds find nothing, and that reads no record of what went."""
    definition = Kind.definition.fget
    assert definition is not None

    def blind(kind: Kind) -> str:
        query: str = definition(kind)
        return f"SELECT * FROM ({query}) AS found WHERE FALSE" if kind.name in _BLIND_TO else query

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Kind, "definition", property(blind))
        patch.setattr(verify, "gone_under_holds", lambda *_: (0, {}))
        yield
