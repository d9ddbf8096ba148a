"""What becomes of a task's failure: our errors as Airflow's, without a value in a log, and an entry in the ledger."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from retention.errors import BlockedError, InputError, RetentionError

log = logging.getLogger(__name__)


@contextmanager
def airflow_errors() -> Iterator[None]:
    """What a retry can't mend fails at once, with its message; the rest is retried by Airflow. No value gets into a log.

    Each error is raised `from None`: a log would print the words of what caused it, too.
    """
    import psycopg
    from airflow.sdk.exceptions import AirflowException, AirflowFailException

    from retention.database import without_values
    from retention.faults import fault_without_words

    try:
        yield
    except AirflowException:  # a skip, or a failure that has its words already
        raise
    except (InputError, BlockedError) as error:
        raise AirflowFailException(str(error)) from None
    except RetentionError as error:
        raise error from None
    except psycopg.Error as error:
        raise without_values(error) from None
    except Exception as error:  # noqa: BLE001  # a fault of ours
        raise fault_without_words(error) from None


def note_failure(context: Any, **about: str) -> None:
    """Failure callback of every task: an entry in the ledger, so that a failed run can't go unseen when logs are gone.

    `about` (a disposal's `category` and `coverage`) lets status and report say whose run it was.
    """
    from retention import database, settings
    from retention.connections import postgres_conninfo
    from retention.evidence import ledger
    from retention.orchestration.connections import from_airflow

    instance, run = context["ti"], context["dag_run"]
    body = {"dag": instance.dag_id, "task": instance.task_id, "run": run.run_id, "try": instance.try_number} | about
    log.error("%s failed in %s; what to do stands on the DAG's page", instance.task_id, instance.dag_id)
    with airflow_errors(), database.connect(postgres_conninfo(from_airflow(settings.OWN_CONNECTION))) as own:
        ledger.append(own, "task_failed", body)
