"""Files that may be, under a name that rotation gave them, the one that a hold names; apart from what disposal keeps for it."""

from __future__ import annotations

from retention.datamap.loader import MappedFiles
from retention.verification.file_names import names_once_had
from retention.verification.holds import Covered, HoldIndex, follow_files
from retention.verification.place_check import PlaceCheck
from retention.verification.vanished import held_before


class FileHolds:
    """The holds on one place's files. One on a name means what has that name, and what had it when it was last seen, by what it
    begins with; it may mean whatever rotation may have made of it."""

    def __init__(self, check: PlaceCheck) -> None:
        place = check.place
        assert isinstance(place, MappedFiles)
        files = [one for one in check.around.datamap.places.values() if isinstance(one, MappedFiles)]
        scopes = follow_files(check.around.scopes, place, files)
        self._place = check.name
        self._index = HoldIndex(scopes, check.terms.category)
        named = {one.hold_id: one.item_id for one in scopes if one.place == check.name and one.item_id}
        self._names = set(named.values())
        self._before = held_before(check, named.keys())

    def covering(self, key: str, part_hash: bytes) -> Covered:
        """The holds that cover the file."""
        once_named = list(names_once_had(key, self._names))
        found = self._index.covering(self._place, (key,), None, None, person_known=False, once_named=once_named)
        before = self._before.get(part_hash, [])
        return Covered(list(dict.fromkeys([*found.all, *before])), list(dict.fromkeys([*found.surely, *before])))
