"""One file of the data map: a system's connections and places, and what somebody declared not personal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from retention.datamap.model import AnySpec, ConnectionKind, ExternalPlace, PlaceName, S3Place, SourceConnection
from retention.policy.periods import Day
from retention.strict import Exact, StrictModel, refuse

DeclaredTable = Annotated[str, StringConstraints(strip_whitespace=False, pattern=r"^[^.]+\..+$")]
"""A declaration only says a name, which may be any, such as `public.User`; nothing is done with the table."""


class NotPersonal(StrictModel):
    """What somebody declared free of personal data: a bucket or a prefix in it, a table or columns of it, a folder of files.
    Nothing else may stay unmapped."""

    connection: str
    """The connection (a key of `connections`)."""
    bucket: str | None = None
    """The bucket's name."""
    prefix: Exact | None = None
    """What its keys begin with; without it, the whole bucket is declared."""
    table: DeclaredTable | None = None
    """Schema and table (or materialised view), as the database has them, such as `public.User`."""
    columns: tuple[Exact, ...] = ()
    """Columns of it that look personal and are not; without them, the whole table is declared."""
    folder: str | None = None
    """A folder below the connection's path."""
    reason: str
    """Why there can be no personal data."""
    owner: str
    """The role that answers for the declaration."""
    declared_on: Day
    """The day of the declaration."""

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        named = [name for name in ("bucket", "table", "folder") if getattr(self, name) is not None]
        if len(named) != 1:
            raise refuse(" and ".join(named) or "neither of them", "exactly one of bucket, table, folder")
        if self.prefix is not None and self.bucket is None:
            raise refuse("a prefix without a bucket", "the bucket beside it", "prefix")
        if self.columns and self.table is None:
            raise refuse("columns without a table", "the table beside them", "columns")
        return self


_REACHED_BY = {
    "s3": ConnectionKind.S3,
    "table": ConnectionKind.POSTGRES,
    "partitions": ConnectionKind.POSTGRES,
    "files": ConnectionKind.FILES,
    "airflow": ConnectionKind.POSTGRES,
}
_DECLARED_IN = {"bucket": ConnectionKind.S3, "table": ConnectionKind.POSTGRES, "folder": ConnectionKind.FILES}


class SystemMap(StrictModel):
    """One file of the data map: one system, its connections, its places, and what is declared not personal."""

    system: str
    """The system's name."""
    owner: str
    """The role that answers for the system."""
    connections: dict[str, SourceConnection] = Field(min_length=1)
    """The sources, each under a name that no other file uses."""
    places: dict[PlaceName, AnySpec] = Field(min_length=1)
    """The places, each under a name that no other file uses."""
    not_personal: tuple[NotPersonal, ...] = ()
    """Declarations of what holds no personal data."""

    @model_validator(mode="after")
    def _connections_exist(self) -> Self:
        for fault in self._wrong_connections():
            raise fault
        return self

    def _wrong_connections(self) -> Iterator[PydanticCustomError]:
        for name, place in self.places.items():
            if not isinstance(place, ExternalPlace):
                yield from self._check(place.connection, _REACHED_BY[place.kind], "places", name, "connection")
            if isinstance(place, S3Place) and place.facts is not None:
                path = ("places", name, "facts", "connection")
                yield from self._check(place.facts.connection, ConnectionKind.POSTGRES, *path)
        for position, entry in enumerate(self.not_personal):
            kind = _DECLARED_IN[next(name for name in _DECLARED_IN if getattr(entry, name) is not None)]
            yield from self._check(entry.connection, kind, "not_personal", position, "connection")

    def _check(self, connection: str, kind: ConnectionKind, *path: str | int) -> Iterator[PydanticCustomError]:
        known = [name for name, source in self.connections.items() if source.kind is kind]
        if connection not in self.connections:
            yield refuse(
                f"{connection!r}, which this file does not name", f"one of kind {kind.value}: {', '.join(known)}", *path
            )
        elif connection not in known:
            found = f"{connection!r}, of kind {self.connections[connection].kind.value}"
            yield refuse(found, f"one of kind {kind.value}: {', '.join(known)}", *path)
