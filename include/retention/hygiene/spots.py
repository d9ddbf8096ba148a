"""Where is looked, and what is meant to stand there."""

from __future__ import annotations

from typing import NamedTuple

OWN_TIMES = {
    "approvals": "approved_at",
    "check_runs": "started_at",
    "ledger": "at",
    "mode_changes": "changed_at",
    "plans": "planned_at",
    "reports": "created_at",
    "stop_changes": "changed_at",
}
"""Our own tables that grow for ever: of these the rows of the last days are looked at, of all others every row."""
IDS_BY_DESIGN = frozenset(
    {
        *("plan_items.item_id", "plan_items.object_key", "plan_items.part_id", "plan_items.person_id"),
        "plan_scopes.scope",
        *("holds.item_id", "holds.person_id"),
    }
)
"""Our own columns that name items and persons by the sources' internal ids: what is to go, while the plan lives, and what a hold
keeps. Known values are not looked for there; addresses and numbers are."""
PURGE_FORM = frozenset({("dag_run.conf", "manual_purge"), ("log.extra", "manual_purge")})
"""What somebody entered into the form of that DAG may be an internal id, which Airflow keeps as long as the run."""
STAFF = frozenset(
    {
        *("requested_by", "approved_by", "changed_by", "ended_by", "responded_by", "responded_by_user_id"),
        *("responded_by_user_name", "assignees", "assigned_users", "triggering_user_name"),
        *("owner", "owner_display_name", "unixname", "hostname"),
    }
)
"""Columns that say which member of staff acted, or on which machine: they are meant to."""
STAFF_KEYS = ("by", "requested_by", "approved_by", "changed_by", "ended_by", "approver", "actor", "responded_by")
"""The same in JSON, such as the ledger's bodies."""
AIRFLOW_EXTRA = ("rendered_task_instance_fields",)
"""Beside the tables of what happened: what templates were rendered to."""


class Spot(NamedTuple):
    """One text and where it stands: `table.column`, or a file's `line` or `path`. `may_name_ids`: ids may stand there."""

    column: str
    text: str
    may_name_ids: bool = False
