"""The places of the data map as the report names them: what each is, our role, and whether the check could read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from retention.datamap.loader import OF_OTHERS, AnyPlace, DataMap, MappedExternal, MappedPlace
from retention.datamap.model import PlantedPlace


@dataclass(frozen=True, slots=True)
class PlaceOfMap:
    """One place. `kind` is the map's, with `log_objects` for objects that are log files; `role` is `controller` or `processor`.

    `read` says whether the check read it to its end, None where it did not look there; `reason` why not. Of copies that others
    keep, `holder` says who and `attested_on` since when nothing past its limit is attested.
    `canaries`: whether any are planted there.
    """

    place: str
    category: str
    kind: str
    role: str
    owner: str
    read: bool | None
    reason: str | None
    holder: str | None
    attested_on: date | None
    canaries: bool = False


def places_of_map(datamap: DataMap, seen: Mapping[str, str | None]) -> tuple[PlaceOfMap, ...]:
    """All places, in the map's order. `seen` are those of which the check speaks: None for one that it read, else why not."""
    return tuple(_place(place, seen) for place in datamap.places.values())


def kept_by_others(datamap: DataMap) -> frozenset[str]:
    """The categories of which every place is of others, so that no deletion run of ours is to be expected."""
    ours = {place.spec.category for place in datamap.places.values() if not isinstance(place, OF_OTHERS)}
    return frozenset(place.spec.category for place in datamap.places.values()) - ours


def _place(place: AnyPlace, seen: Mapping[str, str | None]) -> PlaceOfMap:
    spec = place.spec
    external = place.spec if isinstance(place, MappedExternal) else None
    attestation = external.attestation if external is not None else None
    return PlaceOfMap(
        place=place.name,
        category=spec.category,
        kind="log_objects" if isinstance(place, MappedPlace) and not place.has_rows else spec.kind,
        role=spec.role,
        owner=spec.owner,
        read=seen[place.name] is None if place.name in seen else None,
        reason=seen.get(place.name),
        holder=external.holder if external is not None else None,
        attested_on=attestation.attested_on if attestation is not None else None,
        canaries=isinstance(spec, PlantedPlace) and spec.canary is not None,
    )
