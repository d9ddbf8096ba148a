"""Airflow's connections, whatever secrets backend they come from, as the library's own `Connection`."""

from __future__ import annotations

from retention.connections import Connection
from retention.errors import RequestError


def from_airflow(connection_id: str) -> Connection:
    """The connection with this id. Raises RequestError where Airflow knows none; passwords never enter the message."""
    from airflow.sdk import Connection as AirflowConnection
    from airflow.sdk.exceptions import AirflowException

    try:
        found = AirflowConnection.get(connection_id)
    except AirflowException:
        raise RequestError(
            f"connection {connection_id!r}: Airflow knows none of that id; expected one (Admin → Connections, a secrets "
            f"backend, or AIRFLOW_CONN_{connection_id.upper()})."
        ) from None
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
