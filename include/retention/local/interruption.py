"""Ctrl-C, SIGTERM and a closed terminal become one exception, once; what tidies up afterwards is not cut off again."""

from __future__ import annotations

import signal
import time
from types import FrameType

_NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_asked = False


class Interrupted(BaseException):
    """A person or the system asked us to end. No `Exception`, so that nothing catches it on the way."""


def raise_when_asked_to_end() -> None:
    """From now on the first such signal raises Interrupted, also where a shell had it ignored for a background job."""
    for number in _NUMBERS:
        signal.signal(number, _interrupt)


def ignore() -> None:
    """From now on such signals do nothing: tidying up goes through."""
    global _asked
    _asked = False
    for number in _NUMBERS:
        signal.signal(number, signal.SIG_IGN)


def check() -> None:
    """Raise Interrupted if we were asked to end. Python drops what a handler raises inside a finaliser or a callback
    of its garbage collector, so every step and every wait asks again."""
    if _asked:
        raise Interrupted


def pause(seconds: float) -> None:
    """Wait a moment, then `check`."""
    time.sleep(seconds)
    check()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    global _asked
    ignore()  # one request is enough
    _asked = True
    raise Interrupted
