"""Puts the retention pages into Airflow: the menu entry "Retention" and an app under /retention, for everybody who is logged in.

An app that is mounted into Airflow has no authentication of its own, so every route asks for the logged-in user and for the
right that it needs (`retention.access`); the menu entry is Airflow's own and needs `can_read` on `Plugins`.
This file is imported by every Airflow process: whatever is heavy (FastAPI, templates, the database driver) is imported when the
API server asks for the app.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from airflow.plugins_manager import AirflowPlugin

from retention.orchestration.connections import from_airflow
from retention.settings import OWN_CONNECTION

if TYPE_CHECKING:
    from fastapi import FastAPI

    from retention.database import OwnConnection

URL_PREFIX = "/retention"
ANSWER_WITHIN_S = 5
WAIT_FOR_BATCHES_S = 20
WRITE_WITHIN_S = 30


class RetentionPages(AirflowPlugin):
    """The menu entry and the app behind it."""

    name = "retention_pages"
    external_views = [  # noqa: RUF012  # Airflow's own form
        {
            "name": "Retention",
            "href": "retention/",
            "url_route": "retention",
            "destination": "nav",
            "nav_top_level": True,
        },
        {
            "name": "Retention",
            "href": "retention/runs/{DAG_ID}/{RUN_ID}",
            "url_route": "retention_run",
            "destination": "dag_run",
        },
    ]

    @cached_property
    def fastapi_apps(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """Built once, in the process that serves it."""
        return [{"app": build_app(), "url_prefix": URL_PREFIX, "name": "Retention"}]


def build_app() -> FastAPI:
    """The app with Airflow's login and Airflow's connection `retention_db`."""
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.core_api.security import get_user
    from airflow.configuration import conf

    from retention.evidence.hashing import ItemHasher
    from retention.orchestration.auth_manager import may
    from retention.orchestration.hold_scopes import require_item
    from retention.orchestration.proving import prove_now
    from retention.pages import Site, create_app
    from retention.reports.checks import current_policy

    def login_url(path: str) -> str:
        return f"{get_auth_manager().get_url_login()}?next={quote(path, safe='')}"

    return create_app(
        Site(
            logged_in=get_user,
            may=may,
            person=lambda user: str(user.get_name()),
            login_url=login_url,
            open_reports=open_reports,
            open_writes=open_writes,
            documents=current_policy,
            hasher=ItemHasher.from_environment,
            prove=prove_now,
            require_item=require_item,
            secret=conf.get_mandatory_value("api", "secret_key"),
            origins=frozenset({_origin(conf.get("api", "base_url", fallback=""))}),
        )
    )


def _origin(url: str) -> str:
    """Scheme and host of the address that browsers see, which behind a proxy is not the one that the server sees."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@contextmanager
def open_reports() -> Iterator[OwnConnection]:
    """Our own database for one request: resolved now, read-only, and given up on after a few seconds."""
    with _open() as own:
        own.execute(f"SET default_transaction_read_only = on; SET statement_timeout = '{ANSWER_WITHIN_S}s'")
        yield own


@contextmanager
def open_writes() -> Iterator[OwnConnection]:
    """Our own database for a write, which may have to wait for a batch that is deleting at this moment."""
    with _open() as own:
        own.execute(f"SET lock_timeout = '{WAIT_FOR_BATCHES_S}s'; SET statement_timeout = '{WRITE_WITHIN_S}s'")
        yield own


@contextmanager
def _open() -> Iterator[OwnConnection]:
    from psycopg.conninfo import make_conninfo

    from retention import database
    from retention.connections import postgres_conninfo

    conninfo = make_conninfo(postgres_conninfo(from_airflow(OWN_CONNECTION)), connect_timeout=ANSWER_WITHIN_S)
    with database.connect(conninfo) as own:
        yield own
