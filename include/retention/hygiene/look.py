"""One look at everything that is kept of the last runs: our own database, the orchestrator's, and its task logs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import psycopg

from retention.connections import Resolver, path_of, postgres_conninfo
from retention.datamap.loader import DataMap, MappedAirflow, MappedFiles
from retention.errors import RetentionError
from retention.hygiene.files import spots_of_files
from retention.hygiene.known import KnownValues
from retention.hygiene.patterns import kinds_in
from retention.hygiene.spots import Spot
from retention.hygiene.tables import airflow_spots, own_spots
from retention.settings import OWN_CONNECTION

OWN, ORCHESTRATOR, TASK_LOGS = "own_database", "orchestrator", "task_logs"
"""Our own database; and what is missing in the map, where it doesn't say where Airflow keeps its records and its logs."""
KNOWN = "known value"


@dataclass(slots=True)
class Hygiene:
    """What a look found: how many texts, by place, column and kind. `failed`: what could not be looked at, and why."""

    looked_at: Counter[str] = field(default_factory=Counter)
    found: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    failed: dict[str, str] = field(default_factory=dict)
    known_values: int = 0

    @property
    def verdict(self) -> str:
        """`found`; else `unknown` where something could not be looked at; else `clean`."""
        return "found" if self.found else "unknown" if self.failed else "clean"

    def to_json(self) -> dict[str, Any]:
        """Fields of the command line's JSON: where and how many, never a value."""
        found = [
            {"place": place, "column": column, "kind": kind, "count": count}
            for (place, column, kind), count in sorted(self.found.items())
        ]
        return {
            "verdict": self.verdict,
            "found": found,
            "looked_at": dict(sorted(self.looked_at.items())),
            "failed": [{"place": place, "reason": why} for place, why in sorted(self.failed.items())],
            "known_values": self.known_values,
        }

    def to_text(self) -> str:
        """The same in words."""
        texts = ", ".join(f"{count} texts in {place}" for place, count in sorted(self.looked_at.items())) or "nothing"
        lines = [f"identifiers: {self.verdict}", f"looked at: {texts}"]
        lines += [
            f"found: {count} × {kind} in {place}, {column}"
            for (place, column, kind), count in sorted(self.found.items())
        ]
        return "\n".join([*lines, *(f"not looked at: {place} ({why})" for place, why in sorted(self.failed.items()))])


def look(datamap: DataMap, resolve: Resolver, *, since: datetime, known: Iterable[str] = ()) -> Hygiene:
    """Look at what was written since then. `known` are values that name somebody, besides what looks like an address or number.

    What can't be read is part of the result; nothing is raised for it.
    """
    values = KnownValues(known)
    result = Hygiene(known_values=len(values))
    _look_at(result, values, OWN, lambda: own_spots(postgres_conninfo(resolve(OWN_CONNECTION)), since))
    databases = [place for place in datamap.places.values() if isinstance(place, MappedAirflow)]
    systems = {place.system for place in databases}
    logs = [place for place in datamap.places.values() if isinstance(place, MappedFiles) and place.system in systems]
    if not databases:
        result.failed[ORCHESTRATOR] = (
            "found no place of kind `airflow` in the data map; expected the database it writes to"
        )
    if not logs:
        result.failed[TASK_LOGS] = "found no files in the map of Airflow's system; expected the folder of its task logs"
    places: tuple[MappedAirflow | MappedFiles, ...] = (*databases, *logs)
    for place in places:
        _look_at(result, values, place.name, partial(_spots_of, place, resolve, since))
    return result


def _spots_of(place: MappedAirflow | MappedFiles, resolve: Resolver, since: datetime) -> Iterator[Spot]:
    if isinstance(place, MappedAirflow):
        return airflow_spots(postgres_conninfo(resolve(place.store.disposal)), since)
    return spots_of_files(path_of(resolve(place.store.verification)) / place.spec.folder, place.spec.patterns, since)


def _look_at(result: Hygiene, known: KnownValues, place: str, spots: Callable[[], Iterable[Spot]]) -> None:
    """Count what the texts hold. Errors keep their code alone: their words may hold a value."""
    try:
        for spot in spots():
            result.looked_at[place] += 1
            for kind in kinds_in(spot.text):
                result.found[place, spot.column, kind] += 1
            if not spot.may_name_ids and known.are_in(spot.text):
                result.found[place, spot.column, KNOWN] += 1
    except RetentionError as error:
        result.failed[place] = str(error)
    except psycopg.Error as error:
        result.failed[place] = f"database error {error.sqlstate or type(error).__name__}"
    except OSError as error:
        result.failed[place] = f"a file or folder: {error.strerror}"
