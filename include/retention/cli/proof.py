"""Commands that prove and report; none of them deletes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from retention import database, settings
from retention.cli.arguments import require_mapped
from retention.cli.controls import own_conninfo
from retention.cli.output import AsJson, AsOf, command, emit, progress_bar
from retention.connections import from_environment, postgres_conninfo
from retention.datamap.categories import known_categories
from retention.datamap.loader import load_datamap
from retention.evidence.hashing import ItemHasher
from retention.policy.loader import load_policy
from retention.verification.result import Finding
from retention.verification.wording import WORDING

_ASKS_FOR_WORK = ("breach", "unknown")
EXIT_BY_VERDICT = {"compliant": 0, "breach": 1, "unknown": 3}


@command("verify")
def verify(
    categories: Annotated[
        list[str] | None, typer.Argument(help="Data categories; default: all that have a rule or a place.")
    ] = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Prove from the stores themselves that nothing stays past its limit and nothing protected vanished; without a CATEGORY also
    that nothing is there that nobody mapped."""
    from retention.verification import verify as prove
    from retention.verification.anchored import anchor_of

    if categories:
        require_mapped(categories)
    bar, move = progress_bar("verifying the stores")
    with bar:
        result = prove(
            categories or all_categories(),
            coverage=not categories,
            # Without an instant it is judged by our own database's clock, as holds and the ledger are dated by it.
            as_of=settings.parse_as_of(as_of) if as_of is not None else None,
            resolve=from_environment,
            policies=settings.policies_folder(),
            datamap=settings.datamap_folder(),
            own_conninfo=postgres_conninfo(from_environment(settings.OWN_VERIFY_CONNECTION)),
            hasher=ItemHasher.from_environment(),
            anchor=anchor_of(from_environment),
            progress=move,
        )
    fields = result.to_json()
    emit(
        "verify",
        fields,
        "\n".join([f"verdict: {fields['verdict']}", *map(_finding_words, result.findings)]),
        as_json=as_json,
    )
    raise typer.Exit(EXIT_BY_VERDICT[fields["verdict"]])


def _finding_words(finding: Finding) -> str:
    """The finding in words; of one that says more than that something was found lawful, also what to do."""
    words = WORDING[finding.kind]
    line = f"{finding.severity}: {finding.count} × {words.title_en} ({finding.kind}) in {finding.place}"
    more = [finding.detail.get("explanation"), words.action_en if finding.severity in _ASKS_FOR_WORK else None]
    return "\n".join([line, *(f"    {text}" for text in more if text)])


def all_categories() -> list[str]:
    """Every category that has a rule or a place."""
    return known_categories(load_policy(settings.policies_folder()), load_datamap(settings.datamap_folder()))


def instant_of(own: database.OwnConnection, as_of: str | None, given: datetime) -> datetime:
    """`--as-of`, else now by our own database's clock, which dates what is read here: a newer proof must not lie ahead of it."""
    return given if as_of is not None else database.database_time(own)


@command("status")
def status(as_of: AsOf = None, as_json: AsJson = False) -> None:
    """Per category: mode, how the last runs ended, last proof, headroom, verdict. Exit codes as `verify`: for cron."""
    from retention.reports.checks import documents_now
    from retention.reports.status import read_status

    policy, datamap = load_policy(settings.policies_folder()), load_datamap(settings.datamap_folder())
    documents = documents_now(policy, datamap)
    given = settings.parse_as_of(as_of)
    with database.connect(own_conninfo()) as own:
        result = read_status(own, known_categories(policy, datamap), documents, instant_of(own, as_of, given))
    emit("status", result.to_json(), result.to_text(), as_json=as_json)
    raise typer.Exit(EXIT_BY_VERDICT[result.verdict])


@command("summary")
def summary(
    since: Annotated[str | None, typer.Option(help="Only runs that began at or after this instant.")] = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """What the last disposals and the last proof up to that instant say, in words."""
    from retention.reports.checks import documents_now
    from retention.reports.summary import read_summary

    policy, datamap = load_policy(settings.policies_folder()), load_datamap(settings.datamap_folder())
    first: datetime | None = settings.parse_instant("--since", since) if since is not None else None
    given = settings.parse_as_of(as_of)
    with database.connect(own_conninfo()) as own:
        until = instant_of(own, as_of, given)
        categories = known_categories(policy, datamap)
        fields: dict[str, Any] = read_summary(own, categories, documents_now(policy, datamap), since=first, until=until)
    emit("summary", fields, fields["text"], as_json=as_json)
