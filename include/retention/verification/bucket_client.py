"""Verification's own way to a bucket: a boto3 client with its identity, and no other."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from functools import cache
from typing import Any

from retention.connections import Connection
from retention.errors import RequestError

HEAD_THREADS = 16
"""Most requests at once."""


@cache
def _descriptions() -> Any:
    """Botocore's descriptions of the service, which take longer to read than a small bucket."""
    from botocore.session import get_session

    return get_session().get_component("data_loader")


def open_client(connection: Connection) -> Any:
    """A client with this connection's identity. Refuses settings that would silently make it another identity."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError
    from botocore.session import get_session

    if connection.conn_type not in {"aws", "s3"}:
        raise RequestError(
            f"connection {connection.connection_id!r}: found type {connection.conn_type!r}; expected 'aws'."
        )
    if connection.extra.get("role_arn"):
        raise RequestError(
            f"connection {connection.connection_id!r}: found role_arn; expected keys, or a profile in the environment "
            "that assumes the role (AWS_PROFILE). Verification would otherwise run as somebody else."
        )
    for name in ("boto3", "botocore", "urllib3", "s3transfer"):
        # Their debug lines hold whole requests, and so keys.
        logging.getLogger(name).setLevel(max(logging.INFO, logging.getLogger(name).level))
    endpoint = connection.extra.get("endpoint_url")
    defaults = {
        "connect_timeout": 10,
        "read_timeout": 60,
        "retries": {"total_max_attempts": 4, "mode": "standard"},
        "max_pool_connections": HEAD_THREADS + 2,
        "s3": {"addressing_style": "path"} if endpoint else {},
    }
    session = get_session()
    session.register_component("data_loader", _descriptions())
    # botocore's own reading of timestamps takes half of a listing's time.
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_read_timestamp)
    try:
        return boto3.Session(botocore_session=session).client(
            "s3",
            endpoint_url=endpoint,
            region_name=connection.extra.get("region_name"),
            aws_access_key_id=connection.login,
            aws_secret_access_key=connection.password,
            aws_session_token=connection.extra.get("aws_session_token"),
            verify=connection.extra.get("verify"),
            config=Config(**(defaults | dict(connection.extra.get("config_kwargs") or {}))),
        )
    except (BotoCoreError, TypeError, ValueError) as error:
        raise RequestError(
            f"connection {connection.connection_id!r}: found settings that boto3 refuses ({type(error).__name__}); expected a "
            "valid endpoint_url, region_name and config_kwargs. Correct the connection's extra."
        ) from None


def _read_timestamp(value: Any) -> datetime:
    """ISO 8601 with an offset, as listings have it, or whatever else botocore can read (headers)."""
    from botocore.utils import parse_timestamp

    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        at = parse_timestamp(value)
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
