"""Legal holds as they stand in our own database: set, approve, end, read for a decision."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from retention import locks
from retention.database import OwnConnection, database_time
from retention.errors import HoldsUnreadable, RequestError
from retention.evidence import ledger
from retention.evidence.already_gone import GoneBefore, count_gone
from retention.evidence.hashing import ItemHasher
from retention.evidence.people import require_person_and_reason
from retention.policy.decide import NEVER
from retention.policy.facts import Hold, HoldScope
from retention.policy.holds import holds_until, is_approved, is_in_force

__all__ = [
    "HoldScope",
    "HoldSet",
    "add_hold",
    "approve_hold",
    "canonical_scope",
    "check_scope",
    "end_hold",
    "read_holds",
    "read_reasons",
]

# An internal id may be a number, even one that begins with 0. A telephone number is told by its + or its separators.
_IDS = ("tenant_id", "person_id", "item_id")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_DIRECT_IDENTIFIER = re.compile(r"@|\s|^\+[0-9]|^(?=.*[()/.-])[0-9()/.-]{6,}$")


@dataclass(frozen=True, slots=True)
class HoldSet:
    """A hold that was just set or approved, whether it holds now, and what of its scope had gone before it did."""

    hold_id: UUID
    scope: Mapping[str, Any]
    effective_at: datetime
    in_force: bool
    gone: GoneBefore

    @property
    def already_gone(self) -> int:
        """Items of the scope that are recorded as gone."""
        return self.gone.already_gone


def read_holds(own: OwnConnection) -> list[Hold]:
    """Every hold ever set, ended ones too. Raises HoldsUnreadable: without this list nothing may be deleted."""
    try:
        rows = own.execute(_READ).fetchall()
    except psycopg.Error as error:
        raise HoldsUnreadable(
            f"the list of legal holds could not be read (SQLSTATE {error.sqlstate}); expected table retention.holds and "
            "the right to read it. Nothing is deleted until it can be read."
        ) from None
    return [_hold_of(row) for row in rows]


def read_reasons(own: OwnConnection) -> dict[str, str]:
    """Why each hold was set, by its id. Apart from the rest: a decision needs no words, and they may name somebody."""
    return {str(row["hold_id"]): row["reason"] for row in own.execute("SELECT hold_id, reason FROM retention.holds")}


# One hold that somebody wrote into the table with a date that Python can't hold must neither make all holds unreadable, nor end.
# An end at infinity is none: the review date counts, and without one the hold holds until somebody ends it.
_READABLE = sql.SQL("CASE WHEN {0} IS NOT NULL THEN greatest(least({0}, {never}), '0001-01-02 00:00:00+00') END")
_INSTANTS = ("started_from", "started_before", "effective_at", "review_at", "ended_at")
_ENDS = sql.SQL("CASE WHEN ends_at >= {never} AND review_at IS NOT NULL THEN NULL ELSE {readable} END AS ends_at")


def _column(name: str) -> sql.Composable:
    column, never = sql.Identifier(name), sql.Literal(NEVER)
    readable = _READABLE.format(column, never=never)
    if name == "ends_at":
        return _ENDS.format(never=never, readable=readable)
    return sql.SQL("{} AS {}").format(readable, column) if name in _INSTANTS else column


_READ = sql.SQL("SELECT {} FROM retention.holds").format(
    sql.SQL(", ").join(_column(column.name) for column in fields(Hold))
)


def _hold_of(row: Mapping[str, Any]) -> Hold:
    return Hold(**{**row, "hold_id": str(row["hold_id"])})


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

    Raises RequestError for what would hold nothing, or nobody could tell why: an empty or contradictory scope, no end and no
    review date, one in the past, an approver who is the requester or nobody; and for an id that looks like a name, an e-mail
    address or a telephone number.
    """
    scope = canonical_scope(scope)
    require_person_and_reason(requested_by, reason)
    with own.transaction():
        now = _lock(own)
        unset = Hold(
            hold_id="",
            requested_by=requested_by,
            approved_by=approved_by,
            effective_at=now,
            ends_at=ends_at,
            review_at=review_at,
            **scope.parts(),
        )
        _check_dates(unset, now)
        if approved_by is not None:
            _require_second_person(unset)
        row = own.execute(
            "INSERT INTO retention.holds (category, tenant_id, person_id, place, item_id, started_from, started_before, "
            "reason, requested_by, approved_by, effective_at, ends_at, review_at) VALUES (%(category)s, %(tenant_id)s, "
            "%(person_id)s, %(place)s, %(item_id)s, %(started_from)s, %(started_before)s, %(reason)s, %(requested_by)s, "
            "%(approved_by)s, %(effective_at)s, %(ends_at)s, %(review_at)s) RETURNING hold_id",
            {**asdict(unset), "reason": reason},
        ).fetchone()
        assert row is not None  # INSERT … RETURNING gives a row or raises
        hold = replace(unset, hold_id=str(row["hold_id"]))
        body = {
            "hold": hold.hold_id,
            "scope": sorted(scope.filled()),
            "scope_hash": hasher.scope(scope.filled()).hex(),
            "key": hasher.key_id,
            "requested_by": requested_by,
            "approved_by": approved_by,
            "effective_at": now,
            "ends_at": ends_at,
            "review_at": review_at,
        }
        ledger.append(own, "hold_set", body)
    return _with_gone(own, hasher, hold, now)


def approve_hold(own: OwnConnection, hasher: ItemHasher, hold_id: UUID, *, approved_by: str, reason: str) -> HoldSet:
    """Approve a hold that nobody has approved yet, as a second person: it holds from now on. Waits for batches, as setting does.

    Raises RequestError for an unknown, ended, lapsed or approved hold, and where the approver is the requester.
    """
    require_person_and_reason(approved_by, reason)
    with own.transaction():
        now = _lock(own)
        found = own.execute(_READ + sql.SQL(" WHERE hold_id = %s"), (hold_id,)).fetchone()
        hold = _hold_of(found) if found is not None else None
        if hold is None or hold.ended_at is not None:
            raise RequestError(f"found no open hold {hold_id}; expected the id of one that has not ended (`hold list`)")
        if is_approved(hold):
            raise RequestError(
                f"found hold {hold_id} approved already; expected one that waits for approval (`hold list`)"
            )
        hold = replace(hold, approved_by=approved_by, effective_at=now)
        _require_second_person(hold)
        _check_dates(hold, now)
        own.execute(
            "UPDATE retention.holds SET approved_by = %s, effective_at = %s WHERE hold_id = %s",
            (approved_by, now, hold_id),
        )
        body = {"hold": hold_id, "by": approved_by, "effective_at": now, "reason": reason}
        ledger.append(own, "hold_approved", body)
    return _with_gone(own, hasher, hold, now)


def end_hold(own: OwnConnection, hold_id: UUID, *, ended_by: str, reason: str) -> datetime:
    """End a hold now and return when; raises RequestError for an unknown hold or one that has ended."""
    require_person_and_reason(ended_by, reason)
    with own.transaction():
        row = own.execute(
            "UPDATE retention.holds SET ended_at = clock_timestamp(), ended_by = %s "
            "WHERE hold_id = %s AND ended_at IS NULL RETURNING ended_at",
            (ended_by, hold_id),
        ).fetchone()
        if row is None:
            raise RequestError(f"found no open hold {hold_id}; expected the id of one that has not ended (`hold list`)")
        ended_at: datetime = row["ended_at"]
        ledger.append(own, "hold_ended", {"hold": hold_id, "by": ended_by, "ended_at": ended_at, "reason": reason})
    return ended_at


def _lock(own: OwnConnection) -> datetime:
    """Wait for running batches and keep new ones out until the transaction ends; returns an instant after every batch before.

    The table's trigger takes the lock too; taking it first makes `effective_at` later than what those batches removed.
    """
    own.execute(f"SELECT pg_advisory_xact_lock({locks.HOLDS})")
    return database_time(own)


def _with_gone(own: OwnConnection, hasher: ItemHasher, hold: Hold, now: datetime) -> HoldSet:
    """Count what had gone, after the hold is committed: no batch waits for the count, and none can add to it once those that went
    before the hold are recorded."""
    with own.transaction():
        own.execute(f"SELECT pg_advisory_xact_lock({locks.RESULTS})")
    gone = count_gone(own, hasher, hold)
    body = {
        "hold": hold.hold_id,
        "already_gone": gone.already_gone,
        "under_way": gone.under_way,
        "other_key": gone.other_key,
    }
    ledger.append(own, "hold_already_gone", body | {"key": hasher.key_id})
    return HoldSet(UUID(hold.hold_id), hold.filled(), hold.effective_at, is_in_force(hold, now), gone)


def canonical_scope(scope: HoldScope) -> HoldScope:
    """The scope as it is stored: ids that are UUIDs in lower case, as the sources write them. Raises as `check_scope`."""
    check_scope(scope)
    ids = {name: value for name, value in scope.filled().items() if name in _IDS}
    return replace(scope, **{name: value.lower() for name, value in ids.items() if _UUID.fullmatch(value)})


def check_scope(scope: HoldScope) -> None:
    """Raise RequestError for a scope that covers nothing, or names a person by anything but the source's internal id."""
    filled = scope.filled()
    if not filled.keys() - {"place"}:
        raise RequestError(
            "found a hold without a scope; expected at least one of category, tenant, person, item, dates"
        )
    if any(isinstance(value, str) and not value.strip() for value in filled.values()):
        raise RequestError("found an empty text in the scope; expected an id or a name, or no option at all")
    blank = [name for name in _IDS if (value := filled.get(name)) is not None and value != value.strip()]
    if blank:
        raise RequestError(
            f"{blank[0]}: found blanks before or after the id; expected the id alone, as the source has it"
        )
    if (scope.item_id is None) != (scope.place is None):
        raise RequestError("found an item without its place (or the reverse); expected both --place and --item")
    first, end = scope.started_from, scope.started_before
    if first is not None and end is not None and first >= end:
        raise RequestError("found a period that ends before it starts; expected --started-from before --started-before")
    for name in ("tenant_id", "person_id"):
        if _DIRECT_IDENTIFIER.search(str(filled.get(name, ""))):
            raise RequestError(
                f"{name}: found what looks like a name, an address or a telephone number; expected the source's internal id"
            )


def _check_dates(hold: Hold, now: datetime) -> None:
    """A hold lasts until its end or review date, and that is to come."""
    until = holds_until(hold)
    if until is None or max(until, hold.review_at or until) >= NEVER:
        raise RequestError("found a hold without an end; expected --ends or --review: no hold lasts unseen for ever")
    if until <= now or (hold.review_at is not None and hold.review_at <= now):
        raise RequestError(
            f"found a hold until {until.isoformat()}, which is past; expected an end and a review to come"
        )


def _require_second_person(hold: Hold) -> None:
    if not is_approved(hold):
        raise RequestError(
            "found an approver who is nobody or the requester; expected a second person: case and spaces make no other name"
        )
