"""How a canary is planted in a place: an invented item that must go, or stay, on time, like every other there."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import model_validator

from retention.strict import Name, StrictModel, refuse


class Canary(StrictModel):
    """The owner's word that invented items may be planted in this place, and how. Without it none are."""

    event: Name
    """The start point of the category's rule that a canary is dated by: so long ago that it is due when it is planted. In a log
    table in partitions it is now, and the canary goes with its partition."""
    approved_by: str
    """The role that allows it, and with it the holds that are set on canaries which must stay."""
    sql: Path | None = None
    """One INSERT, beside the map, that makes the row with whatever belongs to it, invented and marked as such, and returns its
    id alone. Placeholders: `%(id)s` (uuid), `%(number)s` (bigint), `%(start_at)s` (the event's time), and of objects `%(bucket)s`
    and `%(key)s`. Needed where rows are or describe the items."""
    consented: Path | None = None
    """The same for one that consents keep, where the promise knows any: it writes them, too, each to end at
    `%(stays_until)s`."""
    key: str | None = None
    """An object's key or a file's path below the place's folder. `{id}` is the canary's own, `{day}` is the event's as
    `2026/01/31`. Needed for objects and files."""
    body: str | None = None
    """What is in the object or file: `{at}` is the event's time as `2026-01-31T12:00:00+00:00`. Needed with `key`."""

    @model_validator(mode="after")
    def _is_one_item(self) -> Self:
        if self.sql is None and self.key is None:
            raise refuse("neither sql nor key", "an INSERT for a row, or key and body for an object or a file")
        if self.consented is not None and self.sql is None:
            raise refuse("consented without sql", "the INSERT of one that nothing keeps, too", "consented")
        if (self.key is None) != (self.body is None):
            raise refuse("key without body, or body without key", "both, for an object or a file", "key")
        if self.key is not None and "{id}" not in self.key:
            raise refuse("a key that is always the same", "{id} in it", "key")
        return self
