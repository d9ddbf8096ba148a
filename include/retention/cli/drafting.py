"""`map draft`: a first data map from a live schema."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from retention.cli.output import AsJson, command, counted_noun, emit
from retention.connections import from_environment
from retention.drafting.document import render
from retention.drafting.draft import Draft, propose
from retention.drafting.schema import read_tables
from retention.drafting.skeletons import skeletons
from retention.errors import RequestError


@command("map draft")
def map_draft(
    connection: Annotated[str, typer.Argument(help="An Airflow connection to a PostgreSQL database, by its id.")],
    out: Annotated[
        Path | None, typer.Option(help="The YAML file to write; SQL files go beside it. Default: print them.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Draft a data map from a live schema, for a person to finish. Names, types and counts are read; nothing acts on it."""
    draft = propose(read_tables(from_environment(connection)))
    files = {str(out.name) if out is not None else f"{connection}.yaml": render(connection, draft)} | skeletons(draft)
    if out is not None:
        _write(out.parent, files)
    fields = {
        "path": str(out.resolve()) if out is not None else None,
        "places": [{"name": place.name, "table": place.table.name} for place in draft.places],
        "not_personal": [table.name for table in draft.rest],
        "files": files,
    }
    emit("map draft", fields, _words(draft, files, out), as_json=as_json)


def _write(folder: Path, files: dict[str, str]) -> None:
    """Write them, or none: what somebody has written there already is never replaced."""
    there = [name for name in files if (folder / name).exists()]
    if there:
        raise RequestError(
            f"--out: found {', '.join(there)} in {folder}; expected none: a draft replaces nothing. Choose another folder."
        )
    try:
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise RequestError(
            f"--out: could not write to {folder} ({error.strerror}); expected a folder to write in"
        ) from None


def _words(draft: Draft, files: dict[str, str], out: Path | None) -> str:
    if out is None:
        return "\n\n".join(
            f"# ---- {name}\n{text}" if name.endswith(".yaml") else f"-- ---- {name}\n{text}"
            for name, text in files.items()
        )
    places, rest = len(draft.places), len(draft.rest)
    return (
        f"{out.resolve()}: {counted_noun(places, 'place')} proposed, {counted_noun(rest, 'table')} to declare. "
        "Fill in what is open; "
        f"`RETENTION_DATAMAP={out.parent} python -m retention policy check` says what still is."
    )
