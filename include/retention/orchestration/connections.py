"""Airflow's connections, whatever secrets backend they come from, as the library's own `Connection`."""

from __future__ import annotations

from retention.connections import Connection
from retention.errors import UnknownError


def secret_from_airflow(name: str) -> str | None:
    """Airflow's variable of that name, from whatever secrets backend; None where there is none.

    Raises UnknownError where Airflow did not answer; the value never enters the message.
    """
    from airflow.sdk import Variable

    try:
        found = Variable.get(name, default=None)
    except Exception as error:  # noqa: BLE001  # each backend has errors of its own, whose words may hold the value
        raise UnknownError(
            f"variable {name!r}: Airflow did not answer ({type(error).__name__}); expected a secrets backend that answers."
        ) from None
    return found if isinstance(found, str) else None


def is_connected(connection_id: str) -> bool:
    """Whether Airflow has a connection with this id. It says no also where a secrets backend did not answer: only for what is
    noticed elsewhere in the end. Raises UnknownError where Airflow did not answer."""
    from airflow.sdk import Connection as AirflowConnection
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        AirflowConnection.get(connection_id)
    except AirflowNotFoundException:
        return False
    except Exception as error:  # noqa: BLE001  # as above
        raise UnknownError(
            f"connection {connection_id!r}: Airflow did not answer ({type(error).__name__}); expected it to."
        ) from None
    return True


def from_airflow(connection_id: str) -> Connection:
    """The connection with this id. Raises UnknownError where Airflow gives none; passwords never enter the message.

    Airflow says "not found" also when a secrets backend did not answer, so nothing here is surely missing: a retry may
    find it. Where it is missing indeed, the last try fails with the same words.
    """
    from airflow.sdk import Connection as AirflowConnection

    try:
        found = AirflowConnection.get(connection_id)
        return Connection(
            connection_id,
            conn_type=found.conn_type,
            host=found.host,
            port=found.port,
            login=found.login,
            password=found.password,
            schema=found.schema,
            extra=found.extra_dejson,
        )
    except Exception as error:  # noqa: BLE001  # each backend has errors of its own, whose words may hold the value
        raise UnknownError(
            f"connection {connection_id!r}: Airflow gave none of that id ({type(error).__name__}); expected one (Admin → "
            f"Connections, a secrets backend, or AIRFLOW_CONN_{connection_id.upper()}), and a secrets backend that answers."
        ) from None
