"""Roles and users of the local Airflow, made in one process: each `airflow users create` would cost three seconds.

Runs inside Airflow's environment: `python -m retention.local.accounts`, with `{user: [role, password]}` as JSON on
standard input (so that no password is ever on a command line). Safe to run again; passwords are set anew.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from retention.access import ROLES, Method

REPORTS = [("can_read", "Plugins")]
"""Whoever is logged in may read the reports; Airflow itself asks for this to show the menu entry and the page in its frame."""
AUDIT = [("can_read", "Audit Logs"), ("menu_access", "Audit Logs")]
MEND_RUNS = [("can_edit", "DAG Runs"), ("can_create", "Task Instances"), ("can_edit", "Task Instances")]
DAGS_OF_ENGINEERS = (
    "airflow_maintenance",
    "back_up",
    "dispose_audio",
    "dispose_audio_listing",
    "dispose_leads",
    "dispose_logs",
    "dispose_marketing",
    "dispose_others",
    "dispose_transcripts",
    "dispose_usage",
    "plant_canaries",
    "sign_ledger",
    "verify_retention",
)
"""Rights to start and change runs are given DAG by DAG: a global `can_edit DAGs` would include manual purges."""
PURGE = "manual_purge"
"""The DAG that only people on call may start."""
ANSWER = [("can_read", "HITL Detail"), ("can_edit", "HITL Detail"), ("menu_access", "HITL Detail")]
"""Airflow's *Required actions*; who may answer which, our auth manager says."""
ACTIONS = {Method.READ: "can_read", Method.ADD: "can_create", Method.CHANGE: "can_edit", Method.END: "can_delete"}
"""HTTP's words as FAB's."""


def own_permissions(role: str) -> list[tuple[str, str]]:
    """What `retention.access` gives the role on our pages, in FAB's words."""
    found = ((ACTIONS[right.value.method], right.value.resource) for right in ROLES[role])
    return sorted(found)


def roles(viewer: list[tuple[str, str]]) -> dict[str, list[tuple[str, str]]]:
    """Each role's permissions as (action, resource), on top of Airflow's own `viewer`, which has no menu entry for reports."""
    more = {
        "Viewer": [],
        "Compliance": AUDIT,
        "DataEngineer": AUDIT + MEND_RUNS + [one for dag in DAGS_OF_ENGINEERS for one in _to_run(dag)],
        "OnCall": ANSWER + _to_run(PURGE),
    }
    return {role: viewer + REPORTS + own_permissions(role) + permissions for role, permissions in more.items()}


def _to_run(dag: str) -> list[tuple[str, str]]:
    return [
        *((action, f"DAG:{dag}") for action in ("can_read", "can_edit")),
        *((action, f"DAG Run:{dag}") for action in ("can_read", "can_create")),
    ]


def main() -> None:
    """Create resources, roles and users. A resource must exist before a role may name it."""
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    users = json.load(sys.stdin)
    with get_application_builder() as builder:
        manager: Any = builder.sm
        for role, permissions in roles(manager.VIEWER_PERMISSIONS).items():
            _ensure_role(manager, role, permissions)
        for user, (role, password) in users.items():
            _ensure_user(manager, user, role, password)


def _ensure_role(manager: Any, name: str, permissions: list[tuple[str, str]]) -> None:
    """Give the role exactly these permissions, apart from those that DAGs granted it themselves."""
    role = manager.find_role(name) or manager.add_role(name)
    wanted = [manager.create_permission(action, resource) for action, resource in permissions]
    for surplus in [found for found in role.permissions if found not in wanted]:
        if not surplus.resource.name.startswith(("DAG:", "DAG Run:")):
            manager.remove_permission_from_role(role, surplus)
    for permission in wanted:
        manager.add_permission_to_role(role, permission)


def _ensure_user(manager: Any, name: str, role: str, password: str) -> None:
    found = manager.find_user(username=name)
    if found is None:
        manager.add_user(
            name, name.capitalize(), "Local", f"{name}@localhost", manager.find_role(role), password=password
        )
    else:
        manager.reset_password(found.id, password)


if __name__ == "__main__":
    main()
