"""Commands that run to their end while the stack comes up: migrations, the sample company, accounts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from retention.local import interruption
from retention.local.processes import StackError

if TYPE_CHECKING:
    from retention.local.steps import Tell


def retention(*arguments: str) -> list[str]:
    """`python -m retention …` with the interpreter that runs us."""
    return [sys.executable, "-m", "retention", *arguments]


def airflow(*arguments: str) -> list[str]:
    """`airflow …` from the environment of the interpreter that runs us."""
    return [str(Path(sys.executable).parent / "airflow"), *arguments]


class Command:
    """One command in a session of its own (a Ctrl-C reaches us, and we stop it), output in a log."""

    def __init__(self, title: str, argv: Sequence[str], *, log: Path, env: Mapping[str, str], stdin: str = "") -> None:
        self._title, self._log = title, log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                argv, stdin=subprocess.PIPE, stdout=output, stderr=output, env=dict(env), start_new_session=True
            )
        assert self._process.stdin is not None
        with self._process.stdin as pipe:
            pipe.write(stdin.encode())

    def wait(self, tell: Tell | None = None) -> None:
        """Return when it has ended well; raises StackError with the log's path when it has not."""
        while self._process.poll() is None:
            if tell is not None:
                tell("")
            interruption.pause(0.1)
        if self._process.returncode != 0:
            raise StackError(
                f"{self._title} failed (exit code {self._process.returncode}); the reason is at the end of {self._log}"
            )
