"""Legal holds as they stand in our own database: set, end, list, read for a decision."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from retention.database import OwnConnection
from retention.errors import HoldsUnreadable, RequestError
from retention.evidence import ledger
from retention.evidence.hashing import ItemHasher
from retention.policy.facts import Hold

_SCOPE = ("category", "tenant_id", "person_id", "place", "item_id", "started_from", "started_before")
_DIRECT_IDENTIFIER = re.compile(r"@|^(\+|0)[0-9 ()/.-]{6,}$")


@dataclass(frozen=True, slots=True)
class HoldScope:
    """What a hold covers: the conjunction of what is filled. Ids are the sources' internal ids, never names or numbers."""

    category: str | None = None
    tenant_id: str | None = None
    person_id: str | None = None
    place: str | None = None
    item_id: str | None = None
    started_from: datetime | None = None
    started_before: datetime | None = None

    def filled(self) -> dict[str, Any]:
        """The parts that are set."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True, slots=True)
class HoldSet:
    """A hold that was just set; `already_gone` counts what its scope would have covered but had gone before."""

    hold_id: UUID
    scope: Mapping[str, Any]
    effective_at: datetime
    already_gone: int


def read_holds(own: OwnConnection) -> list[Hold]:
    """Every hold ever set, ended ones too. Raises HoldsUnreadable: without this list nothing may be deleted."""
    try:
        rows = own.execute(_READ).fetchall()
    except psycopg.Error as error:
        raise HoldsUnreadable(
            f"the list of legal holds could not be read (SQLSTATE {error.sqlstate}); expected table retention.holds and "
            "the right to read it. Nothing is deleted until it can be read."
        ) from None
    return [Hold(**{**row, "hold_id": str(row["hold_id"])}) for row in rows]


_COLUMNS = ("hold_id", *_SCOPE, "requested_by", "approved_by", "effective_at", "ends_at", "review_at", "ended_at")
_READ = sql.SQL("SELECT {} FROM retention.holds").format(sql.SQL(", ").join(map(sql.Identifier, _COLUMNS)))


def add_hold(
    own: OwnConnection,
    hasher: ItemHasher,
    scope: HoldScope,
    *,
    reason: str,
    requested_by: str,
    approved_by: str | None,
    ends_at: datetime | None,
    review_at: datetime | None,
) -> HoldSet:
    """Set a hold, in force at once when approved by a second person. Waits for batches that are deleting at this moment.

    Raises RequestError for an empty scope, no end and no review date, an approver who is the requester, or an id that looks
    like an e-mail address or a telephone number.
    """
    _check(scope, reason, requested_by, approved_by, ends_at, review_at)
    filled = scope.filled()
    with own.transaction():
        # The table's trigger takes the lock too; taking it first makes `effective_at` later than every batch before it.
        own.execute("SELECT pg_advisory_xact_lock(7301, 2)")
        row = own.execute(
            "INSERT INTO retention.holds (category, tenant_id, person_id, place, item_id, started_from, started_before, "
            "reason, requested_by, approved_by, ends_at, review_at) VALUES (%(category)s, %(tenant_id)s, %(person_id)s, "
            "%(place)s, %(item_id)s, %(started_from)s, %(started_before)s, %(reason)s, %(requested_by)s, %(approved_by)s, "
            "%(ends_at)s, %(review_at)s) RETURNING hold_id, effective_at",
            {
                **asdict(scope),
                "reason": reason,
                "requested_by": requested_by,
                "approved_by": approved_by,
                "ends_at": ends_at,
                "review_at": review_at,
            },
        ).fetchone()
        assert row is not None  # INSERT … RETURNING gives a row or raises
        gone = _already_gone(own, hasher, scope)
        ledger.append(
            own,
            "hold_set",
            {
                "hold": str(row["hold_id"]),
                "scope": sorted(filled),
                "requested_by": requested_by,
                "approved_by": approved_by,
                "ends_at": ends_at,
                "review_at": review_at,
                "already_gone": gone,
            },
        )
    return HoldSet(row["hold_id"], filled, row["effective_at"], gone)


def end_hold(own: OwnConnection, hold_id: UUID, *, ended_by: str, reason: str) -> datetime:
    """End a hold now and return when; raises RequestError for an unknown hold or one that has ended."""
    with own.transaction():
        row = own.execute(
            "UPDATE retention.holds SET ended_at = clock_timestamp(), ended_by = %s "
            "WHERE hold_id = %s AND ended_at IS NULL RETURNING ended_at",
            (ended_by, hold_id),
        ).fetchone()
        if row is None:
            raise RequestError(f"found no open hold {hold_id}; expected the id of one that has not ended (`hold list`)")
        ledger.append(own, "hold_ended", {"hold": str(hold_id), "by": ended_by, "reason": reason})
    ended_at: datetime = row["ended_at"]
    return ended_at


def _check(
    scope: HoldScope,
    reason: str,
    requested_by: str,
    approved_by: str | None,
    ends_at: datetime | None,
    review_at: datetime | None,
) -> None:
    filled = scope.filled()
    if not filled.keys() - {"place"}:
        raise RequestError(
            "found a hold without a scope; expected at least one of category, tenant, person, item, dates"
        )
    if (scope.item_id is None) != (scope.place is None):
        raise RequestError("found an item without its place (or the reverse); expected both --place and --item")
    if ends_at is None and review_at is None:
        raise RequestError("found a hold without an end; expected --ends or --review: no hold lasts unseen for ever")
    if not reason.strip() or not requested_by.strip():
        raise RequestError("found a hold without reason or requester; expected both (--reason, --by)")
    if approved_by is not None and approved_by.strip().casefold() == requested_by.strip().casefold():
        raise RequestError("found an approver who is the requester; expected a second person (--approved-by)")
    for name in ("tenant_id", "person_id"):
        if _DIRECT_IDENTIFIER.search(str(filled.get(name, ""))):
            raise RequestError(
                f"{name}: found what looks like an address or a number; expected the source's internal id"
            )


def _already_gone(own: OwnConnection, hasher: ItemHasher, scope: HoldScope) -> int:
    """How many items of the scope disposal had already removed. An item is found by either of its ids' hashes."""
    row = own.execute(
        "SELECT count(*) AS gone FROM retention.disposed_items d WHERE (%(category)s::text IS NULL OR d.category = %(category)s) "
        "AND (%(tenant_id)s::text IS NULL OR d.tenant_id IS NULL OR d.tenant_id = %(tenant_id)s) "
        "AND (%(person)s::bytea IS NULL OR d.person_hash = %(person)s) "
        "AND (%(item)s::bytea IS NULL OR (d.place = %(place)s AND d.item_hash = %(item)s)) "
        "AND (%(started_from)s::timestamptz IS NULL OR d.arose_at IS NULL OR d.arose_at >= %(started_from)s) "
        "AND (%(started_before)s::timestamptz IS NULL OR d.arose_at IS NULL OR d.arose_at < %(started_before)s)",
        {
            **asdict(scope),
            "person": hasher.person(scope.person_id) if scope.person_id is not None else None,
            "item": hasher.item(scope.place, scope.item_id) if scope.place and scope.item_id else None,
        },
    ).fetchone()
    return int(row["gone"]) if row else 0
