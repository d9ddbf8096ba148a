"""Which legal holds cover an item by tenant, person or item. Whether they hold is judged later, in judge.sql.

Written apart from disposal's own rules. A hold's scope is the conjunction of its filled columns; where the item lacks what
the scope asks for, it may be meant, and counts as covered.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence, Set
from datetime import datetime
from pathlib import PurePosixPath
from posixpath import relpath
from typing import NamedTuple
from uuid import UUID

import psycopg

from retention.database import OwnConnection
from retention.datamap.loader import MappedFiles, MappedPlace
from retention.errors import HoldsUnreadable


class HoldScope(NamedTuple):
    """Whom one hold is about. The period of the recording (`started_from`, `started_before`) is compared in SQL.

    `until` is its end, planned or early; `approval` is `approved` by a second person, `unapproved` or `self_approved`.
    """

    hold_id: UUID
    category: str | None
    tenant_id: str | None
    person_id: str | None
    place: str | None
    item_id: str | None
    until: datetime
    approval: str


def read_hold_scopes(own: OwnConnection) -> list[HoldScope]:
    """All holds there ever were; raises HoldsUnreadable where they can't be read."""
    try:
        rows = own.execute(
            "SELECT hold_id, category, tenant_id, person_id, place, item_id, approved_by, requested_by, "
            "greatest(least(coalesce(CASE WHEN ends_at < '9000-01-01 00:00:00+00' THEN ends_at END, review_at), ended_at, "
            "'9000-01-01 00:00:00+00'), '0001-01-02 00:00:00+00') AS until FROM retention.holds"
        ).fetchall()
    except psycopg.Error as error:
        raise HoldsUnreadable(
            f"retention.holds could not be read ({error.sqlstate}); expected SELECT for the verifying role. Without the holds "
            "nothing can be said about what may still be there."
        ) from None
    scope = [name for name in HoldScope._fields if name != "approval"]
    return [
        HoldScope._make([*(row[name] for name in scope), approval(row["approved_by"], row["requested_by"])])
        for row in rows
    ]


def approval(approved_by: str | None, requested_by: str) -> str:
    """Whether somebody else than the requester approved. Case, spaces, invisible characters and the encoding of letters make
    no second person of the first."""
    approver, requester = _plain(approved_by or ""), _plain(requested_by)
    if not approver:
        return "unapproved"
    return "approved" if approver != requester else "self_approved"


def _plain(name: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    visible = "".join(
        letter for letter in folded if unicodedata.category(letter) not in {"Cf", "Cc"} or letter.isspace()
    )
    return " ".join(visible.split())


def holds_on_nothing(scopes: Iterable[HoldScope], known: Set[tuple[str, str]], now: datetime) -> dict[str, int]:
    """How many holds that hold, or may come to, name what the map (`known`: its places with their categories) doesn't have.

    Counted by what is unknown: the place, or the category.
    """
    lost: Counter[str] = Counter()
    for scope in scopes:
        fits = any(scope.place in (None, place) and scope.category in (None, name) for place, name in known)
        if now < scope.until and not fits:
            is_placed = scope.place is None or scope.place in {place for place, _ in known}
            lost["unknown_category" if is_placed else "unknown_place"] += 1
    return dict(lost)


def items_named_by(scopes: Iterable[HoldScope], places: Sequence[MappedPlace]) -> set[str]:
    """Ids of items that holds of these places name. A key, which begins with one of its place's prefixes, is none: it finds its
    object without a row."""
    return {
        scope.item_id
        for place in places
        for scope in scopes
        if scope.item_id is not None and _names_row_of(scope, place)
    }


def follow(scopes: Iterable[HoldScope], place: MappedPlace, kin: Sequence[MappedPlace]) -> list[HoldScope]:
    """The holds as they apply to `place`: those on items whose rows stand in the same table name it, and its category."""
    return [
        scope._replace(place=place.name, category=scope.category and place.spec.category)
        if any(_names_row_of(scope, one) for one in kin)
        else scope
        for scope in scopes
    ]


def follow_files(scopes: Iterable[HoldScope], place: MappedFiles, files: Iterable[MappedFiles]) -> list[HoldScope]:
    """The holds as they apply to a place of files: those on files of places above or below its folder name it, too, with the path
    as it is reached from there: rotation may move a file from one of `files` to another."""
    here = PurePosixPath(place.spec.folder)
    folders = {
        one.name: PurePosixPath(one.spec.folder)
        for one in files
        if one.name != place.name and one.store.verification == place.store.verification
    }
    kin = {name: there for name, there in folders.items() if there in (here, *here.parents) or here in there.parents}
    return [
        scope._replace(
            place=place.name,
            category=scope.category and place.spec.category,
            item_id=relpath(PurePosixPath("/", kin[scope.place], scope.item_id), PurePosixPath("/", here)),
        )
        if scope.item_id is not None and scope.place in kin
        else scope
        for scope in scopes
    ]


def _names_row_of(scope: HoldScope, place: MappedPlace) -> bool:
    return scope.place == place.name and scope.item_id is not None and not scope.item_id.startswith(place.spec.prefixes)


class Covered(NamedTuple):
    """Holds that cover an item. `surely`: those that mean it beyond doubt; the others may, as it lacks what they ask."""

    all: list[UUID]
    surely: list[UUID]


class HoldIndex:
    """Finds an item's holds without walking through all of them."""

    def __init__(self, scopes: Iterable[HoldScope], category: str) -> None:
        self._of_items: dict[tuple[str | None, str], list[HoldScope]] = defaultdict(list)
        self._of_persons: dict[str, list[HoldScope]] = defaultdict(list)
        self._general: list[HoldScope] = []
        for scope in scopes:
            if scope.category is not None and scope.category != category:
                continue
            if scope.item_id is not None:
                self._of_items[scope.place, scope.item_id].append(scope)
            elif scope.person_id is not None:
                self._of_persons[scope.person_id].append(scope)
            else:
                self._general.append(scope)
        self._lost: list[HoldScope] = []
        self._of_tenants: dict[tuple[str, str | None, bool, bool], list[HoldScope]] = {}

    def lose(self, item_ids: Iterable[str]) -> None:
        """These named items have no row (any more): which object was theirs nobody can tell, so any without a row may be."""
        missing = set(item_ids)
        named = (scope for (_, item), scopes in self._of_items.items() if item in missing for scope in scopes)
        self._lost = [scope for scope in named if scope.approval == "approved"]
        self._of_tenants.clear()

    @property
    def lost(self) -> set[UUID]:
        """The holds on items that have no row (any more)."""
        return {scope.hold_id for scope in self._lost}

    def covering(
        self,
        place: str,
        names: Sequence[str],
        tenant_id: str | None,
        person_id: str | None,
        *,
        person_known: bool,
        has_row: bool = True,
        once_named: Sequence[str] = (),
    ) -> Covered:
        """The holds that cover the item. `names` are its id and its key: a hold may name either. It may have had the names
        `once_named`: a hold on one of those may mean it.

        `person_known` False means that nobody can tell whose item it is (no row, or one without its call): any person's hold may
        then mean it. A row that knows of nobody is covered by no person's hold. Without a row it may be any item that lost
        its own.
        """
        holds = list(self._of_tenant(place, tenant_id, person_known, has_row))
        named = [scope for name in (*names, *once_named) for scope in self._of_items.get((place, name), ())]
        if person_known and person_id is not None:
            named += self._of_persons.get(person_id, ())
        for scope in named:
            person_fits = scope.person_id is None or not person_known or scope.person_id == person_id
            if person_fits and _fits(scope, place, tenant_id):
                holds.append(scope)
        covering = list(dict.fromkeys(holds))
        sure = [
            scope.hold_id
            for scope in covering
            if scope.tenant_id in (None, tenant_id)
            and (scope.person_id is None or (person_known and scope.person_id == person_id))
            and (scope.item_id is None or scope.item_id in names)
        ]
        return Covered([scope.hold_id for scope in covering], sure)

    def _of_tenant(self, place: str, tenant_id: str | None, person_known: bool, has_row: bool) -> list[HoldScope]:
        found = self._of_tenants.get((place, tenant_id, person_known, has_row))
        if found is None:
            scopes = list(self._general)
            if not person_known:
                # What nobody approved holds nothing, and is no news of an object that it only may mean.
                persons = (scope for scopes_of_one in self._of_persons.values() for scope in scopes_of_one)
                scopes += [scope for scope in persons if scope.approval == "approved"]
            scopes += self._lost if not has_row else []
            found = [scope for scope in scopes if _fits(scope, place, tenant_id)]
            self._of_tenants[place, tenant_id, person_known, has_row] = found
        return found


def _fits(scope: HoldScope, place: str, tenant_id: str | None) -> bool:
    if scope.place is not None and scope.place != place:
        return False
    return scope.tenant_id is None or tenant_id is None or scope.tenant_id == tenant_id
