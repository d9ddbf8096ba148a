"""A purge's plan as the approver looks at it: counts by place and reason, the oldest and the newest; no id."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from retention.database import OwnConnection
from retention.disposal.approvals import needed
from retention.disposal.guard import plan_row
from retention.disposal.purged import OUT_OF_SCOPE

_PLACES = """
SELECT place, count(*) AS items, count(*) FILTER (WHERE reason = 'waits') AS waiting, count(DISTINCT tenant_id) AS tenants,
    min(arose_at) AS oldest_at, max(arose_at) AS newest_at
FROM retention.plan_items WHERE plan_id = %s GROUP BY place ORDER BY place
"""


@dataclass(frozen=True, slots=True)
class PlacePreview:
    """What would go of one place: `items`, of which `waiting` go only if something else has gone first; `oldest_at` and
    `newest_at` by their own start, None where none has one."""

    place: str
    items: int
    waiting: int
    tenants: int
    oldest_at: datetime | None
    newest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Preview:
    """The plan in numbers. `stays` counts by reason what was asked for and stays, `not_asked_for` all else that was looked at."""

    plan_id: UUID
    category: str
    digest: str
    as_of: datetime
    expires_at: datetime
    goes: int
    places: tuple[PlacePreview, ...]
    stays: dict[str, int]
    not_asked_for: int
    blocked_reason: str | None
    approvals_needed: int
    mode: str

    def to_json(self) -> dict[str, Any]:
        """Fields of the command line's JSON."""
        return asdict(self)


def preview_of(own: OwnConnection, plan_id: UUID) -> Preview:
    """Read the plan of a purge back. Raises RequestError where there is none."""
    plan = plan_row(own, plan_id)
    stays = dict(plan["kept_by_reason"])
    return Preview(
        plan_id=plan_id,
        category=plan["category"],
        digest=plan["digest"],
        as_of=plan["as_of"],
        expires_at=plan["expires_at"],
        goes=plan["due"],
        places=tuple(PlacePreview(**row) for row in own.execute(_PLACES, (plan_id,))),
        not_asked_for=stays.pop(OUT_OF_SCOPE, 0),
        stays=dict(sorted(stays.items())),
        blocked_reason=plan["blocked_reason"],
        approvals_needed=needed(plan),
        mode=plan["mode"],
    )
