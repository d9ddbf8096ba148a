"""What Linux says about processes, read from /proc. Standard library only; whatever ended meanwhile is simply not there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Stat:
    """A living process; start time in clock ticks since boot, which tells it from a later one with the same id."""

    pid: int
    parent: int
    session: int
    started_ticks: int


def read(pid: int) -> Stat | None:
    """The process, or None when there is none; a zombie counts as none."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name, in brackets, may hold blanks and brackets. After it: state, parent, group, session, …, start time (22nd).
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else Stat(pid, int(fields[1]), int(fields[3]), int(fields[19]))


def everybody() -> Iterator[Stat]:
    """Every living process."""
    for entry in _PROC.iterdir():
        if entry.name.isdecimal() and (stat := read(int(entry.name))):
            yield stat


def lineage(pid: int) -> Iterator[int]:
    """The process's own id, its parent's, and so on."""
    while (stat := read(pid)) is not None:
        yield pid
        pid = stat.parent


def boot_id() -> str:
    """Changes with every start of the machine, when process ids begin anew."""
    return (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def command_line(pid: int) -> list[str]:
    """The words of its command; at least one, perhaps empty."""
    return _split(pid, "cmdline")


def environment(pid: int) -> list[str]:
    """`NAME=value` as it began with; programs that set their own title overwrite this."""
    return _split(pid, "environ")


def writes_below(pid: int, folder: Path) -> bool:
    """Whether its standard output or error is a file in `folder`."""
    for descriptor in ("1", "2"):
        try:
            target = (_PROC / str(pid) / "fd" / descriptor).readlink()
        except OSError:
            continue
        if folder in target.parents:
            return True
    return False


def _split(pid: int, name: str) -> list[str]:
    try:
        return (_PROC / str(pid) / name).read_text(encoding="utf-8", errors="replace").split("\0")
    except OSError:
        return [""]
