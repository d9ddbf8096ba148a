"""A second person's approval of exactly one plan, by its digest."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from retention.database import OwnConnection, database_time
from retention.disposal.approvals import Via
from retention.disposal.guard import plan_row, require_digest, require_known_approver, require_unexpired
from retention.errors import GuardError, PlanError
from retention.evidence import ledger
from retention.evidence.people import require_person_and_reason
from retention.policy.holds import is_second_person


def approve_plan(
    own: OwnConnection, plan_id: UUID, digest: str, *, approved_by: str, reason: str, via: Via = Via.COMMAND_LINE
) -> dict[str, Any]:
    """Record the approval, in our database and in the ledger. `via` says how the approver was known.

    Raises GuardError when the requester approves their own plan, PlanError for another digest or a plan that is not ready,
    RequestError for one that does not exist, or for no approver or reason.
    """
    require_person_and_reason(approved_by, reason)
    plan = plan_row(own, plan_id)
    require_known_approver(plan, via)
    if plan["state"] != "ready":
        raise PlanError(f"plan {plan_id} is {plan['state']}; expected one that is ready")
    require_digest(plan, digest, undone="approved")
    require_unexpired(plan, database_time(own))
    if not is_second_person(approved_by, plan["requested_by"]):
        raise GuardError(f"{approved_by} requested plan {plan_id}; expected a second person to approve it")
    with own.transaction():
        own.execute(
            "INSERT INTO retention.approvals (plan_id, digest, approved_by, reason, via) VALUES (%s, %s, %s, %s, %s) "
            "ON CONFLICT (plan_id, digest, approved_by) DO NOTHING",
            (plan_id, digest, approved_by, reason, via),
        )
        body = {"plan": plan_id, "digest": digest, "by": approved_by, "reason": reason, "via": via}
        head = ledger.append(own, "approval", body)
    return {"plan_id": plan_id, "digest": digest, "approved_by": approved_by, "ledger_head": head.hash}
