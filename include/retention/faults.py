"""Unforeseen errors, made fit for logs: where one happened and of what kind, without its words."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

from retention.errors import UnknownError

_OURS = Path(__file__).resolve().parents[1]


def fault_without_words(error: BaseException) -> UnknownError:
    """A fault of ours as UnknownError: our own lines that led to it and its type. Raise it `from None`.

    An error's words may hold keys or values (a KeyError prints what it looked for), so they are left out unless
    `RETENTION_DEBUG` is set, by somebody who may see them.
    """
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _OURS in Path(frame.filename).parents]
    places = [f"  {Path(frame.filename).relative_to(_OURS)}:{frame.lineno} in {frame.name}" for frame in frames]
    words = f": {error}" if os.environ.get("RETENTION_DEBUG") else " (RETENTION_DEBUG=1 adds its words)"
    return UnknownError(
        "\n".join(
            [f"found {type(error).__name__}{words}", *places, "This is a fault of the program; please report it."]
        )
    )
