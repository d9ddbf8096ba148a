"""What a command says, and how it ends: one JSON document or words on standard output, errors and progress on standard error."""

from __future__ import annotations

import dataclasses
import functools
import getpass
import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar
from uuid import UUID

import psycopg
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from retention import settings
from retention.cli.streams import require_output, say, show
from retention.connections import load_environment_file
from retention.database import without_values
from retention.errors import (
    ItemGoneError,
    MissingConnection,
    PartlyFailedError,
    ProblemsError,
    RequestError,
    RetentionError,
    UnknownError,
)
from retention.faults import fault_without_words

Function = TypeVar("Function", bound=Callable[..., Any])

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output, nothing else.")]
AsOf = Annotated[
    str | None, typer.Option("--as-of", help="The instant of evaluation, ISO 8601 with offset; default: now.")
]


def os_user() -> str:
    """The operating system's name for whoever runs this, or `uid:<number>` where it has none, as in many containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid:{os.getuid()}"


By = Annotated[
    str,
    typer.Option(
        "--by", default_factory=os_user, show_default=False, help="Who does this; default: the operating system's user."
    ),
]
Reason = Annotated[str, typer.Option("--reason", help="Why; the ledger keeps it for ever, so name nobody.")]

errors = Console(stderr=True, highlight=False, soft_wrap=True)
"""For what moves on a terminal; lines go through `say`."""


def emit(command: str, fields: Mapping[str, Any], text: str, *, as_json: bool) -> None:
    """Print the result, as JSON with its schema or as words."""
    show(_document(command, fields) if as_json else text)


def _document(command: str, fields: Mapping[str, Any]) -> str:
    """One JSON document; letters as they are, where standard output can write them."""
    document = {"schema": f"retention/{command}/1", **fields}
    text = json.dumps(document, default=_jsonable, ensure_ascii=False, indent=2)
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(document, default=_jsonable, indent=2)
    return text


def _jsonable(value: object) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, (UUID, os.PathLike)):
        return str(value)
    raise TypeError(f"no JSON for {type(value).__name__}")


def command(name: str) -> Callable[[Function], Function]:
    """Wrap a command so that every error becomes one clear message and its exit code, and JSON where JSON was asked for."""

    def wrap(function: Function) -> Function:
        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> None:
            try:
                require_output()
                _require_text(kwargs)
                _unused.clear()
                load_local_connections()
                function(*args, **kwargs)
            except RetentionError as error:
                _say_unused(error)
                _fail(name, error, bool(kwargs.get("as_json")))
            except psycopg.Error as error:
                _fail(name, without_values(error), bool(kwargs.get("as_json")))
            except (typer.Exit, typer.Abort):
                raise
            except Exception as error:  # noqa: BLE001  # a fault of ours must not end with exit code 1, which says "breach"
                _fail(name, fault_without_words(error), bool(kwargs.get("as_json")))

        return run  # type: ignore[return-value]  # same signature, by functools.wraps

    return wrap


def _require_text(given: Mapping[str, Any]) -> None:
    """Raise RequestError for arguments that no database, file name or store can take as text; their value is not repeated."""
    for name, value in given.items():
        for text in value if isinstance(value, list) else [value]:
            odd = _oddity(os.fspath(text)) if isinstance(text, (str, os.PathLike)) else None
            if odd is not None:
                raise RequestError(
                    f"{name.replace('_', '-')}: found {odd}; expected text in UTF-8 without control character 0"
                )


def _oddity(text: str) -> str | None:
    if "\0" in text:
        return "a NUL character"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "bytes that are no UTF-8"
    return None


def load_local_connections(file: str = "connections.env") -> None:
    """After `make run`, take the local stack's connections, unless the environment has connections of its own."""
    folder = settings.state_folder()
    other = load_environment_file(folder / file, only_with=folder / "connections.env")
    if other is not None:
        _unused.append(
            f"{folder / file}: {other} is set to something else, so none of the local stack's connections is used"
        )


_unused: list[str] = []
"""Why the local stack's connections were not taken, where it has some. Whoever works with connections of their own knows."""


def _say_unused(error: RetentionError) -> None:
    """Say so where it may be why the command failed: a connection was missing, or did not answer."""
    if isinstance(error, (MissingConnection, UnknownError)):
        for text in _unused:
            say(text)


def _fail(name: str, error: RetentionError, as_json: bool) -> None:
    fields: dict[str, Any] = {"error": type(error).__name__, "message": str(error)}
    if isinstance(error, ProblemsError):
        fields["errors"] = [dataclasses.asdict(problem) for problem in error.problems]
    if isinstance(error, ItemGoneError):
        fields["gone"] = error.gone
    if isinstance(error, PartlyFailedError) and error.summary is not None:
        fields |= error.summary.to_json()  # type: ignore[attr-defined]  # a DisposalSummary
    if as_json:
        with suppress(SystemExit, UnknownError):  # of an output that can't be written: the error's own code says more
            emit(name, fields, "", as_json=True)
    say(str(error))
    raise typer.Exit(error.exit_code) from None


def progress_bar(title: str) -> tuple[Progress, Callable[[int, int], None]]:
    """A progress bar on standard error and the function that moves it; silent where standard error is no terminal."""
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=errors,
        disable=not sys.stderr.isatty(), transient=True,
    )  # fmt: skip
    task = bar.add_task(title, total=None)

    def move(done: int, total: int) -> None:
        bar.update(task, completed=done, total=total)

    return bar, move


def counted_noun(count: int, noun: str) -> str:
    """`1 row`, `2 rows`, `no rows`."""
    return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"
