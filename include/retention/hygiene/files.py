"""Every line of the log files that were written lately, plain or packed."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from retention.file_patterns import compile_patterns
from retention.hygiene.spots import Spot

_LINE = 1 << 20
"""Most characters that are looked at in one piece."""


def spots_of_files(folder: Path, patterns: Sequence[str], since: datetime) -> Iterator[Spot]:
    """The lines of the files that were written since then. What goes meanwhile is passed over. Raises OSError."""
    fits = compile_patterns(patterns)
    next(folder.iterdir(), None)  # one that is missing or can't be read must not look empty
    for path in sorted(folder.rglob("*")):
        key = path.relative_to(folder).as_posix()
        with suppress(FileNotFoundError):
            if path.is_file() and fits(key) and datetime.fromtimestamp(path.stat().st_mtime, UTC) >= since:
                yield Spot("path", key)
                yield from _lines(path)


def _lines(path: Path) -> Iterator[Spot]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", errors="replace") as file:
        while line := file.readline(_LINE):
            yield Spot("line", line)
