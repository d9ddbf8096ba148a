"""Who may do what, asked of Airflow's own users and roles (FAB); and who may answer where four eyes are asked for."""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.providers.fab.auth_manager.fab_auth_manager import FabAuthManager

from retention.access import FOUR_EYES, Method, Right
from retention.orchestration.four_eyes import is_four_eyes, left_out
from retention.policy.holds import is_second_person

_ACTIONS = {Method.READ: "can_read", Method.ADD: "can_create", Method.CHANGE: "can_edit", Method.END: "can_delete"}
_ADMIN = "Admin"


class RetentionFabAuthManager(FabAuthManager):
    """FAB's, and two things more. `access_control` of DAGs is applied only by a class whose name ends as this one's does."""

    def may(self, user: Any, right: Right) -> bool:
        """Whether the user has the right by one of their roles; for four eyes, by another one than Airflow's `Admin`."""
        roles = [role for role in user.roles if right not in FOUR_EYES or role.name != _ADMIN]
        wanted = (_ACTIONS[right.value.method], right.value.resource)
        return any((one.action.name, one.resource.name) == wanted for role in roles for one in role.permissions)

    def is_authorized_hitl_task(self, *, assigned_users: set[str], user: Any) -> bool:
        """Where another person has to approve: anybody with the right, but none of those who are left out."""
        if not is_four_eyes(assigned_users):
            return super().is_authorized_hitl_task(assigned_users=assigned_users, user=user)
        others = all(is_second_person(user.get_name(), one) for one in left_out(assigned_users))
        return others and self.may(user, Right.APPROVE_PURGE)


def may(user: Any, right: Right) -> bool:
    """Whether this Airflow's auth manager gives the user the right. Another auth manager than ours gives none."""
    manager = get_auth_manager()
    return isinstance(manager, RetentionFabAuthManager) and manager.may(user, right)
