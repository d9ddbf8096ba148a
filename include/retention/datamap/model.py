"""The data map's places as frozen values. No periods and no rules: those stand in the policies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from retention.datamap.key_pattern import UnsharedPattern, compile_pattern
from retention.policy.periods import Day
from retention.strict import Exact, Name, StrictModel, refuse, shown

_DATED = ("year", "month", "day")


def _parse_pattern(value: object) -> re.Pattern[str]:
    if isinstance(value, re.Pattern):
        return value
    if not isinstance(value, str):
        raise refuse(shown(value), "a regular expression in quotes")
    try:
        pattern = compile_pattern(value)
    except re.error as bad:
        raise refuse(
            f"{value!r}, which is no regular expression ({bad})", "one like ^(?P<tenant>[^/]+)/(?P<year>…"
        ) from None
    except UnsharedPattern as bad:
        raise refuse(
            f"{shown(value)}, with {bad}, which Python and PostgreSQL read differently",
            "text, [classes], (groups), alternatives, greedy repetition of at most 255, ^ and $",
        ) from None
    missing = [group for group in _DATED if group not in pattern.groupindex]
    if missing:
        found = f"{shown(value)}, without the group {missing[0]!r}"
        raise refuse(found, "the named groups year, month, day (and tenant), such as (?P<year>[0-9]{4})")
    return pattern


class ConnectionKind(StrEnum):
    """Kinds of system that a connection can lead to."""

    POSTGRES = "postgres"
    S3 = "s3"


PlaceName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class SourceConnection(StrictModel):
    """One source and the two identities that reach it, each an Airflow connection's id (`AIRFLOW_CONN_<ID>`)."""

    kind: ConnectionKind
    """The kind of system: `postgres` or `s3`."""
    disposal: str
    """Our own identity: reads facts, deletes items."""
    verification: str
    """Another, read-only identity, so that the proof does not rest on the one that deletes."""

    @model_validator(mode="after")
    def _two_identities(self) -> Self:
        if self.disposal == self.verification:
            raise refuse(
                "the same connection as for disposal", "another identity, with read rights alone", "verification"
            )
        return self


class RowTable(StrictModel):
    """The table whose row describes the item and goes after it: bytes before metadata."""

    table: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$")]
    """Schema and table, such as `public.recordings`."""
    id_column: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*$")]
    """The column that holds what the items' SQL returns as `item_id`."""
    bucket_column: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*$")] | None = None
    """The column that names the object's bucket, where there is one. A row that names another by then is not deleted."""
    key_column: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*$")] | None = None
    """The column that names the object's key, as `bucket_column`. Give it wherever there is one."""


class Facts(StrictModel):
    """How the facts of a place's items are read: reviewed SQL files beside the map that return fixed columns."""

    connection: str
    """The Postgres connection (a key of `connections`) that the SQL runs on."""
    items: Path
    """SQL for disposal: one row per item."""
    consents: Path | None = None
    """SQL for disposal: one row per item and consent. Needed where the category's rule has an exemption."""
    check_items: Path
    """SQL for verification, written apart by somebody else, so that a wrong join has to be made twice before it can hurt."""
    check_consents: Path | None = None
    """The same for consents."""
    row: RowTable | None = None
    """The row that describes an item, where it goes with it."""


class S3Place(StrictModel):
    """Objects of one data category in one bucket."""

    kind: Literal["s3"]
    """The kind of place: `s3`."""
    category: Name
    """The data category, as its rule names it."""
    role: Literal["controller", "processor"]
    """Our role for this data under the GDPR."""
    owner: str
    """The role that answers for the place."""
    connection: str
    """The S3 connection (a key of `connections`)."""
    bucket: str
    """The bucket's name."""
    prefixes: tuple[Exact, ...] = Field(min_length=1)
    """What the keys of this place begin with. No two places share a key, whichever connections lead to the bucket; what no place
    claims is reported as unmapped."""
    key_date: Annotated[re.Pattern[str], BeforeValidator(_parse_pattern)] | None = None
    """A regular expression over the key, with the named groups `year`, `month`, `day` (UTC) and, where the key tells it,
    `tenant`: evidence of an object's age and owner, also against a row that says otherwise. It must fit in one way only, and be
    made of what Python and PostgreSQL read alike: text, classes, groups, alternatives, greedy repetition, anchors."""
    facts: Facts
    """How the facts about the items are read."""


class NotPersonal(StrictModel):
    """A bucket, or a prefix in it, that somebody declared free of personal data; nothing else may stay unmapped."""

    connection: str
    """The S3 connection (a key of `connections`)."""
    bucket: str
    """The bucket's name."""
    prefix: Exact | None = None
    """What its keys begin with; without it, the whole bucket is declared."""
    reason: str
    """Why there can be no personal data."""
    owner: str
    """The role that answers for the declaration."""
    declared_on: Day
    """The day of the declaration."""


class SystemMap(StrictModel):
    """One file of the data map: one system, its connections, its places, and what is declared not personal."""

    system: str
    """The system's name."""
    owner: str
    """The role that answers for the system."""
    connections: dict[str, SourceConnection] = Field(min_length=1)
    """The sources, each under a name that no other file uses."""
    places: dict[PlaceName, S3Place] = Field(min_length=1)
    """The places, each under a name that no other file uses."""
    not_personal: tuple[NotPersonal, ...] = ()
    """Declarations of buckets or prefixes without personal data."""

    @model_validator(mode="after")
    def _connections_exist(self) -> Self:
        for fault in self._wrong_connections():
            raise fault
        return self

    def _wrong_connections(self) -> Iterator[PydanticCustomError]:
        for name, place in self.places.items():
            yield from self._check(place.connection, ConnectionKind.S3, "places", name, "connection")
            yield from self._check(
                place.facts.connection, ConnectionKind.POSTGRES, "places", name, "facts", "connection"
            )
        for position, entry in enumerate(self.not_personal):
            yield from self._check(entry.connection, ConnectionKind.S3, "not_personal", position, "connection")

    def _check(self, connection: str, kind: ConnectionKind, *path: str | int) -> Iterator[PydanticCustomError]:
        known = [name for name, source in self.connections.items() if source.kind is kind]
        if connection not in self.connections:
            yield refuse(
                f"{connection!r}, which this file does not name", f"one of kind {kind.value}: {', '.join(known)}", *path
            )
        elif connection not in known:
            found = f"{connection!r}, of kind {self.connections[connection].kind.value}"
            yield refuse(found, f"one of kind {kind.value}: {', '.join(known)}", *path)
