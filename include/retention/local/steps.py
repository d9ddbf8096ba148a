"""What a person sees while the stack comes up: one line a step, a spinner on a terminal, plain lines in a log."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

from retention.local import interruption

console = Console(stderr=True, highlight=False)

Tell = Callable[[str], None]
"""Says what a running step is doing just now; seen on a terminal only."""


@contextmanager
def step(title: str) -> Iterator[Tell]:
    """Show `title` while the block runs, then a tick with its duration, or a cross when it raises."""
    interruption.check()
    begun = time.monotonic()
    with console.status(f"{escape(title)} …") as status:

        def tell(detail: str) -> None:
            status.update(f"{escape(title)} [dim]{time.monotonic() - begun:.0f} s  {escape(detail)}[/]")

        try:
            yield tell
            interruption.check()
        except BaseException:
            console.print(f"[red]✗[/] {escape(title)}")
            raise
    console.print(f"[green]✓[/] {escape(title)} [dim]{time.monotonic() - begun:.1f} s[/]")
