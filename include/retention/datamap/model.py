"""The data map's places as frozen values. No periods and no rules: those stand in the policies."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from retention.datamap.canary import Canary
from retention.datamap.key_pattern import parse_pattern
from retention.file_patterns import UnusablePattern, compile_patterns, require_below
from retention.policy.periods import Day
from retention.strict import Exact, Flag, Name, StrictModel, refuse, shown


class ConnectionKind(StrEnum):
    """Kinds of system that a connection can lead to."""

    POSTGRES = "postgres"
    S3 = "s3"
    FILES = "files"


def _null(value: object) -> object:
    return None if value == "(null)" else value


Replacement = Annotated[str | None, BeforeValidator(_null)]
"""What a column becomes. YAML's own null is refused everywhere: it is mostly a value that somebody forgot."""
PlaceName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
TableName = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$")]
ColumnName = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*$")]


class SourceConnection(StrictModel):
    """One source and the two identities that reach it, each an Airflow connection's id (`AIRFLOW_CONN_<ID>`)."""

    kind: ConnectionKind
    """The kind of system: `postgres`, `s3`, or `files` (a mounted path: an Airflow connection of type `fs` with `path` in its
    extra)."""
    disposal: str
    """Our own identity: reads facts, deletes items."""
    verification: str
    """Another, read-only identity, so that the proof does not rest on the one that deletes."""
    planting: str | None = None
    """A third one that may write, where canaries are planted. It never deletes for us."""

    @model_validator(mode="after")
    def _two_identities(self) -> Self:
        if self.disposal == self.verification:
            raise refuse(
                "the same connection as for disposal", "another identity, with read rights alone", "verification"
            )
        return self


class RowTable(StrictModel):
    """The table whose row describes the item and goes after it: bytes before metadata."""

    table: TableName
    """Schema and table, such as `public.recordings`."""
    id_column: ColumnName
    """The column that holds what the items' SQL returns as `item_id`."""
    bucket_column: ColumnName | None = None
    """The column that names the object's bucket, where there is one. A row that names another by then is not deleted."""
    key_column: ColumnName | None = None
    """The column that names the object's key, as `bucket_column`. Give it wherever there is one."""


class TableFacts(StrictModel):
    """How the facts of a table's rows are read: reviewed SQL files beside the map that return fixed columns. The SQL runs on the
    place's own connection."""

    items: Path
    """SQL for disposal: one row per item."""
    consents: Path | None = None
    """SQL for disposal: one row per item and consent. Needed where the category's rule has an exemption."""
    check_items: Path
    """SQL for verification, written apart by somebody else, so that a wrong join has to be made twice before it can hurt."""
    check_consents: Path | None = None
    """The same for consents."""
    check_requests: Path | None = None
    """SQL for verification: what customers or persons decided. By it verification can tell why a protected item is gone."""


class Facts(TableFacts):
    """How the facts of a bucket's items are read: reviewed SQL files beside the map that return fixed columns."""

    connection: str
    """The Postgres connection (a key of `connections`) that the SQL runs on."""
    row: RowTable | None = None
    """The row that describes an item, where it goes with it."""


class Place(StrictModel):
    """What every place says."""

    category: Name
    """The data category, as its rule names it."""
    role: Literal["controller", "processor"]
    """Our role for this data under the GDPR."""
    owner: str
    """The role that answers for the place."""


class PlantedPlace(Place):
    """A place in which canaries may be planted."""

    canary: Canary | None = None
    """How canaries are planted here; none without it."""


class S3Place(PlantedPlace):
    """Objects of one data category in one bucket: described by rows (`facts`), or files of records that carry their own times."""

    kind: Literal["s3"]
    """The kind of place: `s3`."""
    connection: str
    """The S3 connection (a key of `connections`)."""
    bucket: str
    """The bucket's name."""
    prefixes: tuple[Exact, ...] = Field(min_length=1)
    """What the keys of this place begin with. No two places share a key, whichever connections lead to the bucket; what no place
    claims is reported as unmapped."""
    key_date: Annotated[re.Pattern[str], BeforeValidator(parse_pattern)] | None = None
    """A regular expression over the key, with the named groups `year`, `month`, `day` (UTC) and, where the key tells it,
    `tenant`: evidence of an object's age and owner, also against a row that says otherwise. It must fit in one way only, and be
    made of what Python and PostgreSQL read alike: text, classes, groups, alternatives, greedy repetition, anchors."""
    facts: Facts | None = None
    """How the facts about the items are read. Without it the objects are log files, plain or gz: each is as old as the oldest
    record in it, whatever its name and LastModified say."""

    @model_validator(mode="after")
    def _key_tells_rows_apart(self) -> Self:
        if self.facts is None and self.key_date is not None:
            raise refuse("key_date without facts", "none: a log file's records say how old it is", "key_date")
        return self


class Dependent(StrictModel):
    """A table whose rows belong to an item and go before it, in the same transaction."""

    table: TableName
    """Schema and table, such as `public.transcript_segments`."""
    column: ColumnName
    """Its column that names the item's row (the parent's `id_column`). It needs an index, and a foreign key to there, or else
    UUIDs on both sides and no key to another table: a number could be another table's."""
    id_column: ColumnName | None = None
    """Its own id: a primary key, or unique. Needed where it has dependents itself."""
    may_name_none: Flag = False
    """True where some of its rows rightly name no item: they stay, and are not reported as left over."""
    dependents: tuple[Dependent, ...] = ()
    """What belongs to its rows, in turn."""

    @model_validator(mode="after")
    def _has_an_id(self) -> Self:
        if self.dependents and self.id_column is None:
            raise refuse("dependents without id_column", "the column that they name", "id_column")
        return self


class TablePlace(PlantedPlace):
    """Rows of one data category in one table."""

    kind: Literal["table"]
    """The kind of place: `table`."""
    connection: str
    """The Postgres connection (a key of `connections`)."""
    table: TableName
    """Schema and table, such as `public.transcripts`."""
    id_column: ColumnName
    """The column that holds what the items' SQL returns as `item_id`: a primary key, or unique."""
    dependents: tuple[Dependent, ...] = ()
    """What belongs to a row and goes before it."""
    anonymise: dict[ColumnName, Replacement] = Field(default_factory=dict)
    """What its columns become where the rule's action is `anonymise`: a text, or null (written `(null)`). At least one becomes a
    text, by which an anonymised row is known."""
    identifiers: dict[ColumnName, Literal["email", "phone"]] = Field(default_factory=dict)
    """Columns with a person's identifiers, for the suppression list: their keyed hashes stay when the row goes, and a row that
    comes back with one of them is due at once (event `suppressed`). Only valid addresses and numbers identify anybody."""
    facts: TableFacts
    """How the facts about the rows are read."""

    @model_validator(mode="after")
    def _marks_are_seen(self) -> Self:
        if self.anonymise and not any(text is not None for text in self.anonymise.values()):
            raise refuse("nothing but null", "at least one column that becomes a text", "anonymise")
        if self.id_column in self.anonymise:
            raise refuse("the id_column", "columns that say nothing about which row it is", "anonymise", self.id_column)
        return self


class PartitionedPlace(PlantedPlace):
    """A log table that is partitioned by range of time: partitions past their limit are dropped, not emptied."""

    kind: Literal["partitions"]
    """The kind of place: `partitions`."""
    connection: str
    """The Postgres connection (a key of `connections`)."""
    table: TableName
    """The partitioned table, such as `public.request_log`."""
    time_column: ColumnName
    """The column by whose range it is partitioned (timestamptz): when the record was logged."""
    evidence_column: ColumnName | None = None
    """Another time of the record, such as when it was stored: it stands in where `time_column` lies in the future. Rows
    without either are reported."""
    id_column: ColumnName
    """A column that tells rows apart, for those that go one by one."""

    @model_validator(mode="after")
    def _canary_goes_with_its_partition(self) -> Self:
        if self.canary is not None and (self.canary.key is not None or self.canary.consented is not None):
            raise refuse("a canary with key or consented", "the INSERT of one record, sql", "canary")
        return self


class FilesPlace(PlantedPlace):
    """Log files under a mounted path, plain or gz: each is as old as the oldest record in it."""

    kind: Literal["files"]
    """The kind of place: `files`."""
    connection: str
    """The connection of kind `files` (a key of `connections`) whose path holds them."""
    folder: str = "."
    """The folder below that path."""
    patterns: tuple[str, ...] = Field(min_length=1)
    """Which files, such as `**/*.log*`: `**` is any number of folders, `*` stays within one name. Others in the folder are
    reported as unmapped."""

    @model_validator(mode="after")
    def _files_lie_below(self) -> Self:
        try:
            require_below(self.folder)
        except UnusablePattern as bad:
            raise refuse(
                f"{shown(self.folder)}, {bad}", "one below the connection's path, such as nginx", "folder"
            ) from None
        for position, pattern in enumerate(self.patterns):
            try:
                compile_patterns([pattern])
            except UnusablePattern as bad:
                raise refuse(f"{shown(pattern)}, with {bad}", "one like **/*.log*", "patterns", position) from None
        return self


class AirflowPlace(Place):
    """What Airflow's own database remembers of runs: tasks, events, XCom, audit log. Its maintenance DAG clears it."""

    kind: Literal["airflow"]
    """The kind of place: `airflow`."""
    connection: str
    """The Postgres connection (a key of `connections`) that leads to Airflow's database."""


class Attestation(StrictModel):
    """What somebody answers for whom we can't check."""

    attested_on: Day
    """The day. One older than a year is a finding."""
    attested_by: str
    """The role that attested it. No person's name."""
    document: str
    """Where it is kept, such as a contract's annex with its number."""


class ExternalPlace(Place):
    """Copies that somebody else keeps for us, such as a telephony or transcription vendor: unknown, unless attested."""

    kind: Literal["external"]
    """The kind of place: `external`."""
    holder: str
    """Who keeps them: the recipient's name."""
    what: str
    """What they keep, and where they say how long."""
    attestation: Attestation | None = None
    """The holder's proof that nothing stays past its limit; without one the place is unknown."""


AnySpec = Annotated[
    S3Place | TablePlace | PartitionedPlace | FilesPlace | AirflowPlace | ExternalPlace, Field(discriminator="kind")
]
