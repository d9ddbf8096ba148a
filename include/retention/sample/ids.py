"""Ids that are the same in every load of the same seed."""

from __future__ import annotations

from uuid import UUID, uuid5

_NAMESPACE = UUID("6f0f2b1e-8d5c-5b43-9a57-2f7f5d0c1a11")


def sample_id(*parts: str | int | UUID) -> UUID:
    """The id of whatever `parts` name."""
    return uuid5(_NAMESPACE, "/".join(str(part) for part in parts))


def sample_number(*parts: str | int | UUID) -> int:
    """The same as a bigint, above all that a sequence gives out in the sample's lifetime."""
    return 2**46 + sample_id(*parts).int % 2**46
