"""The data map's places as frozen values. No periods and no rules: those stand in the policies."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from retention.policy.periods import Day


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, str_min_length=1)


def _parse_pattern(value: object) -> re.Pattern[str]:
    if isinstance(value, re.Pattern):
        return value
    try:
        pattern = re.compile(str(value))
    except re.error:
        raise ValueError(f"{value!r}|a regular expression") from None
    if not {"year", "month", "day"} <= pattern.groupindex.keys():
        raise ValueError(f"{value!r}|a regular expression with the groups year, month, day (and tenant)")
    return pattern


class ConnectionKind(StrEnum):
    """Kinds of system that a connection can lead to."""

    POSTGRES = "postgres"
    S3 = "s3"


class SourceConnection(_Document):
    """One source and the two identities that reach it: ours for disposal, and another, read-only one for verification."""

    kind: ConnectionKind
    disposal: str
    verification: str

    @model_validator(mode="after")
    def _two_identities(self) -> Self:
        if self.disposal == self.verification:
            raise ValueError(
                "one connection for disposal and verification|two, so that the proof rests on another identity"
            )
        return self


class RowTable(_Document):
    """The table whose row describes the item and goes after it: bytes before metadata."""

    table: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$")]
    id_column: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*$")]


class Facts(_Document):
    """How the facts of a place's items are read: reviewed SQL files that return fixed columns (docs/data-map.md).

    `items` and `consents` serve disposal. `check_items` serves verification and is written apart from them, by somebody
    else, so that a wrong join has to be made twice before it can hurt.
    """

    connection: str
    items: Path
    consents: Path | None = None
    check_items: Path
    check_consents: Path | None = None
    row: RowTable | None = None


class S3Place(_Document):
    """Objects of one data category in one bucket. `key_date` reads tenant and day from a key, as evidence of age."""

    kind: Literal["s3"]
    category: str
    role: Literal["controller", "processor"]
    owner: str
    connection: str
    bucket: str
    prefixes: tuple[str, ...] = Field(min_length=1)
    key_date: Annotated[re.Pattern[str], BeforeValidator(_parse_pattern)] | None = None
    facts: Facts


class NotPersonal(_Document):
    """A bucket, or a prefix in it, that somebody declared free of personal data; nothing else may stay unmapped."""

    connection: str
    bucket: str
    prefix: str | None = None
    reason: str
    owner: str
    declared_on: Day


class SystemMap(_Document):
    """One system of the data map: its connections, its places, and what is declared not personal."""

    system: str
    owner: str
    connections: dict[str, SourceConnection] = Field(min_length=1)
    places: dict[str, S3Place] = Field(min_length=1)
    not_personal: tuple[NotPersonal, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _kinds_are_known(cls, data: Any) -> Any:
        places = data.get("places") if isinstance(data, dict) else None
        for name, place in (places or {}).items() if isinstance(places, dict) else ():
            if not re.fullmatch(r"[a-z][a-z0-9_]*", str(name)):
                raise ValueError(f"a place named {name!r}|a name of lower-case letters, digits and underscores")
            if isinstance(place, dict) and place.get("kind") not in ("s3",):
                raise ValueError(f"place {name!r} of kind {place.get('kind')!r}|one of: s3")
        return data

    @model_validator(mode="after")
    def _connections_exist(self) -> Self:
        for name, place in self.places.items():
            self._require(name, place.connection, ConnectionKind.S3)
            self._require(name, place.facts.connection, ConnectionKind.POSTGRES)
        for entry in self.not_personal:
            self._require("not_personal", entry.connection, ConnectionKind.S3)
        return self

    def _require(self, user: str, connection: str, kind: ConnectionKind) -> None:
        if connection not in self.connections:
            known = ", ".join(sorted(self.connections))
            raise ValueError(f"{user}: unknown connection {connection!r}|one of: {known}")
        if self.connections[connection].kind is not kind:
            raise ValueError(f"{user}: connection {connection!r} of another kind|one of kind {kind.value}")
