"""What the form of a new hold says, as a scope and dates. Days are those of Berlin, and the last one counts."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta

from pydantic import BaseModel, Field

from retention.datamap.loader import DataMap
from retention.errors import RequestError
from retention.evidence.holds import HoldScope
from retention.policy.loader import Policy
from retention.policy.periods import start_of_day


class HoldForm(BaseModel):
    """The fields as they come: text, empty where nobody filled them in."""

    token: str = Field(default="", max_length=500)
    reason: str = Field(default="", max_length=2_000)
    category: str = Field(default="", max_length=200)
    tenant: str = Field(default="", max_length=500)
    person: str = Field(default="", max_length=500)
    place: str = Field(default="", max_length=200)
    item: str = Field(default="", max_length=2_000)
    started_from: str = Field(default="", max_length=40)
    started_before: str = Field(default="", max_length=40)
    ends: str = Field(default="", max_length=40)
    review: str = Field(default="", max_length=40)

    def scope(self) -> HoldScope:
        """What it is to cover."""
        return HoldScope(
            category=self.category or None,
            tenant_id=self.tenant or None,
            person_id=self.person or None,
            place=self.place or None,
            item_id=self.item or None,
            started_from=_start("--started-from", self.started_from),
            started_before=_start("--started-before", self.started_before),
        )

    def ends_at(self) -> datetime | None:
        """When it ends: with the day that was named."""
        return _end("--ends", self.ends)

    def review_at(self) -> datetime | None:
        """When it must have been reviewed."""
        return _end("--review", self.review)


def require_known(form: HoldForm, policy: Policy, datamap: DataMap) -> None:
    """Raise RequestError for a category without a rule or a place, which would cover nothing and stop every plan, and for a place
    that the data map does not know."""
    mapped = {place.spec.category for place in datamap.places.values()}
    _require("--category", form.category, policy.rules.keys() & mapped, "a data category that has a rule and a place")
    _require("--place", form.place, datamap.places.keys(), "a place of the data map")


def _require(option: str, found: str, known: Collection[str], what: str) -> None:
    if found and found not in known:
        raise RequestError(f"{option}: found {found!r}; expected {what}: {', '.join(sorted(known))}. No hold was set.")


def _day(option: str, text: str) -> date | None:
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        day = date.min
    if day is not None and not date(1971, 1, 1) <= day <= date(9000, 1, 1):
        raise RequestError(f"{option}: found {text!r}; expected a day such as 2026-01-31. No hold was set.")
    return day


def _start(option: str, text: str) -> datetime | None:
    day = _day(option, text)
    return start_of_day(day) if day is not None else None


def _end(option: str, text: str) -> datetime | None:
    day = _day(option, text)
    return start_of_day(day + timedelta(days=1)) if day is not None else None
