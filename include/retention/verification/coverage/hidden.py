"""Tables that the check can't look into: what they hold is unknown, whatever the map says of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from retention.verification.coverage.catalog import Column, Relation
from retention.verification.coverage.sampling import Sampled

NO_RIGHT = "no right"
"""SELECT is missing, on a column or on everything, or USAGE on the schema."""
ROW_SECURITY = "row security"
"""Policies decide which rows the verifying role sees: it takes that for an error, for it could not tell which are missing."""
NO_ANSWER = "no answer"
"""The sample came to no end: locked, a foreign server that is away, values that can't be printed."""


def hidden_by_right(relation: Relation, columns: Sequence[Column]) -> Iterator[str]:
    """Why these columns of it may not be read, from the catalog alone."""
    if not all(column.readable for column in columns):
        yield NO_RIGHT
    if columns and relation.row_security:
        yield ROW_SECURITY


def hidden_from_sample(relation: Relation, columns: Sequence[Column], sampled: Sampled) -> Iterator[str]:
    """Why text that may be read was not looked into all the same."""
    texts = {column.name for column in columns if column.kind == "text" and column.readable}
    if texts - sampled.looked_into and not relation.row_security:
        yield NO_ANSWER
