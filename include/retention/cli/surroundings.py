"""Commands about the surroundings: where things are, our database's schema, the sample company, the policy's documents."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from retention import database, settings
from retention.cli.arguments import require_rule
from retention.cli.output import AsJson, command, counted_noun, emit, load_local_connections, progress_bar
from retention.connections import from_environment, path_of, postgres_conninfo
from retention.datamap.categories import unmatched_categories
from retention.datamap.loader import load_datamap
from retention.errors import DataMapError, MissingConnection, PolicyError, Problem, RequestError
from retention.policy.loader import load_policy
from retention.records.rules import load_records
from retention.sentences import rule_sentence


@command("env")
def env(as_json: AsJson = False) -> None:
    """Where the local stack is: addresses and files. Secrets stand in files of mode 600, never here."""
    path = settings.state_folder() / "env.json"
    if not path.is_file():
        raise RequestError(f"found no {path}; expected a local stack. Start it with `make run`.")
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise RequestError(
            f"found {path}, which can't be read; expected JSON. Start the stack again: `make run`."
        ) from None
    emit("env", fields, "\n".join(f"{name}: {value}" for name, value in fields.items()), as_json=as_json)


@command("migrate")
def migrate(as_json: AsJson = False) -> None:
    """Bring our own database's schema to the newest version (connection retention_db_owner, else retention_db)."""
    version = database.migrate(owner_conninfo())
    emit("migrate", {"version": version}, f"schema retention is at version {version}", as_json=as_json)


def owner_conninfo() -> str:
    """The connection string of our own database's owner."""
    _load_owner_connections()
    try:
        connection = from_environment("retention_db_owner")
    except MissingConnection:
        connection = from_environment(settings.OWN_CONNECTION)
    return postgres_conninfo(connection)


def _load_owner_connections() -> None:
    """The local stack's owner identities: set-up, backup and restore use them, no other command ever loads them."""
    load_local_connections("owner.env")


@command("sample load")
def sample_load(
    seed: Annotated[int, typer.Option(help="The same seed gives the same company.")] = 1,
    calls: Annotated[int, typer.Option(min=1, help="Calls over the last 60 days.")] = 3000,
    as_json: AsJson = False,
) -> None:
    """Load the sample company, or finish an interrupted load; loading again adds nothing."""
    from retention.sample import load
    from retention.sample.server_logs import LOG_BUCKET
    from retention.stores.s3_client import client_factory

    if not settings.is_sample_environment():
        raise RequestError("found no sample environment; expected RETENTION_ENVIRONMENT=sample. Nothing was loaded.")
    _load_owner_connections()
    company = postgres_conninfo(from_environment("company_db_app"))
    bucket = client_factory(from_environment("company_s3_app"))()
    folder = _mounted_path("server_files_app")
    bar, move = progress_bar("loading the sample company")
    with bar:
        counts = load(
            company,
            bucket,
            postgres_conninfo(from_environment(settings.OWN_CONNECTION)),
            seed=seed,
            calls=calls,
            now=datetime.now(UTC),
            progress=move,
            log_bucket=LOG_BUCKET,
            log_folder=folder,
        )
    emit("sample load", counts, "\n".join(f"{name}: {count}" for name, count in counts.items()), as_json=as_json)


def _mounted_path(connection_id: str) -> Path | None:
    """The folder of a connection of type `fs`; None where there is no such connection."""
    try:
        return path_of(from_environment(connection_id))
    except MissingConnection:
        return None


@command("policy check")
def policy_check(as_json: AsJson = False) -> None:
    """Read promises, rules and data map; list every problem with file and line."""
    problems: list[Problem] = []
    rules = promises = 0
    policy = datamap = None
    try:
        policy = load_policy(settings.policies_folder())
        rules, promises = len(policy.rules), len(policy.promises.promises)
    except PolicyError as error:
        problems += error.problems
    try:
        datamap = load_datamap(settings.datamap_folder())
    except DataMapError as error:
        problems += error.problems
    try:
        load_records(settings.records_file())
    except PolicyError as error:
        problems += error.problems
    if policy is not None and datamap is not None:
        problems += unmatched_categories(policy, datamap, settings.policies_folder(), settings.datamap_folder())
    fields = {
        "errors": [
            {name: getattr(problem, name) for name in ("file", "line", "code", "found", "expected")}
            for problem in problems
        ],
        "rules": rules,
        "promises": promises,
    }
    keep = f"{counted_noun(rules, 'rule')} {'keeps' if rules == 1 else 'keep'} {counted_noun(promises, 'promise')}"
    text = "\n".join(map(str, problems)) or f"{keep}; no problem found"
    emit("policy check", fields, text, as_json=as_json)
    if problems:
        raise typer.Exit(2)


@command("policy show")
def policy_show(category: Annotated[str | None, typer.Argument()] = None, as_json: AsJson = False) -> None:
    """The rules as English and German sentences."""
    policy = load_policy(settings.policies_folder())
    if category is not None:
        require_rule(category)
    rules = [policy.rule(category)] if category is not None else list(policy.rules.values())
    fields = {"rules": [{"category": r.category, "en": rule_sentence(r), "de": rule_sentence(r, "de")} for r in rules]}
    text = "\n\n".join(f"{rule['category']}\n  {rule['en']}\n  {rule['de']}" for rule in fields["rules"])
    emit("policy show", fields, text, as_json=as_json)
