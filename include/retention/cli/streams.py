"""A command's standard output and standard error. One that can't be written must never look like a result: 1 means "breach"."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

from retention.errors import UnknownError

READER_GONE = 141
"""Exit code when the reader of the pipe went away: 128 + SIGPIPE, as the shell reports it of any other program."""


def show(text: str) -> None:
    """Write to standard output, at once. Ends the program where that fails, as `output_watched` says."""
    with output_watched():
        require_output()
        try:
            sys.stdout.write(f"{text}\n")
        except UnicodeEncodeError:  # an output that can't write every letter, such as LC_ALL=C with PYTHONUTF8=0
            encoding = sys.stdout.encoding or "ascii"
            sys.stdout.write(f"{text.encode(encoding, 'backslashreplace').decode(encoding)}\n")
        sys.stdout.flush()


def say(text: str) -> None:
    """Write to standard error, if it can be written: the exit code says the rest."""
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            print(text, file=sys.stderr, flush=True)


def require_output() -> None:
    """Raise UnknownError where standard output is closed: nobody would learn what was found."""
    if sys.stdout is None:
        raise UnknownError(
            "standard output is closed; expected one that can be written (> /dev/null, if nobody is to read it)."
        )


@contextmanager
def output_watched() -> Iterator[None]:
    """End the program when standard output can't be written: 141 without a word when its reader has gone, else 3."""
    try:
        yield
    except OSError as error:
        _end(error)


def _end(error: OSError) -> NoReturn:
    # What is still buffered would fail again when the interpreter ends, and end it with a code of its own.
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(error, BrokenPipeError):
        raise SystemExit(READER_GONE) from None
    say(
        f"standard output could not be written ({error.strerror}); expected room for the result. What the command did is done, "
        "but not shown: make room, and ask again (`status`, `summary`)."
    )
    raise SystemExit(UnknownError.exit_code) from None
