"""Legal holds of the sample company, from the terms of a case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from retention.sample.ids import sample_id
from retention.sample.rows import Hold
from retention.sample.situation import HoldTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseItem:
    """One item of a case: its ids as the data map's SQL returns them, and when it arose (aware)."""

    case_name: str
    number: int
    category: str
    place: str
    tenant_id: str
    person_id: str
    item_id: str
    arose_at: datetime


def build_hold(seed: int, now: datetime, item: CaseItem, terms: HoldTerms) -> Hold:
    """The hold of these terms; for a person, tenant or period there is only one for all items of a case.

    A hold on a person names the tenant too: without it, it would cover every orphan, which could be anybody's.
    """
    effective_at = now - terms.effective_ago
    is_period, is_item = terms.scope == "period", terms.scope == "item"
    return Hold(
        hold_id=_hold_id(seed, item),
        category=item.category,
        tenant_id=None if is_item else item.tenant_id,
        person_id=item.person_id if terms.scope == "person" else None,
        place=item.place if is_item else None,
        item_id=item.item_id if is_item else None,
        started_from=item.arose_at - timedelta(days=1) if is_period else None,
        started_before=item.arose_at + timedelta(days=1) if is_period else None,
        reason="Beweissicherung in einem (erfundenen) Rechtsstreit",
        requested_by="legal",
        approved_by=terms.approved_by,
        created_at=min(effective_at, now) - timedelta(hours=1),
        effective_at=effective_at,
        ends_at=before(now, terms.ends_ago),
        review_at=before(now, terms.review_ago) if terms.ends_ago is None else None,
        ended_at=before(now, terms.ended_ago),
        ended_by="legal" if terms.ended_ago is not None else None,
    )


def _hold_id(seed: int, item: CaseItem) -> UUID:
    return sample_id(seed, "hold", item.case_name, item.number)


def before(now: datetime, ago: timedelta | None) -> datetime | None:
    """The instant `ago` before `now`; None stays None."""
    return None if ago is None else now - ago
