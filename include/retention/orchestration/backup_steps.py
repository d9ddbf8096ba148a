"""The bodies of the backup's tasks. What they return goes into XCom: names of files and counts, nothing else."""

from __future__ import annotations

import logging
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from retention.orchestration.failures import airflow_errors

log = logging.getLogger(__name__)


def back_up(dag_id: str) -> dict[str, Any]:
    """Write a backup of our own database. Where no folder is connected, the task ends as skipped."""
    from retention.backup.nightly import back_up_tonight

    with airflow_errors():
        folder, _, kept = _destination()
        written = back_up_tonight(_own(), folder, kept, by=f"airflow:{dag_id}")
    log.info("%s: %s ledger entries; %s old ones went", written.file, written.counted, written.let_go)
    return asdict(written)


def export_list(dag_id: str) -> dict[str, Any]:
    """Write the replay list. Where no folder is connected, the task ends as skipped."""
    from retention.backup.nightly import list_tonight
    from retention.evidence.hashing import ItemHasher

    with airflow_errors():
        folder, kept_as, kept = _destination()
        written = list_tonight(_own(), folder, ItemHasher.from_environment(), kept_as, kept, by=f"airflow:{dag_id}")
    log.info("%s: %s items; %s old ones went", written.file, written.counted, written.let_go)
    return asdict(written)


def _destination() -> tuple[Path, str, timedelta]:
    """The folder, and how long the oldest backup of any source lives, as it was said and as a period."""
    from airflow.sdk.exceptions import AirflowSkipException

    from retention.backup.series import CONNECTION
    from retention.connections import path_of
    from retention.orchestration.connections import from_airflow, is_connected
    from retention.replay.list_file import backups_kept

    if not is_connected(CONNECTION):
        raise AirflowSkipException(
            f"NOTHING IS BACKED UP: found no connection {CONNECTION!r}; expected one of type fs whose extra names the folder "
            "(docs/backup.md). `python -m retention status` warns until there is one."
        )
    connection = from_airflow(CONNECTION)
    kept = connection.extra.get("kept")
    return path_of(connection), *backups_kept(str(kept) if kept is not None else None)


def _own() -> str:
    from retention import settings
    from retention.connections import postgres_conninfo
    from retention.orchestration.connections import from_airflow

    return postgres_conninfo(from_airflow(settings.OWN_CONNECTION))
