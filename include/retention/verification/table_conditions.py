"""Which rows of a table need a look one by one: a wide net, in SQL. What they are, dates.sql and judge.sql say afterwards.

A row slips through only where the condition is FALSE: one that is NULL, because something is missing, is looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from psycopg import sql
from psycopg.types.json import Jsonb

from retention.verification.holds import HoldScope
from retention.verification.promised import SUPPRESSED, PromisedEvent, PromisedTerms
from retention.verification.row_queries import around, evidence, happened_sql, kept_by, storable, tenant_known

NEAR = timedelta(minutes=5)
"""A date that lies so far ahead is looked at; judged it is by the ten minutes of dates.sql, some minutes later."""


class Held(NamedTuple):
    """Whom the holds of one place mean that are not over: everything, or rows of these customers, persons, ids."""

    everything: bool
    tenants: list[str]
    persons: list[str]
    items: list[str]


def held_in(scopes: Iterable[HoldScope], place: str, category: str, now: datetime) -> Held:
    """The narrowest name of each hold that may cover a row of the place."""
    tenants, persons, items, everything = set[str](), set[str](), set[str](), False
    for scope in scopes:
        if scope.until <= now or scope.place not in (None, place) or scope.category not in (None, category):
            continue
        if scope.item_id is not None:
            items.add(scope.item_id)
        elif scope.person_id is not None:
            persons.add(scope.person_id)
        elif scope.tenant_id is not None:
            tenants.add(scope.tenant_id)
        else:
            everything = True
    return Held(everything, storable(sorted(tenants)), storable(sorted(persons)), storable(sorted(items)))


@dataclass(frozen=True, slots=True)
class Conditions:
    """The conditions on a row `f` of the map's SQL, which has `columns`; `ids` are rows that somebody asks for by name.

    `check_consents` is the consents' SQL where consents exempt.
    """

    terms: PromisedTerms
    columns: frozenset[str]
    person_known: sql.Composable
    check_consents: str | None
    as_of: datetime
    now: datetime
    held: Held
    ids: Collection[str]

    @property
    def parameters(self) -> dict[str, object]:
        """What the conditions' placeholders stand for."""
        return {
            "as_of": self.as_of,
            "nearly_now": self.now + NEAR,
            "soon": self.as_of + self.terms.release_time,
            "tenants": self.held.tenants,
            "persons": self.held.persons,
            "items": [*self.held.items, *self.ids],
            "agreed": Jsonb(self._agreed()),
        }

    def matters(self) -> sql.Composable:
        """Whether the row needs a look."""
        return sql.SQL("({})").format(sql.SQL(" OR ").join(sql.SQL("({})").format(one) for one in self._reasons()))

    def first_end(self) -> sql.Composable:
        """When the first promised end of the row comes; NULL where none is known."""
        return sql.SQL("least({})").format(sql.SQL(", ").join([sql.SQL("NULL"), *self._ends()]))

    def _reasons(self) -> Iterator[sql.Composable]:
        clock = sql.Identifier("f", f"start_{self.terms.clock_event}")
        # Without a good date of its own: missing, before 1990, in the future, or later than other evidence by more than a day.
        yield sql.SQL("{} BETWEEN '1990-01-01 00:00:00+00' AND %(nearly_now)s IS NOT TRUE").format(clock)
        yield sql.SQL("{} > coalesce({}, 'infinity') + interval '24 hours'").format(
            clock, sql.Identifier("f", "evidence_at")
        )
        for event in self._events():
            yield from self._of_event(event)
        # What is kept without a recorded end may be so no more at the next check: it is remembered while its end comes near.
        latest = sql.SQL("CASE WHEN {} <> 'nothing' THEN %(soon)s ELSE %(as_of)s END").format(kept_by(self.columns))
        for end in self._ends():
            yield sql.SQL("coalesce({} <= {}, FALSE)").format(end, latest)
        # Nobody may delete it, whenever its end comes: it is remembered, so that its loss is noticed.
        if "restricted" in self.columns:
            yield sql.SQL("coalesce(f.restricted, FALSE)")
        yield sql.SQL("NOT {}").format(tenant_known(self.columns))
        if "duty_paragraph" in self.columns:
            yield sql.SQL("coalesce(btrim(f.duty_paragraph) <> '', FALSE)")
        yield from self._of_holds()
        if self.check_consents is not None:
            yield sql.SQL("f.item_id IN (SELECT c.item_id FROM {} WHERE c.item_id IS NOT NULL)").format(
                around(self.check_consents, "c")
            )

    def _of_event(self, event: PromisedEvent) -> Iterator[sql.Composable]:
        """Nobody says whether it happened; or it did, and its date is none."""
        happened, at = happened_sql(event, self.columns), sql.Identifier("f", f"start_{event.name}")
        # Who has withdrawn is remembered: once the row has gone, nobody else knows who must stand on the suppression list.
        yield sql.SQL("{} IS NOT FALSE" if event.on_request and self._has_list else "{} IS NULL").format(happened)
        latest = sql.SQL("TRUE" if event.may_lie_ahead else "{} <= %(nearly_now)s").format(at)
        good = sql.SQL("{} >= '1990-01-01 00:00:00+00' AND {}").format(at, latest)
        yield sql.SQL("{} AND ({}) IS NOT TRUE").format(happened, good)

    def _of_holds(self) -> Iterator[sql.Composable]:
        if self.held.everything:
            yield sql.SQL("TRUE")
        if self.held.tenants:
            yield sql.SQL("coalesce(f.tenant_id = ANY(%(tenants)s), TRUE)")
        if self.held.persons:
            yield sql.SQL("coalesce(f.person_id = ANY(%(persons)s), FALSE) OR NOT {}").format(self.person_known)
        if self.held.items or self.ids:
            yield sql.SQL("CAST(f.item_id AS text) = ANY(%(items)s)")

    def _ends(self) -> Iterator[sql.Composable]:
        if self.terms.cap is not None:
            start = evidence(f"start_{self.terms.clock_event}")
            yield sql.SQL("{} + {}").format(start, self._limit(self.terms.clock_event, self.terms.cap))
        for event in self._events():
            start, limit = evidence(f"start_{event.name}"), self._limit(event.name, event.ends_after)
            yield sql.SQL("CASE WHEN {} THEN {} + {} END").format(happened_sql(event, self.columns), start, limit)

    @property
    def _has_list(self) -> bool:
        return any(event.name == SUPPRESSED for event in self.terms.events)

    def _events(self) -> list[PromisedEvent]:
        return [event for event in self.terms.events if event.name != SUPPRESSED]

    def _limit(self, event: str, limit: timedelta) -> sql.Composable:
        """The promised limit, or what was agreed with the row's customer."""
        if not self.terms.tenants:
            return sql.Literal(limit)
        return sql.SQL("coalesce(CAST(%(agreed)s -> f.tenant_id ->> {} AS interval), {})").format(
            sql.Literal(event), sql.Literal(limit)
        )

    def _agreed(self) -> Mapping[str, Mapping[str, str]]:
        agreed: dict[str, dict[str, str]] = {}
        for tenant, limits in self.terms.tenants.items():
            own = self.terms.shortened(limits)
            ends = {event.name: event.ends_after for event in own.events}
            ends |= {own.clock_event: own.cap} if own.cap is not None else {}
            agreed[tenant] = {name: f"{end.total_seconds()} seconds" for name, end in ends.items()}
        return agreed
