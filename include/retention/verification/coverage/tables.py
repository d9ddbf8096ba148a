"""One database, held against what the map says of it."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import psycopg

from retention.verification.coverage.airflow_tables import airflows_own
from retention.verification.coverage.catalog import (
    LARGE_OBJECTS,
    Column,
    Relation,
    ancestors,
    parts_of,
    read_columns,
    read_relations,
)
from retention.verification.coverage.claims import Claims
from retention.verification.coverage.hidden import hidden_by_right, hidden_from_sample
from retention.verification.coverage.names import looks_identifying
from retention.verification.coverage.patterns import IDENTIFYING
from retention.verification.coverage.sampling import Sampled, sample

NAME = "name"
"""Why a column looks personal, beside the kinds of patterns."""
SEEN_BEFORE = "seen before"


class PersonalColumn(NamedTuple):
    """A column that looks personal and is not declared; `why` is `name`, or the kinds of what was found in it."""

    table: str
    column: str
    why: tuple[str, ...]


@dataclass(slots=True)
class CoveredDatabase:
    """What one database holds beside the map. Tables are named by schema and table.

    `hidden` says by table why the check can't look into it. `unnamed` are columns with addresses or numbers of people, by the
    place whose `identifiers` don't name them. `named_in_vain`: by place, tables and columns that it names and that aren't there;
    `declared_in_vain`: the same by the table that is declared. `named` counts by place the names that were looked up. `looked_at`
    counts tables, columns searched, and of these the ones sampled and not sampled (not readable, or no answer in time).
    """

    unmapped: dict[str, str] = field(default_factory=dict)
    personal: list[PersonalColumn] = field(default_factory=list)
    hidden: dict[str, set[str]] = field(default_factory=dict)
    unnamed: dict[str, list[PersonalColumn]] = field(default_factory=dict)
    named_in_vain: dict[str, set[str]] = field(default_factory=dict)
    declared_in_vain: dict[str, set[str]] = field(default_factory=dict)
    looked_at: Counter[str] = field(default_factory=Counter)
    named: Counter[str] = field(default_factory=Counter)

    def hide(self, relation: Relation, why: Iterable[str]) -> None:
        """Note why it can't be looked into, if anything is said."""
        if reasons := set(why):
            self.hidden.setdefault(relation.name, set()).update(reasons)

    def add_view(self, other: CoveredDatabase) -> None:
        """Add what another login sees of the same database: what one may not read, the other may."""
        self.personal += [one for one in other.personal if one not in self.personal]
        self.hidden = {table: why for table, why in self.hidden.items() if table in other.hidden}
        for place, columns in other.unnamed.items():
            known = self.unnamed.setdefault(place, [])
            known += [one for one in columns if one not in known]


def cover_database(
    session: psycopg.Connection[Any],
    claims: Claims,
    *,
    seen_before: Collection[tuple[str, str]] = (),
    budget_s: float = 300,
) -> CoveredDatabase:
    """Compare; sampling ends after `budget_s` seconds, and what was not reached counts as not sampled.

    `seen_before` are columns (table, column) in which an earlier check found personal data: a sample that misses it today is no
    proof. Raises psycopg.Error where the catalog can't be read, or the session is lost.
    """
    relations = {relation.oid: relation for relation in read_relations(session)}
    columns = read_columns(session, list(relations.values()))
    standing = _Standing(relations, columns, claims)
    result = CoveredDatabase()
    result.looked_at["tables"] = len(relations)
    result.unmapped = {one.name: one.words for one in relations.values() if standing.of(one) is None}
    searched = [one for one in relations.values() if standing.stays(one)]
    parts, ends_at = parts_of(relations), time.monotonic() + budget_s
    # In another order each day, so that none always comes last when time is up.
    for relation in random.sample(searched, len(searched)):
        wanted = standing.to_search(relation, columns)
        undeclared = [column for column in wanted if column.name not in standing.declared_columns(relation)]
        result.hide(relation, hidden_by_right(relation, undeclared))
        sampled = Sampled()
        if time.monotonic() < ends_at:
            sampled = sample(session, relation, wanted, parts[relation.oid])
            result.hide(relation, hidden_from_sample(relation, undeclared, sampled))
        result.personal += _personal(relation, wanted, sampled, standing.declared_columns(relation), seen_before)
        _count(result.looked_at, wanted, sampled)
    for relation in relations.values():
        read = standing.named_by_places(relation)
        result.hide(relation, hidden_by_right(relation, [one for one in columns[relation.oid] if one.name in read]))
        if relation.name in claims.identified:
            place, named = claims.identified[relation.name]
            declared = standing.declared_columns(relation)
            others = [column for column in columns[relation.oid] if column.name not in named | declared]
            sampled = sample(session, relation, others, parts[relation.oid])
            result.looked_at["columns_of_persons"] += len(others)
            result.unnamed.setdefault(place, []).extend(_identifying(relation, others, sampled))
    _compare_names(claims, relations, columns, result)
    return result


class _Standing:
    """How each relation stands with the map; partitions and children as what they belong to."""

    def __init__(self, relations: Mapping[int, Relation], columns: Mapping[int, list[Column]], claims: Claims) -> None:
        self._by_oid = dict(relations)
        self._columns = {relation.name: {column.name for column in columns[oid]} for oid, relation in relations.items()}
        self._claims = claims
        names = [relation.name for relation in relations.values()]
        self._airflows = airflows_own(names) if claims.has_airflow else set()

    def _lineage(self, relation: Relation) -> Iterator[Relation]:
        yield relation
        yield from ancestors(relation, self._by_oid)

    def of(self, relation: Relation) -> str | None:
        """`mapped`, `declared`, or None."""
        for one in self._lineage(relation):
            if self._claims.is_mapped(one.name) or one.name in self._airflows:
                return "mapped"
            if one.name in self._claims.declared:
                return "declared"
            if self._was_a_partition(one):
                return "mapped"
        return None

    def _was_a_partition(self, relation: Relation) -> bool:
        """Whether it was left beside a mapped partitioned table: the check of that place finds and dates it, by the same signs,
        unless the map names it by itself."""
        if relation.relkind != "r" or relation.parents:
            return False
        return any(
            relation.name.startswith(f"{table}_") and self._columns[relation.name] == self._columns.get(table)
            for table in self._claims.partitioned
        )

    def stays(self, relation: Relation) -> bool:
        """Whether rows of it stay by the map's word: declared as a whole, or anonymised in part. Of the rest, all goes or is
        reported."""
        kept = any(one.name in self._claims.kept for one in self._lineage(relation))
        return (kept or self.of(relation) == "declared") and relation.name != LARGE_OBJECTS

    def to_search(self, relation: Relation, columns: Mapping[int, list[Column]]) -> list[Column]:
        """Its columns that stay and that nothing it belongs to has: those are searched there, with all partitions."""
        goes = set[str]().union(*(self._claims.kept.get(one.name, set()) for one in self._lineage(relation)))
        above = {
            column.name
            for parent in ancestors(relation, self._by_oid)
            if self.stays(parent)
            for column in columns[parent.oid]
        }
        return [column for column in columns[relation.oid] if column.name not in goes | above]

    def named_by_places(self, relation: Relation) -> set[str]:
        """Columns of it that places name and their checks read: of a log's partitions those of the log, for each is read by
        itself. Other partitions and children are read with what they belong to."""
        read = [relation.name, *(one.name for one in self._lineage(relation) if one.name in self._claims.partitioned)]
        return set[str]().union(*(names for table in read for names in self._claims.places.get(table, {}).values()))

    def declared_columns(self, relation: Relation) -> set[str]:
        """Columns of it that somebody declared free of personal data."""
        declared = self._claims.declared_columns
        return set[str]().union(*(declared.get(one.name, set()) for one in self._lineage(relation)))


def _personal(
    relation: Relation,
    columns: list[Column],
    sampled: Sampled,
    declared: set[str],
    seen_before: Collection[tuple[str, str]],
) -> Iterator[PersonalColumn]:
    for column in columns:
        if column.name in declared:
            continue
        why = ((NAME,) if column.named_personal else ()) + tuple(sampled.found.get(column.name, ()))
        if not sampled.found.get(column.name) and (relation.name, column.name) in seen_before:
            why += (SEEN_BEFORE,)
        if why:
            yield PersonalColumn(relation.name, column.name, why)


def _identifying(relation: Relation, columns: list[Column], sampled: Sampled) -> Iterator[PersonalColumn]:
    """Columns with addresses or numbers by which a person is known, by their names or what they hold."""
    for column in columns:
        by_name = (NAME,) if column.kind == "text" and looks_identifying(column.name) else ()
        why = by_name + tuple(kind for kind in sampled.found.get(column.name, ()) if kind in IDENTIFYING)
        if why:
            yield PersonalColumn(relation.name, column.name, why)


def _count(looked_at: Counter[str], columns: list[Column], sampled: Sampled) -> None:
    to_sample = [column for column in columns if column.kind in ("text", "opaque")]
    looked_at["columns"] += len(columns)
    looked_at["columns_sampled"] += len(sampled.looked_into)
    looked_at["columns_not_sampled"] += len(to_sample) - len(sampled.looked_into)
    looked_at["rows_sampled"] += sampled.rows


def _compare_names(
    claims: Claims, relations: Mapping[int, Relation], columns: Mapping[int, list[Column]], result: CoveredDatabase
) -> None:
    """What the map names and the database doesn't have."""
    there = {relation.name: {column.name for column in columns[oid]} for oid, relation in relations.items()}
    for table, places in claims.places.items():
        for place, named in places.items():
            result.named[place] += 1 + len(named)
            if missing := _missing(there, table, named):
                result.named_in_vain.setdefault(place, set()).update(missing)
    for table in claims.declared | claims.declared_columns.keys():
        named = claims.declared_columns.get(table, set())
        result.looked_at["declared_names"] += 1 + len(named)
        if missing := _missing(there, table, named):
            result.declared_in_vain[table] = missing


def _missing(there: Mapping[str, set[str]], table: str, columns: set[str]) -> set[str]:
    if table not in there:
        return {f"{table}: no table"}
    return {f"{table}.{column}: no column" for column in columns - there[table]}
