"""What a task's result says in a line on the page of its run: counts, no item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def of_plan(plan: dict[str, Any]) -> str:
    """`655 of 1368 due`, and whether the guard holds it back."""
    return f"{plan['due']} of {plan['considered']} due" + (", blocked" if plan["blocked"] else "")


def of_disposal(result: dict[str, Any]) -> str:
    """`655 of 655 gone, 0 failed` (or `anonymised`); in a rehearsal what would go."""
    from retention.policy.facts import WAITS
    from retention.policy.model import Action

    count = result["gone"] + result["recovered"]
    done = Action(result.get("action", Action.DELETE)).done(dry_run=result["dry_run"])
    waiting = result["spared"].get(WAITS, 0)
    rest = f", {waiting} wait for what has to go first" if waiting else ""
    return f"{count} of {result['planned'] - waiting} {done}, {result['failed']} failed{rest}"


def of_clearing(cleared: dict[str, Any]) -> str:
    """`airflow_metadata: 120 records gone, 0 left`; in a rehearsal what would go, and under a legal hold that it stays."""
    if cleared["before"] is None:
        return f"{cleared['place']}: kept by a legal hold"
    older, left = sum(cleared["older"].values()), sum(cleared["left"].values())
    if cleared["dry_run"]:
        return f"{cleared['place']}: {older} records would go"
    held = sum(why == "legal_hold" for why in cleared["copies_left"].values())
    copies = f", {held} copies kept by a legal hold" if held else ""
    return f"{cleared['place']}: {older - left} records gone, {left} left{copies}"


def of_pruning(pruned: dict[str, int]) -> str:
    """`12 disposed items, 3 reports gone`, or that nothing was old enough."""
    went = [f"{rows:,} {record.replace('_', ' ')}" for record, rows in pruned.items() if rows]
    return f"{', '.join(went)} gone" if went else "nothing was old enough"


def of_signing(signed: dict[str, Any]) -> str:
    """`4,120 entries signed, 1 head anchored`."""
    return f"{signed['size']:,} entries signed, {signed['anchored']} {'head' if signed['anchored'] == 1 else 'heads'} anchored"


def of_writing(written: dict[str, Any], unit: str) -> str:
    """`4,120 ledger entries written, 1 old gone`."""
    old = f", {written['let_go']} old gone" if written["let_go"] else ""
    return f"{written['counted']:,} {unit} written{old}"


def of_planting(planting: dict[str, Any]) -> str:
    """`20 planted in 10 places`."""
    return f"{sum(planting['planted'].values())} planted in {len(planting['planted'])} places"


def of_check(result: dict[str, Any]) -> str:
    """`compliant, 3 kinds of finding`."""
    return f"{result['verdict']}, {len(result['findings'])} kinds of finding"


_LAST_WORDS = "Holds and consents are read again right before anything goes; a deletion can't be taken back."


def of_preview(preview: dict[str, Any]) -> str:
    """`3 would go, 2 asked for stay`."""
    return f"{preview['goes']} would go, {sum(preview['stays'].values())} asked for stay"


def of_purge(preview: Mapping[str, Any]) -> str:
    """What an approver looks at, as Markdown: what would go, from where, of when; what stays, and why; the digest."""
    places = [
        f"| {one['place']} | {one['items']} | {one['tenants']} | {_day(one['oldest_at'])} | {_day(one['newest_at'])} |"
        for one in preview["places"]
    ]
    stays = [f"- {reason.replace('_', ' ')}: {count}" for reason, count in preview["stays"].items()] or ["- nothing"]
    above = [f"**Above the volume limit, so two people must approve:** {preview['blocked_reason']}", ""]
    return "\n".join(
        [
            f"**{preview['goes']} items of category {preview['category']} would go**, asked for by {preview['requested_by']}.",
            "",
            "| place | items | customers | oldest | newest |",
            "|---|---|---|---|---|",
            *places,
            "",
            "Asked for, and stays all the same, because of:",
            "",
            *stays,
            "",
            *(above if preview["blocked_reason"] else []),
            f"{preview['not_asked_for']} others were looked at and not asked for. {_LAST_WORDS}",
            "",
            f"Digest: `{preview['digest']}`, until {preview['expires_at'][:16]} UTC",
        ]
    )


def _day(at: str | None) -> str:
    return at[:10] if at else "unknown"
