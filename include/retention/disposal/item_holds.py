"""Holds on single items, which name the place their item was in: the item stays held wherever its row moves.

Places whose rows stand in one table are kin: an item that moved from one to another has its id still. So are places of files of
which one's folder contains the other's: rotation may move a file from one to another.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from retention.datamap.loader import AnyPlace, DataMap, MappedFiles, MappedPlace
from retention.policy.facts import Hold, HoldScope


def kin_of(datamap: DataMap, place: MappedPlace) -> list[MappedPlace]:
    """The places whose items are rows of the same table as this place's, itself among them."""
    return [other for other in datamap.objects.values() if other.name == place.name or _same_table(other, place)]


def _same_table(one: MappedPlace, other: MappedPlace) -> bool:
    first, second = one.row, other.row
    return (
        first is not None
        and second is not None
        and (one.facts.disposal, first.table, first.id_column) == (other.facts.disposal, second.table, second.id_column)
    )


def reaches(scope: HoldScope, datamap: DataMap, place: AnyPlace) -> bool:
    """Whether something in this place may be in the scope, by the scope's place and category: an item's id follows its row."""
    if not isinstance(place, MappedPlace):
        return scope.category in (None, place.spec.category) and scope.place in (None, place.name)
    return any(
        scope.category in (None, one.spec.category)
        and (_names_item_of(scope, one) or (one is place and scope.place in (None, place.name)))
        for one in kin_of(datamap, place)
    )


def holds_here(holds: Sequence[Hold], datamap: DataMap, place: AnyPlace) -> list[Hold]:
    """The holds as they apply to this place: those on items of its kin name it, and its category where they name one."""
    if isinstance(place, MappedFiles):
        kin_files = {name: other for name, other in datamap.places.items() if _shares_folders(other, place)}
        return [_as_file_of(hold, kin_files, place) for hold in holds]
    if not isinstance(place, MappedPlace):
        return list(holds)
    kin = kin_of(datamap, place)
    return [_as_of(hold, place) if any(_names_item_of(hold, one) for one in kin) else hold for hold in holds]


def _shares_folders(other: AnyPlace, place: MappedFiles) -> bool:
    """Whether one's folder is, or contains, the other's."""
    if not isinstance(other, MappedFiles) or other.name == place.name or other.store.disposal != place.store.disposal:
        return False
    one, two = PurePosixPath(other.spec.folder), PurePosixPath(place.spec.folder)
    return one.is_relative_to(two) or two.is_relative_to(one)


def _as_file_of(hold: Hold, kin: Mapping[str, AnyPlace], place: MappedFiles) -> Hold:
    """A hold on a file of its kin names the file as it is reached from here, perhaps by `..`."""
    other = kin.get(hold.place or "")
    if hold.item_id is None or not isinstance(other, MappedFiles):
        return hold
    there = posixpath.join("/", other.spec.folder, hold.item_id)
    return replace(_as_of(hold, place), item_id=posixpath.relpath(there, posixpath.join("/", place.spec.folder)))


def _as_of(hold: Hold, place: AnyPlace) -> Hold:
    return replace(hold, place=place.name, category=hold.category and place.spec.category)


def _names_item_of(scope: HoldScope, place: MappedPlace) -> bool:
    return scope.place == place.name and names_row(scope, place)


def names_row(scope: HoldScope, place: MappedPlace) -> bool:
    """Whether the scope names an item by its row's id. A key, which begins with one of the place's prefixes, names an object."""
    return scope.item_id is not None and not scope.item_id.startswith(place.spec.prefixes)
