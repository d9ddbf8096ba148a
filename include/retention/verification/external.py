"""Copies that somebody else keeps: nothing of ours can look there, so that only the holder's attestation speaks for them."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from retention.datamap.loader import MappedExternal
from retention.errors import StoreUnreadable
from retention.verification.place_check import PlaceCheck

GOOD_FOR = timedelta(days=365)
"""An attestation that is older is a finding."""


class Unattested(StoreUnreadable):
    """Nobody has attested what the holder keeps."""

    def __init__(self, place: str) -> None:
        super().__init__(
            f"place {place!r}: found no attestation of the holder, or one of a day to come; expected `attestation` in "
            "the data map, with day, role and document. Ask the holder for proof.",
            code="Unattested",
        )


def read_external(check: PlaceCheck) -> None:
    """One entry for the place. Raises Unattested where it is unknown what is kept there."""
    assert isinstance(check.place, MappedExternal)  # intakes.py
    check.looked_at.update(externals=1)
    attestation = check.place.spec.attestation
    attested_at = datetime.combine(attestation.attested_on, time(), UTC) if attestation is not None else None
    if attested_at is None or attested_at > check.around.as_of + timedelta(days=1):
        raise Unattested(check.name)
    is_old = check.around.as_of - attested_at > GOOD_FOR
    note = "attested_long_ago" if is_old else None
    check.inventory.add([check.entry("external", note=note, clock_at=attested_at)])
