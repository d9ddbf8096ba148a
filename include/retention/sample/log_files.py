"""Writes the sample's log files below a folder, whole or not at all, and never twice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from retention.errors import StoreUnreadable
from retention.sample.log_parts import LogFile


def write_log_files(folder: Path, files: Sequence[LogFile]) -> int:
    """Write the files that are missing and return how many were.

    Raises StoreUnreadable where the folder can't be written to.
    """
    missing = [file for file in files if not (folder / file.key).exists()]
    try:
        for file in missing:
            path = folder / file.key
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_name(f".{path.name}.partial")
            partial.write_bytes(file.body)
            partial.replace(path)
    except OSError as error:
        raise StoreUnreadable(
            f"the folder of log files could not be written to ({type(error).__name__}); expected one that we may write to."
        ) from None
    return len(missing)
