"""Which files a pattern of the data map means, and how their names become text: both sides read them so, as the map itself."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence

_PIECE = re.compile(r"(?P<any>\*)|(?P<one>\?)|\[(?P<not>!?)(?P<class>\]?[^\]]*)\]|(?P<text>[^*?\[]+)", re.DOTALL)

_BYTES = 0x10FF00
"""A byte of a name that is no UTF-8 becomes the character at this place plus the byte, so that every name is a text."""
_ESCAPED = re.compile("[\udc80-\udcff\U0010ff80-\U0010ffff]")


class UnusablePattern(ValueError):
    """A pattern that means no files; the message says why."""


def compile_patterns(patterns: Sequence[str]) -> Callable[[str], bool]:
    """Whether a path below the folder, its names joined by `/`, fits one of the patterns. Raises UnusablePattern.

    `**` stands for any number of folders, `*`, `?` and `[…]` for characters of one name. A name that begins with a dot is a name
    like any other: what a listing hides is stored all the same.
    """
    compiled = [re.compile(_expression(pattern), re.DOTALL) for pattern in patterns]
    return lambda path: any(pattern.fullmatch(path) for pattern in compiled)


def require_below(folder: str) -> None:
    """Raise UnusablePattern unless the folder lies below the connection's path, whatever that is."""
    if folder != "." and (folder.startswith("/") or any(name in ("", ".", "..") for name in folder.split("/"))):
        raise UnusablePattern("a folder that may lie elsewhere")


def key_of(name: str) -> str:
    """A file's name, as the system gave it, as text."""
    return _ESCAPED.sub(
        lambda found: "".join(chr(_BYTES + byte) for byte in found.group().encode("utf-8", "surrogateescape")),
        os.fsencode(name).decode("utf-8", "surrogateescape"),
    )


def name_of(key: str) -> bytes:
    """The file's name again. Raises UnicodeEncodeError for a text that can be none."""
    return b"".join(
        bytes([ord(character) - _BYTES]) if ord(character) >= _BYTES + 0x80 else character.encode() for character in key
    )


def _expression(pattern: str) -> str:
    names = pattern.split("/")
    if any(name in ("", ".", "..") for name in names):
        raise UnusablePattern("an empty name, `.` or `..`")
    *folders, last = names
    if last == "**":
        raise UnusablePattern("`**` at the end, which means folders: `**/*` means the files in them")
    return "".join("(?:[^/]+/)*" if name == "**" else f"{_of_name(name)}/" for name in folders) + _of_name(last)


def _of_name(name: str) -> str:
    if "**" in name:
        raise UnusablePattern("`**` beside other characters: it stands for whole folders")
    parts: list[str] = []
    at = 0
    while at < len(name):
        piece = _PIECE.match(name, at)
        if piece is None or piece["class"] == "":
            raise UnusablePattern("a `[` without its characters and `]`")
        if "--" in (piece["class"] or ""):
            raise UnusablePattern("`--` between `[` and `]`, which nobody reads alike: put one `-` first or last")
        parts.append(_translated(piece))
        at = piece.end()
    return "".join(parts)


def _translated(piece: re.Match[str]) -> str:
    if piece["any"]:
        return "[^/]*"
    if piece["one"]:
        return "[^/]"
    if piece["class"] is None:
        return re.escape(piece["text"])
    characters = re.sub(r"([\\\[\]^&~|])", r"\\\1", piece["class"])
    try:
        re.compile(f"[{characters}]")
    except re.error:
        raise UnusablePattern(f"[{piece['class']}], which is no range of characters") from None
    return f"(?!/)[{'^' if piece['not'] else ''}{characters}]"
