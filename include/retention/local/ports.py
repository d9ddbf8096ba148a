"""Free TCP ports on loopback, chosen once and kept, so that addresses stay the same over restarts."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Sequence
from pathlib import Path

from retention.local.processes import StackError

_LOWEST, _HIGHEST = 12_000, 21_999
"""Below the range that outgoing connections use (32768 and up), also after adding 10,000 for weed's admin port."""


def is_free(port: int) -> bool:
    """True when nothing listens on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def choose(names: Sequence[str]) -> dict[str, int]:
    """One free port for each name; each port + 10,000 is free, too. Raises StackError when 1,000 tries find none."""
    chosen: dict[str, int] = {}
    for _ in range(1_000):
        port = random.randint(_LOWEST, _HIGHEST)
        if port not in chosen.values() and is_free(port) and is_free(port + 10_000):
            chosen[names[len(chosen)]] = port
            if len(chosen) == len(names):
                return chosen
    raise StackError(
        f"found no {len(names)} free ports between {_LOWEST} and {_HIGHEST}; stop other servers and try again."
    )


def kept(path: Path, names: Sequence[str]) -> dict[str, int]:
    """The ports written in `path` when all of them are free, otherwise new ones, written there."""
    try:
        ports = {name: int(json.loads(path.read_text(encoding="utf-8"))[name]) for name in names}
    except (OSError, ValueError, KeyError, TypeError):
        ports = {}
    if not ports or not all(is_free(port) for port in ports.values()):
        ports = choose(names)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(ports), encoding="utf-8")
    return ports


def remembered(path: Path, name: str) -> int | None:
    """One port that was written down, or None."""
    try:
        return int(json.loads(path.read_text(encoding="utf-8"))[name])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remember(path: Path, name: str, port: int) -> None:
    """Write one port down."""
    path.write_text(json.dumps({name: port}), encoding="utf-8")
