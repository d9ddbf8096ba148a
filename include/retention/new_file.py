"""Files that a command writes for somebody: never in the place of one that is there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from retention.errors import RequestError


def write_all_new(files: Mapping[Path, str | bytes], *, mode: int) -> None:
    """Write these files, none of which is there yet. Raises RequestError where one is: then none was written."""
    for path in files:
        if path.exists():
            raise _found(path)
    for path, content in files.items():
        write_new(path, content, mode=mode)


def write_new(path: Path, content: str | bytes, *, mode: int) -> None:
    """Write a file that isn't there yet. Raises what `open_new` raises."""
    with open_new(path, mode=mode) as file:
        file.write(content.encode() if isinstance(content, str) else content)


def open_new(path: Path, *, mode: int) -> BinaryIO:
    """Open a file that isn't there yet for writing, with these rights from its first byte on.

    Raises RequestError where one is there, or where none can be written; nothing is replaced.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise _found(path) from None
    except OSError as error:
        raise RequestError(f"{path}: could not be written ({error.strerror}); expected a folder to write in") from None
    return os.fdopen(descriptor, "wb")


def _found(path: Path) -> RequestError:
    return RequestError(f"{path}: found a file; expected none. Nothing is replaced: choose another name.")
