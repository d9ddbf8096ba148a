"""Files that a command writes for somebody: never in the place of one that is there."""

from __future__ import annotations

import os
from pathlib import Path

from retention.errors import RequestError


def write_new(path: Path, content: str | bytes, *, mode: int) -> None:
    """Write a file that isn't there yet, with these rights from its first byte on.

    Raises RequestError where one is there, or where none can be written; nothing is replaced.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise RequestError(f"{path}: found a file; expected none. Nothing is replaced: choose another name.") from None
    except OSError as error:
        raise RequestError(f"{path}: could not be written ({error.strerror}); expected a folder to write in") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
