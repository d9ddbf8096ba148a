"""The tables of promises and DAGs in README and docs, read from promises.yaml and from the DAG files."""

from __future__ import annotations

import ast
import re

from retention.policy.loader import load_promises
from retention.policy.periods import format_elapsed
from retention.policy.promises import Promise
from retention.settings import INCLUDE, PROJECT
from retention.words import event_words


def promises_table() -> str:
    """What the policy promises, clause by clause: from which event on, and how long at most."""
    promises, _ = load_promises(INCLUDE / "policies")
    rows = ["| clause | section | gone at most | after | owner |", "|---|---|---|---|---|"]
    for clause, promise in promises.promises.items():
        for number, (period, event) in enumerate(_maxima(promise) or [("–", "–")]):
            named = (f"`{clause}`", promise.section, promise.owner) if number == 0 else ("", "", "")
            rows.append(f"| {named[0]} | {named[1]} | {period} | {event} | {named[2]} |")
    return "\n".join(rows)


def _maxima(promise: Promise) -> list[tuple[str, str]]:
    return [(format_elapsed(one.deadline_after), event_words(one.event).en) for one in promise.maxima]


def dags_table() -> str:
    """Each DAG with its schedule (cron, UTC) and what it does, from its own file."""
    rows = ["| DAG | when (UTC) | does |", "|---|---|---|"]
    for path in sorted((PROJECT / "dags").glob("*.py")):
        module = ast.parse(path.read_text(encoding="utf-8"))
        call = next(node for node in ast.walk(module) if isinstance(node, ast.Call) and node.keywords)
        schedule = next((ast.literal_eval(word.value) for word in call.keywords if word.arg == "schedule"), None)
        rows.append(f"| [`{path.stem}`](dags/{path.name}) | {_when(schedule)} | {_title(module)} |")
    return "\n".join(rows)


def _title(module: ast.Module) -> str:
    """The heading of the DAG's page."""
    lines = (ast.get_docstring(module) or "").splitlines()
    heading = next(line.removeprefix("# ") for line in lines if line.startswith("# "))
    return re.sub(r" \((hourly|nightly|manual, four eyes)\)$", "", heading)


def _when(cron: str | None) -> str:
    """`hourly, at :05`, `nightly, at 01:20`, or the cron expression itself; `by hand` without one."""
    if cron is None:
        return "by hand"
    minute, hour, *rest = cron.split()
    if rest != ["*"] * 3 or not minute.isdecimal():
        return f"`{cron}`"
    if hour == "*":
        return f"hourly, at :{int(minute):02}"
    return f"nightly, at {int(hour):02}:{int(minute):02}" if hour.isdecimal() else f"`{cron}`"
