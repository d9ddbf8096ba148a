"""Backups and replay lists in one folder, each named by when it was begun; those go that no backup of a source needs any more."""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

CONNECTION = "retention_backup"
"""The connection (type `fs`) of the folder; `kept` in its extra says how long the oldest backup of any source lives."""
_STAMP = "%Y%m%dT%H%M%SZ"
_LEFT_BEHIND = timedelta(days=2).total_seconds()
"""Nobody writes so long: what was not touched since is of a run that was killed."""


@dataclass(frozen=True, slots=True)
class Series:
    """Files `<prefix>-<UTC>.<ending>`; whatever else is in the folder is not looked at."""

    prefix: str
    ending: str
    noted_as: str
    """How our own database calls it, where it says when the last one was written."""

    @contextmanager
    def new(self, folder: Path, at: datetime) -> Iterator[tuple[Path, Path]]:
        """Where to write, and what that is called once it is whole: a file of that name is never one in part, nor another run's,
        that was given up and is still at work."""
        stem = f"{self.prefix}-{at.astimezone(UTC):{_STAMP}}"
        part, whole = folder / f"{stem}.{secrets.token_hex(4)}.part", folder / f"{stem}.{self.ending}"
        for left in folder.glob(f"{self.prefix}*.part"):
            if _written(left) + _LEFT_BEHIND <= at.timestamp():
                left.unlink(missing_ok=True)
        yield part, whole
        part.rename(whole)

    def let_go(self, folder: Path, kept: timedelta, now: datetime) -> int:
        """Delete what is older than any backup of a source; never the newest, however old. Gives how many went."""
        found = sorted((at, path) for path in folder.iterdir() if (at := self._begun(path)) is not None)
        over = [path for at, path in found[:-1] if at + kept <= now]
        for path in over:
            path.unlink()
        return len(over)

    def _begun(self, path: Path) -> datetime | None:
        name = re.fullmatch(rf"{re.escape(self.prefix)}-([0-9]{{8}}T[0-9]{{6}}Z)\.{re.escape(self.ending)}", path.name)
        if name is None or path.is_symlink() or not path.is_file():
            return None
        try:
            return datetime.strptime(name[1], _STAMP).replace(tzinfo=UTC)
        except ValueError:
            return None


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # whoever wrote it has just ended
        return math.inf


BACKUPS = Series("retention", "backup", "backup")
LISTS = Series("replay", "list", "replay_list")
