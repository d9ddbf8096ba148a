"""What belongs to the rows of a table."""

from __future__ import annotations

from retention.datamap.model import Dependent, TablePlace


def all_dependents(spec: TablePlace) -> list[Dependent]:
    """Everything that belongs to the place's rows, each before what it belongs to."""
    return [one for dependent in spec.dependents for one in _with_its_own(dependent)]


def _with_its_own(dependent: Dependent) -> list[Dependent]:
    return [*(one for inner in dependent.dependents for one in _with_its_own(inner)), dependent]
