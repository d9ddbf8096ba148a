"""Which tables are Airflow's own, so that a place of kind `airflow` speaks for them and for no other table in its database.

Of Airflow 3.3, its FAB accounts and Celery's results; a test compares the list with the installed models. A newer Airflow's new
table is reported until somebody has looked at what it remembers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_TABLES = frozenset(
    """
    alembic_version asset asset_active asset_alias asset_alias_asset asset_alias_asset_event asset_dag_run_queue asset_event
    asset_partition_dag_run asset_state_store asset_watcher backfill backfill_dag_run callback connection
    connection_test_request dag dag_bundle dag_bundle_team dag_code dag_favorite dag_owner_attributes
    dag_priority_parsing_request dag_run dag_run_note dag_schedule_asset_alias_reference dag_schedule_asset_name_reference
    dag_schedule_asset_reference dag_schedule_asset_uri_reference dag_tag dag_version dag_warning dagrun_asset_event deadline
    deadline_alert hitl_detail hitl_detail_history import_error job log log_template partitioned_asset_key_log
    rendered_task_instance_fields revoked_token serialized_dag slot_pool task_inlet_asset_reference task_instance
    task_instance_history task_instance_note task_map task_outlet_asset_reference task_reschedule task_state_store team
    trigger variable xcom _xcom_archive
    alembic_version_fab session ab_group ab_group_role ab_permission ab_permission_view ab_permission_view_role
    ab_register_user ab_role ab_user ab_user_group ab_user_role ab_view_menu
    celery_taskmeta celery_tasksetmeta
    """.split()  # noqa: SIM905  # a list of sixty lines would be harder to read
)
_CLEARED = re.compile(r"_airflow_deleted__(?P<table>\w+?)__[0-9]+(?:__b[0-9]+)?")
"""What `airflow db clean` puts aside: the same records under another name."""


def airflows_own(tables: Iterable[str]) -> set[str]:
    """Those of these tables (schema and name) that belong to Airflow: in the schemas where its runs are kept."""
    named = [table.rpartition(".") for table in tables]
    schemas = {schema for schema, _dot, table in named if table == "dag_run"}
    return {f"{schema}.{table}" for schema, _dot, table in named if schema in schemas and _is_known(table)}


def _is_known(table: str) -> bool:
    cleared = _CLEARED.fullmatch(table)
    return (cleared["table"] if cleared is not None else table) in _TABLES
