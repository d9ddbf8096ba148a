"""`python -m retention.local up | down | status | clean`: what the Makefile calls. Down and clean need no environment.

`python -m retention.local airflow …` is Airflow's own command line, led to the stack's Airflow.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from retention.local.interruption import Interrupted, raise_when_asked_to_end

if TYPE_CHECKING:
    from retention.local.state import State


def main() -> int:
    """Return the exit code; errors are one line on standard error."""
    try:
        if "up" in sys.argv:
            raise_when_asked_to_end()  # before the imports: they take a moment
        return _act()
    except Interrupted:
        print("\nstopped; nothing of this start is left running. `make run` goes on where it was.", file=sys.stderr)
        return 130


def _act() -> int:
    import argparse

    from retention.local.processes import StackError
    from retention.local.state import State

    parser = argparse.ArgumentParser(prog="python -m retention.local", description="The local stack.")
    parser.add_argument("action", choices=["up", "down", "status", "clean", "airflow"])
    parser.add_argument("--quiet", action="store_true", help="say nothing when all is well")
    state = State()
    if sys.argv[1:2] == ["airflow"]:
        return _airflow(state, sys.argv[2:])
    arguments = parser.parse_args()
    try:
        if arguments.action == "up":
            from retention.local.up import up

            return up(state)
        return _without_environment(arguments.action, state, quiet=arguments.quiet)
    except StackError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code


def _airflow(state: State, arguments: list[str]) -> int:
    """The exit code of `airflow …` with the settings of the stack that runs, or ran."""
    import subprocess

    from retention.local.commands import airflow
    from retention.local.up import Stack

    if not state.ports_file.exists():
        _say("error: found no stack; expected one that `make run` has started.")
        return 2
    return subprocess.run(airflow(*arguments), env=Stack(state).environment(), check=False).returncode


def _without_environment(action: str, state: State, *, quiet: bool) -> int:
    from retention.local import down

    if action == "status":
        return _status(state)
    tell = down.silent if quiet else _say
    if action == "clean":
        down.clean(state, tell)
    else:
        down.down(state, tell)
    if not quiet:
        print("Nothing runs." if action == "down" else "Nothing runs, nothing is left.")
    return 0


def _status(state: State) -> int:
    """Each part with its state; 1 where one is missing, with what to do."""
    parts = state.recorded()
    runs = {name: identity.is_running() for name, identity in parts.items()}
    for name, identity in parts.items():
        print(f"{name:<14}{'runs' if runs[name] else 'ended'}  pid {identity.pid}", flush=True)
    if not any(runs.values()):
        _say("Nothing runs. `make run` starts everything.")
    elif not all(runs.values()):
        ended = ", ".join(name for name, is_running in runs.items() if not is_running)
        where = f"{state.logs}, or postgres/ and s3/ beside it"
        _say(f"Ended: {ended}; why stands at the end of its log, in {where}. `make run` starts it again.")
    return 0 if runs and all(runs.values()) else 1


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
