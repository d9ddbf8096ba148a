"""What is done every night: a backup of our own database, and the replay list beside it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psycopg

from retention import database
from retention.backup.dump import back_up
from retention.backup.series import BACKUPS, LISTS, Series
from retention.database import OwnConnection, database_time
from retention.evidence import ledger
from retention.evidence.hashing import ItemHasher
from retention.replay.list_file import write_list


@dataclass(frozen=True, slots=True)
class Written:
    """The new file, by its name, with how much is in it; and how many old ones went."""

    file: str
    counted: int
    let_go: int


def back_up_tonight(conninfo: str, folder: Path, kept: timedelta, *, by: str) -> Written:
    """A new backup; then those go whose time is over. Raises what `back_up` raises, and then nothing went."""
    with database.connect(conninfo) as own:
        now = database_time(own)
        with BACKUPS.new(folder, now) as (part, whole):
            manifest = back_up(conninfo, part)
        gone = BACKUPS.let_go(folder, kept, now)
        note_written(own, BACKUPS, manifest.entries, by=by)
    return Written(whole.name, manifest.entries, gone)


def note_written(own: OwnConnection, series: Series, counted: int, *, by: str) -> None:
    """Note that there is a new one, with how much is in it.

    What is written before a migration that brings this table is whole all the same, and not noted.
    """
    with suppress(psycopg.errors.UndefinedTable):
        own.execute(
            "INSERT INTO retention.copies (kind, counted, made_by) VALUES (%s, %s, %s) ON CONFLICT (kind) DO UPDATE "
            "SET made_at = clock_timestamp(), counted = excluded.counted, made_by = excluded.made_by",
            (series.noted_as, counted, by),
        )


def list_tonight(conninfo: str, folder: Path, hasher: ItemHasher, kept_as: str, kept: timedelta, *, by: str) -> Written:
    """A new replay list; then those go that cover no backup any more. Raises what `write_list` raises, and then nothing went."""
    with database.connect(conninfo) as own:
        now, head = database_time(own), ledger.head(own)
        with LISTS.new(folder, now) as (part, whole):
            items = write_list(own, part, hasher, kept_as, kept, (head.seq, head.hash))
        gone = LISTS.let_go(folder, kept, now)
        note_written(own, LISTS, items, by=by)
    return Written(whole.name, items, gone)
