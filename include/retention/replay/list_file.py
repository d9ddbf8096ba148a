"""The replay list as a file, apart from our own database: keyed hashes of what was disposed of, as long as a backup may bring it
back.

JSON Lines: a header, a line for each item, and a seal over all before, so that a truncated or changed list is refused. Whoever
lacks the hash key can neither tell from it what it names nor seal another one: what a list names is deleted again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from retention.database import OwnConnection, database_time
from retention.errors import RequestError
from retention.evidence.entry import canonical
from retention.evidence.hashing import ItemHasher
from retention.evidence.homes import CONFIRMED, RESTORED
from retention.new_file import open_new
from retention.policy.periods import parse_elapsed

SCHEMA = "retention/replay-list/2"
KEPT = "RETENTION_BACKUPS_KEPT"
_READ = (
    "SELECT DISTINCT ON (place, item_hash) place, item_hash, key_hash, category, reason, gone_at FROM retention.disposed_items "
    "WHERE key_id = %s AND gone_at > %s ORDER BY place, item_hash, gone_at DESC"
)


@dataclass(frozen=True, slots=True)
class Header:
    """What the list covers: all that went in `backups_kept` (ISO 8601) before `created_at`, under the hash key `key`. From
    `needed_until` on no backup has any of it."""

    created_at: datetime
    needed_until: datetime
    backups_kept: str
    key: str
    ledger_size: int
    ledger_head: str


class Disposed(NamedTuple):
    """One item that went: its hash and its object key's (in hex; equal for rows), why it was due, and when it went (ISO 8601)."""

    place: str
    item: str
    key: str | None
    category: str
    reason: str | None
    gone_at: str


def backups_kept(given: str | None) -> tuple[str, timedelta]:
    """How long the oldest backup of any source lives: the option, else `RETENTION_BACKUPS_KEPT`.

    Raises RequestError where neither says so: a list that is too short forgets what a backup brings back.
    """
    text = given if given is not None else os.environ.get(KEPT, "")
    try:
        period = parse_elapsed(text)
    except ValueError:
        period = timedelta()
    if period <= timedelta():
        found = f"found {text!r}" if text else "found no period"
        raise RequestError(
            f"--backups-kept: {found}; expected how long the oldest backup of any source is kept, such as P35D (or {KEPT} in the "
            "environment). There is no default: only who makes the backups knows."
        )
    return text, period


def write_list(
    own: OwnConnection, path: Path, hasher: ItemHasher, kept: str, period: timedelta, head: tuple[int, str]
) -> int:
    """Write what went within the period, as a new file of mode 600; gives how many items those are.

    Raises RequestError for a file that is there, and where items went under another hash key: nobody could find them with this
    one."""
    with own.transaction():
        own.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        now = database_time(own)
        strange = own.execute(
            "SELECT count(*) AS items FROM retention.disposed_items WHERE key_id <> %s AND gone_at > %s",
            (hasher.key_id, now - period),
        ).fetchone()
        if strange is not None and strange["items"]:
            raise RequestError(
                f"found {strange['items']} items that went under another hash key; expected the key they were hashed with "
                "(RETENTION_HASH_KEY_FILE): export once with each."
            )
        header = Header(now, now + period, kept, hasher.key_id, *head)
        with own.cursor(name="disposed") as cursor:
            cursor.itersize = 10_000
            cursor.execute(_READ, (hasher.key_id, now - period))
            items = (
                Disposed(
                    row["place"],
                    row["item_hash"].hex(),
                    row["key_hash"].hex() if row["key_hash"] is not None else None,
                    row["category"],
                    row["reason"],
                    row["gone_at"].astimezone(UTC).isoformat(),
                )
                for row in cursor
            )
            return _write(path, hasher, header, items)


def _write(path: Path, hasher: ItemHasher, header: Header, items: Iterable[Disposed]) -> int:
    new = open_new(path, mode=0o600)
    running, count = hashlib.sha256(), 0
    try:
        with new as file:
            for line in _lines(header, items):
                running.update(line)
                file.write(line)
                count += 1
            file.write(f"{hasher.replay_list(running.hexdigest()).hex()}\n".encode())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return count - 1


def _lines(header: Header, items: Iterable[Disposed]) -> Iterator[bytes]:
    yield f"{canonical(asdict(header) | {'schema': SCHEMA})}\n".encode()
    for item in items:
        yield f"{json.dumps(list(item), ensure_ascii=False)}\n".encode()


def read_header(path: Path, hasher: ItemHasher) -> Header:
    """The header of a list whose every byte is as it was written under this hash key. Raises RequestError for any other file."""
    try:
        running, last = hashlib.sha256(), b""
        with path.open("rb") as file:
            first = file.readline()
            file.seek(0)
            for line in file:
                running.update(last)
                last = line
        fields = json.loads(first)
        if fields.pop("schema") != SCHEMA:
            raise ValueError
        instants = {name: datetime.fromisoformat(fields[name]) for name in ("created_at", "needed_until")}
        header = Header(**fields | instants)
        _require_key(header, hasher)
        if last.decode() != f"{hasher.replay_list(running.hexdigest()).hex()}\n":
            raise ValueError
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise RequestError(
            f"{path}: found no replay list, or one that is truncated or changed ({type(error).__name__}); expected a file as "
            "`python -m retention replay export` wrote it"
        ) from None
    return header


def _require_key(header: Header, hasher: ItemHasher) -> None:
    if header.key != hasher.key_id:
        raise RequestError(
            f"found a replay list under hash key {header.key}; expected {hasher.key_id} (RETENTION_HASH_KEY_FILE): "
            "nothing could be found with this one"
        )


def require_unended(header: Header, now: datetime) -> None:
    """Raise RequestError for a list that no backup needs any more: whatever it brought back is older."""
    if now >= header.needed_until:
        raise RequestError(
            f"found a replay list that was needed until {header.needed_until.isoformat()}; expected one that covers the oldest "
            "backup. Delete it, and export a new one."
        )


_LATER_HOME = "SELECT EXISTS (SELECT FROM retention.ledger WHERE kind = ANY(%s) AND at > %s) AS exists"


def require_of_this_ledger(own: OwnConnection, header: Header) -> None:
    """Raise RequestError for a list of what another installation deleted, though it has our hash key: a copy for trials, in which
    other holds are in force. Entries that a restore of our own database lost since can't be asked for."""
    row = own.execute("SELECT hash FROM retention.ledger WHERE seq = %s", (header.ledger_size,)).fetchone()
    if header.ledger_size == 0 or (row is not None and row["hash"].hex() == header.ledger_head):
        return
    restored = own.execute(_LATER_HOME, ([RESTORED, CONFIRMED], header.created_at)).fetchone()
    if restored is None or not restored["exists"]:
        raise RequestError(
            f"found a replay list of another ledger (its entry {header.ledger_size} is not ours); expected one that was exported "
            "from this database, or from what it was restored from. Nothing was compared or planned."
        )


def items_of(path: Path, place: str) -> Iterator[Disposed]:
    """The items of one place, of a list that `read_header` has read."""
    with path.open("rb") as file:
        file.readline()
        for line in file:
            if line.startswith(b"["):
                item = Disposed(*json.loads(line))
                if item.place == place:
                    yield item
