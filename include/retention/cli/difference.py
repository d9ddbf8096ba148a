"""`policy diff`: what a change of the policy's documents would do, before it is merged."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from retention.cli.output import AsJson, AsOf, command, counted_noun, emit
from retention.cli.reason_words import counted_reasons
from retention.disposal.difference import PlaceDifference, changed_categories, compare, judged_at
from retention.disposal.opening import open_runtime
from retention.policy.loader import Policy, load_policy
from retention.readable import utc_minute
from retention.sentences import rule_sentence
from retention.settings import parse_as_of

Folder = Annotated[Path, typer.Argument(help="A folder of promises and rules.", exists=True, file_okay=False)]


@command("policy diff")
def policy_diff(before: Folder, after: Folder, as_of: AsOf = None, as_json: AsJson = False) -> None:
    """What a change of rules would make due, or keep: counted on the real stores, read-only, by category and place."""
    instant = parse_as_of(as_of)
    policies = (load_policy(before), load_policy(after))
    changed, unchanged = changed_categories(*policies)
    runtime = open_runtime()
    sides = [replace(runtime, policy=policy) for policy in policies]
    instants = {category: judged_at(*policies, category, instant) for category in changed}
    found = {category: list(compare(sides[0], sides[1], category, at)) for category, at in instants.items()}
    categories = [
        {
            "category": category,
            "before": _sentence(policies[0], category),
            "after": _sentence(policies[1], category),
            "as_of": instants[category],
            "places": [_fields(place) for place in places],
        }
        for category, places in found.items()
    ]
    fields = {"as_of": instant, "categories": categories, "unchanged": unchanged}
    parts = [_words(one, places, instant) for one, places in zip(categories, found.values(), strict=True)]
    text = "\n".join([*parts, _rest(unchanged)])
    emit("policy diff", fields, text, as_json=as_json)


def _sentence(policy: Policy, category: str) -> str | None:
    rule = policy.rules.get(category)
    return rule_sentence(rule) if rule is not None else None


def _fields(found: PlaceDifference) -> dict[str, Any]:
    return {
        "place": found.place,
        "counted": found.counted,
        "due_before": found.due_before,
        "due_after": found.due_after,
        "newly_due": found.newly_due.total(),
        "newly_due_by_reason": dict(found.newly_due),
        "no_longer_due": found.no_longer_due.total(),
        "no_longer_due_by_reason": dict(found.no_longer_due),
    }


def _words(category: dict[str, Any], places: list[PlaceDifference], asked: datetime) -> str:
    lines = [
        category["category"],
        f"  before: {category['before'] or 'no rule'}",
        f"  after:  {category['after'] or 'no rule'}",
    ]
    if category["as_of"] != asked:
        lines.append(
            f"  both as of {utc_minute(category['as_of'])}, when the newest version takes effect, with the data of now"
        )
    for place in places:
        if not place.counted:
            lines.append(f"  {place.place}: not counted; nothing of ours deletes there")
            continue
        lines.append(f"  {place.place}: {place.due_before} due before, {place.due_after} due after")
        lines += [
            f"    {counts.total()} {what}: {counted_reasons(counts)}"
            for counts, what in ((place.newly_due, "newly due"), (place.no_longer_due, "due no longer"))
            if counts
        ]
    return "\n".join([*lines, *([] if places else ["  no place in the data map: nothing to count"])])


def _rest(unchanged: list[str]) -> str:
    return f"{counted_noun(len(unchanged), 'rule')} unchanged{': ' + ', '.join(unchanged) if unchanged else ''}"
