"""A small company's connections as Airflow has them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from retention.connections import Connection


def as_json(connection: Connection, **changes: Any) -> str:
    fields: Mapping[str, Any] = {
        name: getattr(connection, name) for name in ("conn_type", "host", "port", "login", "password", "schema")
    }
    return json.dumps({**fields, "extra": dict(connection.extra), **changes})
