"""What a person sees while the stack comes up: one line a step, a spinner on a terminal, plain lines in a log."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape

from retention.local import interruption

console = Console(stderr=True, highlight=False)

Tell = Callable[[str], None]
"""Says what a running step is doing just now: at once on a terminal, every half minute in a log."""

QUIET_S = 30.0


@dataclass(slots=True)
class Ending:
    """How a step that ran to its end came out; a step says so where that is no success. `said` stands beside its title."""

    good: bool = True
    said: str = ""


@contextmanager
def step(title: str, ending: Ending | None = None) -> Iterator[Tell]:
    """Show `title` while the block runs, then a tick with its duration; a cross when it raises, or says that it ended badly."""
    interruption.check()
    ending = ending or Ending()
    begun = time.monotonic()
    with console.status(f"{escape(title)} …") as status:
        told = begun

        def tell(detail: str) -> None:
            nonlocal told
            if not console.is_terminal and time.monotonic() - told >= QUIET_S:
                told = time.monotonic()
                console.print(f"… {escape(title)} [dim]{told - begun:.0f} s  {escape(detail)}[/]")
            status.update(f"{escape(title)} [dim]{time.monotonic() - begun:.0f} s  {escape(detail)}[/]")

        try:
            yield tell
            interruption.check()
        except BaseException:
            console.print(f"[red]✗[/] {escape(title)}")
            raise
    sign = "[green]✓[/]" if ending.good else "[red]✗[/]"
    said = f": {escape(ending.said)}" if ending.said else ""
    console.print(f"{sign} {escape(title)}{said} [dim]{time.monotonic() - begun:.1f} s[/]")
