"""Whether a promise was kept at every instant, by the promises' text and plain arithmetic alone: nothing here knows decide().

An item's state changes only at instants that can be listed: to look at each of them and between each two is to look at all time.
Only the lead, before which nothing may go, is taken from the rule's file: a promise says by when, not from when on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from tests.policy.simulated_item import Change, Fate, Life

NEVER = datetime(9000, 1, 1, tzinfo=UTC)
CHECKED_FROM, CHECKED_EVERY = datetime(2020, 1, 1, 0, 50, tzinfo=UTC), timedelta(hours=1)
"""The checks' own clock (dags/verify_retention.py): every hour, at ten minutes to."""


class Limit(NamedTuple):
    """Gone `within` that time of an event, and not before `lead` is left of it."""

    within: timedelta
    lead: timedelta
    on_request: bool


class Span(NamedTuple):
    """Something protects an item from one instant until before another."""

    begins_at: datetime
    ends_at: datetime


class Breach(NamedTuple):
    """A promise that was not kept: `late` (still there) or `early` (gone), with the first instant of it."""

    what: str
    name: str
    at: datetime


@dataclass(frozen=True)
class Promised:
    """One category's promise as its YAML says it."""

    clock_event: str
    limits: dict[str, Limit]
    after_protection: timedelta
    duties: bool
    parties: tuple[str, ...] = ()
    scope: str = ""
    valid_for: timedelta = timedelta(0)
    tenants: dict[str, dict[str, timedelta]] = field(default_factory=dict)

    def limit(self, life: Life, event: str) -> Limit:
        """The limit for this customer; the lead stays, as far as a shorter limit leaves room for it."""
        limit = self.limits[event]
        within = min(limit.within, self.tenants.get(life.tenant_id, {}).get(event, limit.within))
        return limit._replace(within=within, lead=min(limit.lead, within))

    def breaches(self, fates: list[Fate], *, first: datetime, last: datetime, clock_ahead: timedelta) -> list[Breach]:
        """Everything that was there past its promise between two instants, and everything that went early."""
        found = []
        for life, gone_at, shown_until in fates:
            if gone_at is not None and not any(
                self.may_go(life, gone_at, at) for at in (gone_at, gone_at + clock_ahead)
            ):
                found.append(Breach("early", life.name, gone_at))
            there = Span(max(first, life.born_at), shown_until if shown_until is not None else last)
            late_at = next((at for at in self._looks(life, there) if self.must_be_gone(life, at)), None)
            if late_at is not None:
                found.append(Breach("late", life.name, late_at))
        return found

    def must_be_gone(self, life: Life, at: datetime) -> bool:
        """Whether the promise is that it is not there at this instant."""
        if life.keeping is not None and life.keeping.is_on(at):
            return False
        for requested in (False, True):
            happened = {event: when for event, when in self._said(life, at).items() if when <= at}
            ends = [when + self.limit(life, event).within for event, when in self._of(happened, requested)]
            spans = self._spans(life, at, requested)
            if not ends or any(span.begins_at <= at < span.ends_at for span in spans):
                continue
            released = [span.ends_at + self.after_protection for span in spans if span.ends_at <= at]
            released += [seen_at + self.after_protection for seen_at in _last_seen_kept(life) if seen_at <= at]
            if at > max([min(ends), *released]):
                return True
        return False

    def may_go(self, life: Life, known_at: datetime, at: datetime) -> bool:
        """Whether it may go at this instant, by what is known at `known_at`."""
        if life.keeping is not None and life.keeping.is_on(at):
            return False
        for requested in (False, True):
            dues = [due for _, due in self._dues(life, known_at, requested)]
            spans = self._spans(life, known_at, requested)
            if dues and min(dues) <= at and not any(span.begins_at <= at < span.ends_at for span in spans):
                return True
        return False

    def due_at(self, life: Life, known_at: datetime) -> datetime:
        """When it falls due, protections aside."""
        return min((due for _, due in self._dues(life, known_at, requested=False)), default=NEVER)

    def releases(self, life: Life, known_at: datetime) -> list[datetime]:
        """When what protects it ends."""
        return [span.ends_at for span in self._spans(life, known_at, requested=False)]

    def instants(self, life: Life) -> list[datetime]:
        """All instants at which anything can change for the item."""
        found = [life.born_at]
        events = life.events | {self.clock_event: _birth(life)}
        for event, changes in events.items():
            found += [change.known_at for change in changes] + [change.at for change in changes if change.at]
            if event in self.limits:
                limit, youngest = self.limit(life, event), life.youngest_at or life.born_at
                found += [change.at + limit.within for change in changes if change.at]
                found += [change.at + limit.within - limit.lead for change in changes if change.at]
                found += [youngest + limit.within - limit.lead]
        spans = [span for at in list(found) for span in self._spans(life, at, requested=False)]
        spans += [Span(life.keeping.begins_at, life.keeping.ends_at)] if life.keeping else []
        found += [seen_at + self.after_protection for seen_at in _last_seen_kept(life)]
        found += [at for span in spans for at in (*span, min(span.ends_at, NEVER) + self.after_protection)]
        return sorted({at for at in found if at < NEVER})

    def _looks(self, life: Life, there: Span) -> Iterator[datetime]:
        marks = sorted({at for at in self.instants(life) if there.begins_at < at < there.ends_at} | {*there})
        for one, two in pairwise(marks):
            yield from (one, one + (two - one) / 2)

    def _said(self, life: Life, at: datetime) -> dict[str, datetime]:
        """What is true of the events at this instant, whether or not a store shows it already."""
        said: dict[str, datetime | None] = {}
        for event, changes in (life.events | {self.clock_event: _birth(life)}).items():
            known = [change.at for change in changes if change.known_at <= at]
            said[event] = known[-1] if known else None
        return {event: when for event, when in said.items() if when is not None and event in self.limits}

    def _dues(self, life: Life, at: datetime, requested: bool) -> Iterator[tuple[str, datetime]]:
        for event, when in self._of(self._said(life, at), requested):
            limit = self.limit(life, event)
            last = max(when, life.youngest_at or when) if event == self.clock_event else when
            yield event, last + limit.within - limit.lead

    def _of(self, said: dict[str, datetime], requested: bool) -> list[tuple[str, datetime]]:
        return [(event, when) for event, when in said.items() if self.limits[event].on_request or not requested]

    def _spans(self, life: Life, at: datetime, requested: bool) -> list[Span]:
        """What protects the item: from what customer or person decided, no consent does, and with a customer's data no hold."""
        spans = []
        if self.duties and life.duty is not None:
            spans.append(Span(life.born_at, life.duty.until or NEVER))
        if not (requested and life.is_processor):
            spans += _holds(life)
        if self.parties and not requested:
            spans += self._consents(life, self.due_at(life, at))
        return [span for span in spans if span.begins_at < span.ends_at]

    def _consents(self, life: Life, due_at: datetime) -> list[Span]:
        """From the last party's consent until the first party's ends; only what was given and recorded before due counts."""
        begins, ends = [], []
        for party in self.parties:
            mine = [consent for consent in life.consents if (consent.party, consent.scope) == (party, self.scope)]
            in_time = [
                Span(
                    max(one.given_at, one.recorded_at),
                    min(
                        one.ends_at or NEVER,
                        *(
                            other.withdrawn_at or NEVER
                            for other in mine
                            if (other.withdrawn_at or NEVER) >= one.given_at
                        ),
                        max(one.given_at, one.reviewed_at or one.given_at) + self.valid_for,
                    ),
                )
                for one in mine
                if max(one.given_at, one.recorded_at) < due_at
            ]
            if not in_time:
                return []
            begins.append(min(span.begins_at for span in in_time))
            ends.append(max(span.ends_at for span in in_time))
        return [Span(max(begins), min(ends))]


def _birth(life: Life) -> tuple[Change, ...]:
    return (Change(life.born_at, life.born_at),)


def _last_seen_kept(life: Life) -> list[datetime]:
    """When a check last saw it restricted, or waiting: nobody else knows until when it was so."""
    if life.keeping is None or life.keeping.ends_at >= NEVER:
        return []
    last = life.keeping.ends_at - (life.keeping.ends_at - CHECKED_FROM) % CHECKED_EVERY
    last -= CHECKED_EVERY if last == life.keeping.ends_at else timedelta(0)
    return [last] if last >= life.keeping.begins_at else []


def _holds(life: Life) -> list[Span]:
    """Every hold that a second person approved, from then on at the earliest, until its end, its review or its lifting."""
    return [
        Span(
            max(placed.placed_at, placed.approved_at, placed.hold.effective_at),
            min(placed.hold.ends_at or placed.hold.review_at or placed.placed_at, placed.hold.ended_at or NEVER),
        )
        for placed in life.holds
        if placed.is_meant and placed.approved_at and placed.hold.approved_by not in (None, placed.hold.requested_by)
    ]


_PERIOD = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


def read_promised(folder: Path, category: str) -> Promised:
    """The category's promise, its rule's leads, and what was agreed with customers, as they stand in the files."""
    rule = _read(folder / f"{category}.yaml")
    promises = _read(folder / "promises.yaml")["promises"]
    promise, starts = promises[rule["clause"]], rule["versions"][-1]["start_points"]
    leads = {start["event"]: start["lead"] for start in starts if "lead" in start}
    limits = {
        one["event"]: Limit(
            within := _period(one.get("limit") or one["allowed_latency"]),
            _period(leads[one["event"]]) if one["event"] in leads else within,
            one.get("on_request", False),
        )
        for one in promise["maxima"]
    }
    latencies = [_period(one["allowed_latency"]) for one in promise["maxima"] if "allowed_latency" in one]
    released = promise.get("after_protection")
    asked = promises[promise["exemption"]]["consents"] if "exemption" in promise else None
    return Promised(
        promise.get("dated_by") or next(one["event"] for one in promise["maxima"] if "limit" in one),
        limits,
        _period(released) if released else min(latencies, default=timedelta(0)),
        promise.get("duties", False),
        tuple(asked["parties"]) if asked else (),
        asked["scope"] if asked else "",
        _period(asked["review_every"]) + _period(asked["review_grace"]) if asked else timedelta(0),
        dict(_agreed(folder, category)),
    )


def _agreed(folder: Path, category: str) -> Iterator[tuple[str, dict[str, timedelta]]]:
    for path in sorted((folder / "tenants").glob("*.yaml")):
        terms = _read(path)
        if category in terms["limits"]:
            yield terms["tenant"], {one["event"]: _period(one["limit"]) for one in terms["limits"][category]}


def _read(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


def _period(text: str) -> timedelta:
    match = _PERIOD.fullmatch(text)
    assert match is not None, text
    days, hours, minutes, seconds = (int(count or 0) for count in match.groups())
    return timedelta(seconds=((days * 24 + hours) * 60 + minutes) * 60 + seconds)
