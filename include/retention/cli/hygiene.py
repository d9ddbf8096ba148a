"""The command that looks whether identifiers got where none may be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from retention import settings
from retention.cli.output import AsJson, command, emit
from retention.connections import from_environment, postgres_conninfo
from retention.datamap.loader import load_datamap

EXIT_BY_VERDICT = {"clean": 0, "found": 1, "unknown": 3}


@command("hygiene")
def hygiene(
    days: Annotated[int, typer.Option(min=1, help="Look at what was written in so many days.")] = 2,
    as_json: AsJson = False,
) -> None:
    """Look for people's addresses and numbers in our own tables, Airflow's, and task logs; exit code 1 where there are any."""
    from retention.hygiene import look

    known: list[str] = []
    if settings.is_sample_environment():
        from retention.sample.identifiers import known_identifiers

        known = list(known_identifiers(postgres_conninfo(from_environment("company_db_verify"))))
    since = datetime.now(UTC) - timedelta(days=days)
    result = look(load_datamap(settings.datamap_folder()), from_environment, since=since, known=known)
    emit("hygiene", result.to_json(), result.to_text(), as_json=as_json)
    raise typer.Exit(EXIT_BY_VERDICT[result.verdict])
