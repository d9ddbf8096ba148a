"""What the environment decides: folders, the sample environment, our own connections."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from retention.errors import RequestError

INCLUDE = Path(__file__).resolve().parents[1]
PROJECT = INCLUDE.parent
OWN_CONNECTION = "retention_db"
OWN_VERIFY_CONNECTION = "retention_db_verify"
_FIRST_YEAR, _LAST_YEAR = 1971, 2199
"""Outside of these an instant is a slip of the pen, and adding a period to it could leave the calendar."""


def policies_folder() -> Path:
    """Folder of promises and rules: `RETENTION_POLICIES`, else the shipped one."""
    return Path(os.environ.get("RETENTION_POLICIES") or INCLUDE / "policies")


def datamap_folder() -> Path:
    """Folder of the data map: `RETENTION_DATAMAP`, else the shipped one."""
    return Path(os.environ.get("RETENTION_DATAMAP") or INCLUDE / "datamap")


def records_file() -> Path:
    """The retention rules of our own records: `RETENTION_RECORDS`, else the shipped file."""
    return Path(os.environ.get("RETENTION_RECORDS") or INCLUDE / "records" / "own.yaml")


def state_folder() -> Path:
    """Folder of everything that the local stack keeps: `RETENTION_STATE`, else `.state` in the checkout."""
    return Path(os.environ.get("RETENTION_STATE") or PROJECT / ".state")


def is_sample_environment() -> bool:
    """Whether this is the sample company's environment, where an `as_of` in the future is allowed."""
    return os.environ.get("RETENTION_ENVIRONMENT") == "sample"


def parse_as_of(text: str | None) -> datetime:
    """The one instant of evaluation: now, or `text` in ISO 8601 with its UTC offset.

    Raises RequestError for a text without an offset, and outside the sample environment for an instant in the future:
    it would make items due before their time.
    """
    now = datetime.now(UTC)
    if text is None:
        return now
    as_of = parse_instant("--as-of", text, last_year=_LAST_YEAR)
    if as_of > now and not is_sample_environment():
        raise RequestError(
            f"--as-of: found {text!r}, which is in the future; expected now or earlier. "
            "Only the sample environment (RETENTION_ENVIRONMENT=sample) may look ahead."
        )
    return as_of


def parse_instant(option: str, text: str, *, last_year: int = 9998) -> datetime:
    """An instant in ISO 8601 with its UTC offset, in UTC. Raises RequestError, which names the option, for anything else."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise RequestError(f"{option}: found {text!r}; expected an instant such as 2026-01-31T12:00:00+00:00") from None
    if instant.tzinfo is None:
        example = instant.replace(tzinfo=UTC).isoformat()
        raise RequestError(f"{option}: found {text!r} without a UTC offset; expected one, such as {example}")
    if not _FIRST_YEAR <= instant.year <= last_year:
        raise RequestError(
            f"{option}: found {text!r}; expected an instant between the years {_FIRST_YEAR} and {last_year}"
        )
    return instant.astimezone(UTC)
