"""Which parts of one item may be removed, and what is then to be said. Pure; shared by the S3 store and the dry run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from retention.stores.protocol import PartKind, Removal, RemovalResult, StoredPart, Target


@dataclass(frozen=True, slots=True)
class Selection:
    """One item's parts: `data` goes first, `markers` go last; `parts` is all there is.

    Delete markers hide older versions, so they go only when no version is left.
    """

    parts: tuple[StoredPart, ...]
    data: tuple[StoredPart, ...]
    markers: tuple[StoredPart, ...]

    def markers_to_remove(self, refused: Collection[str]) -> tuple[StoredPart, ...]:
        """The delete markers, or none of them while a version stays; `refused` are the part ids that could not go."""
        going = {part.part_id for part in self.data if part.part_id not in refused}
        stays = any(part.kind is PartKind.VERSION and part.part_id not in going for part in self.parts)
        return () if stays else self.markers

    def result(self, target: Target, refused: Mapping[str, str]) -> RemovalResult:
        """The outcome for one target, when everything was tried and `refused` holds the codes by part id."""
        asked = [part.part_id for part in self.parts if target.part_id in (None, part.part_id)]
        gone = {part.part_id for part in (*self.data, *self.markers_to_remove(refused))} - refused.keys()
        removed = sum(part_id in gone for part_id in asked)
        code = next((refused[part_id] for part_id in asked if part_id in refused), None)
        if code is not None:
            return RemovalResult(Removal.FAILED, removed, code)
        if not asked:
            return RemovalResult(Removal.ABSENT, 0)
        return RemovalResult(Removal.REMOVED if removed == len(asked) else Removal.NEWER, removed)


def select(parts: Iterable[StoredPart], targets: Sequence[Target], stored_before: datetime) -> Selection:
    """Split one item's parts, as far as the targets, all of its key, ask for them.

    A part stored exactly at `stored_before` stays; a row has no age and goes.
    """
    known = tuple(parts)
    part_ids = {target.part_id for target in targets}
    asked = known if None in part_ids else tuple(part for part in known if part.part_id in part_ids)
    going = [part for part in asked if part.stored_at is None or part.stored_at < stored_before]
    markers = tuple(part for part in going if part.kind is PartKind.DELETE_MARKER)
    return Selection(known, tuple(part for part in going if part.kind is not PartKind.DELETE_MARKER), markers)
