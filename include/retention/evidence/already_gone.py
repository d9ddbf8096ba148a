"""How much of a hold's scope had gone before the hold came: what disposal recorded, and what it left open."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from retention.database import OwnConnection
from retention.evidence.hashing import ItemHasher
from retention.policy.facts import HoldScope


@dataclass(frozen=True, slots=True)
class GoneBefore:
    """Items of a scope: `already_gone` are recorded as gone; of `maybe_gone` nothing certain can be said.

    `under_way` may have gone in a batch whose result is not recorded (the next run tells); `other_key` went and were recorded
    under another hash key, so that nobody can compare them with the scope any more.
    """

    already_gone: int
    under_way: int
    other_key: int

    @property
    def maybe_gone(self) -> int:
        """What may have gone, for either reason."""
        return self.under_way + self.other_key

    def to_text(self) -> str:
        """One or more sentences for people."""
        text = f"{self.already_gone} {'item' if self.already_gone == 1 else 'items'} of its scope had already gone."
        if self.under_way:
            text += f" {self.under_way} more may have gone; the next run tells."
        if self.other_key:
            text += f" {self.other_key} more may have been among those that went under another hash key."
        return text


def count_gone(own: OwnConnection, hasher: ItemHasher, scope: HoldScope) -> GoneBefore:
    """Count what had gone. An item is found by its id or by its object's key, a person by the internal id.

    What lacks a tenant or a start counts where the rest matches: it may be in the scope. What was recorded without a person
    is in no person's scope. To be called when the hold is committed: from then on nothing of its scope goes any more.
    """
    parameters = {
        **scope.parts(),
        "person": hasher.person(scope.person_id) if scope.person_id is not None else None,
        "item": hasher.item(scope.place, scope.item_id) if scope.place and scope.item_id else None,
        "key_id": hasher.key_id,
    }
    recorded = own.execute(_RECORDED, parameters).fetchone()
    open_items = own.execute(_UNDER_WAY, parameters).fetchone()
    assert recorded is not None and open_items is not None  # an aggregate always gives one row
    return GoneBefore(recorded["gone"], open_items["items"], recorded["other_key"])


def _scope_of(table: str) -> sql.Composed:
    return sql.SQL(
        "(%(tenant_id)s::text IS NULL OR {table}.tenant_id IS NULL OR {table}.tenant_id = %(tenant_id)s) "
        "AND (%(started_from)s::timestamptz IS NULL OR {table}.arose_at IS NULL OR {table}.arose_at >= %(started_from)s) "
        "AND (%(started_before)s::timestamptz IS NULL OR {table}.arose_at IS NULL OR {table}.arose_at < %(started_before)s) "
        "AND (%(place)s::text IS NULL OR {table}.place = %(place)s)"
    ).format(table=sql.Identifier(table))


# Hashes under another key never match; where the scope asks for one, those rows are counted apart.
_RECORDED = sql.SQL(
    "SELECT count(*) FILTER (WHERE fits) AS gone, count(*) FILTER (WHERE NOT fits AND key_id <> %(key_id)s) AS other_key "
    "FROM (SELECT d.key_id, (%(person)s::bytea IS NULL OR d.person_hash IS NOT DISTINCT FROM %(person)s) "
    "AND (%(item)s::bytea IS NULL OR d.item_hash = %(item)s OR d.key_hash IS NOT DISTINCT FROM %(item)s) AS fits "
    "FROM retention.disposed_items d WHERE (%(category)s::text IS NULL OR d.category = %(category)s) AND {}) AS compared"
).format(_scope_of("d"))

_UNDER_WAY = sql.SQL(
    "SELECT count(DISTINCT (i.place, i.item_id)) AS items "
    "FROM retention.plan_item_states i JOIN retention.plans p USING (plan_id) "
    "WHERE i.state IN ('intended', 'failed') AND p.state NOT IN ('done', 'abandoned') "
    "AND (%(category)s::text IS NULL OR p.category = %(category)s) "
    "AND (%(person_id)s::text IS NULL OR i.person_id = %(person_id)s) "
    "AND (%(item_id)s::text IS NULL OR i.item_id = %(item_id)s OR i.object_key = %(item_id)s) AND {}"
).format(_scope_of("i"))
