"""What a plan of a purge was asked for, kept beside its items and let go with them: it may name a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from retention.database import OwnConnection
from retention.disposal.purged import COVERAGE, PurgeScope
from retention.errors import PlanError
from retention.evidence.hashing import ItemHasher


def scope_hash(hasher: ItemHasher, scope: PurgeScope) -> str:
    """What stands for the scope where nobody may be named."""
    return hasher.scope(scope.filled()).hex()


def keep_scope(own: OwnConnection, plan_id: UUID, scope: PurgeScope) -> None:
    """Keep it as long as the plan's items."""
    own.execute("INSERT INTO retention.plan_scopes (plan_id, scope) VALUES (%s, %s)", (plan_id, Jsonb(scope.to_json())))


def scope_of(own: OwnConnection, hasher: ItemHasher, plan: Mapping[str, Any]) -> PurgeScope | None:
    """What was asked for; None for a plan of another coverage, which nobody asked for.

    Raises PlanError where it is not there any more, or is not what the plan's digest covers: a missing scope never means all.
    """
    if plan["coverage"] != COVERAGE:
        return None
    row = own.execute("SELECT scope FROM retention.plan_scopes WHERE plan_id = %s", (plan["plan_id"],)).fetchone()
    scope = PurgeScope.from_json(row["scope"]) if row is not None else None
    if scope is None or scope_hash(hasher, scope) != plan["scope_hash"]:
        raise PlanError(
            f"plan {plan['plan_id']}: what was asked for is not there any more, or was changed; expected what its digest covers. "
            "Nothing was deleted. Ask again, and find out who did."
        )
    return scope
