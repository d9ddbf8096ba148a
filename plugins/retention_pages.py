"""Puts the retention pages into Airflow: the menu entry "Retention" and an app under /retention, for everybody who is logged in.

An app that is mounted into Airflow has no authentication of its own, so every route asks for the logged-in user. Reports hold
no personal data, so nothing more is needed to read them; the menu entry is Airflow's own and needs `can_read` on `Plugins`.
This file is imported by every Airflow process: whatever is heavy (FastAPI, templates, the database driver) is imported when the
API server asks for the app.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow.plugins_manager import AirflowPlugin

from retention.orchestration.connections import from_airflow
from retention.settings import OWN_CONNECTION

if TYPE_CHECKING:
    from fastapi import FastAPI

    from retention.database import OwnConnection

URL_PREFIX = "/retention"
ANSWER_WITHIN_S = 5


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
        }
    ]

    @cached_property
    def fastapi_apps(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """Built once, in the process that serves it."""
        return [{"app": build_app(), "url_prefix": URL_PREFIX, "name": "Retention"}]


def build_app() -> FastAPI:
    """The app with Airflow's login and Airflow's connection `retention_db`."""
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.core_api.security import get_user

    from retention.reports.checks import current_documents
    from retention.reports.pages import create_app

    def login_url(path: str) -> str:
        return f"{get_auth_manager().get_url_login()}?next={quote(path, safe='')}"

    return create_app(logged_in=get_user, open_reports=open_reports, documents=current_documents, login_url=login_url)


@contextmanager
def open_reports() -> Iterator[OwnConnection]:
    """Our own database for one request: resolved now, read-only, and given up on after a few seconds."""
    from psycopg.conninfo import make_conninfo

    from retention import database
    from retention.connections import postgres_conninfo

    conninfo = make_conninfo(postgres_conninfo(from_airflow(OWN_CONNECTION)), connect_timeout=ANSWER_WITHIN_S)
    with database.connect(conninfo) as own:
        own.execute(f"SET default_transaction_read_only = on; SET statement_timeout = '{ANSWER_WITHIN_S}s'")
        yield own
