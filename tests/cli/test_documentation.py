"""The page on the command line lists exactly the commands and options that exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from retention.cli import app

PAGE = Path(__file__).resolve().parents[2] / "docs" / "command-line.md"
EVERYWHERE = {"--json", "--help"}


def commands(group: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{path}{name} ")
        else:
            yield f"{path}{name}", command


def existing() -> dict[str, set[str]]:
    return {
        name: {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
        - EVERYWHERE
        for name, command in commands(typer.main.get_command(app))
    }


def documented() -> dict[str, set[str]]:
    """Each table row's first cell: commands in backticks, with their options."""
    found: dict[str, set[str]] = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = line.split(" | ")
        if not line.startswith("| `"):
            continue
        for text in re.findall(r"`([^`]+)`", cells[0]):
            words = re.match(r"[a-z]+( [a-z]+)*", text)
            assert words is not None, text
            found.setdefault(words.group(), set()).update(re.findall(r"--[a-z-]+", text))
    return found


def test_the_page_lists_the_commands_and_options_that_exist() -> None:
    assert documented() == existing()
