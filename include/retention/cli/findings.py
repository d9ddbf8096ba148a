"""Commands about what checks found: list it, and acknowledge a finding until a date."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from retention import database, settings
from retention.cli.controls import own_conninfo
from retention.cli.output import AsJson, By, Reason, command, emit
from retention.database import OwnConnection
from retention.evidence.acknowledgements import acknowledge
from retention.readable import utc_minute
from retention.reports.checks import current_policy
from retention.reports.document import Finding
from retention.reports.found import findings_now, the_one


@command("finding list")
def finding_list(as_json: AsJson = False) -> None:
    """What the newest check found, with who answers for it and who acknowledged it until when."""
    with database.connect(own_conninfo()) as own:
        found = _found(own)
    fields = [
        {name: value for name, value in asdict(one).items() if name not in ("title", "action")}
        | {"title": one.title.en}
        for one in found
    ]
    emit("finding list", {"findings": fields}, "\n".join(map(_words, found)) or "nothing was found", as_json=as_json)


@command("finding acknowledge")
def finding_acknowledge(
    finding: Annotated[str, typer.Argument(metavar="ID|KIND@PLACE", help="The finding, as `finding list` shows it.")],
    until: Annotated[str, typer.Option(help="Until when, ISO 8601 with offset; a year ahead at the most.")],
    reason: Reason,
    as_json: AsJson = False,
    *,
    by: By,
) -> None:
    """Say in the ledger that you have seen a finding, and why it may stay until then. It stays in every report, and changes no
    verdict; breaches and unknowns are refused."""
    end = settings.parse_instant("--until", until)
    with database.connect(own_conninfo()) as own:
        one = the_one(_found(own), finding)
        found = (one.kind, one.category, one.place)
        acknowledge(own, found, severity=one.severity, count=one.count, until=end, by=by, reason=reason)
    fields = {
        "finding": one.finding_id,
        "kind": one.kind,
        "place": one.place,
        "count": one.count,
        "until": end,
        "by": by,
    }
    emit(
        "finding acknowledge", fields, f"{one.kind}@{one.place}: acknowledged until {utc_minute(end)}", as_json=as_json
    )


def _found(own: OwnConnection) -> list[Finding]:
    return findings_now(own, *current_policy())


def _words(one: Finding) -> str:
    lines: list[Any] = [
        f"{one.severity}: {one.count} × {one.title.en} ({one.kind}@{one.place})",
        f"    id      {one.finding_id}",
        f"    owner   {one.owner or 'nobody'}",
    ]
    if one.acknowledged is not None:
        word = one.acknowledged
        lines.append(f"    seen    by {word.by} until {utc_minute(word.until)}, at {word.count}: {word.reason}")
    return "\n".join(lines)
