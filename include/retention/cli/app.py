"""The command line's tree of commands."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from retention.cli import (
    backups,
    certificates,
    concepts,
    controls,
    difference,
    disposal,
    drafting,
    evidence,
    findings,
    holds,
    hygiene,
    partitions,
    proof,
    records,
    replay,
    reporting,
    surroundings,
)
from retention.cli.output import emit
from retention.cli.streams import output_watched, say
from retention.errors import RequestError, UnknownError

_ABORTED = 130
"""As after Ctrl-C: 128 + SIGINT."""


class _Commands(TyperGroup):
    """The tree of commands; what can't be understood is one JSON document, too, where JSON was asked for."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """As typer's own, but for three things: with `--json` a usage error is JSON, too; an output that can't be written
        ends with a code of its own; and nothing but a breach ends with 1."""
        given = list(sys.argv[1:] if args is None else args)
        try:
            ended = super().main(given, prog_name, complete_var, False, windows_expand_args, **extra)
        except TyperException as error:
            if not standalone_mode:
                raise
            _refuse(error, as_json="--json" in given)
        except typer.Abort:
            if not standalone_mode:
                raise
            say("Aborted.")
            sys.exit(_ABORTED)
        if standalone_mode:
            sys.exit(ended or 0)
        return ended

    def make_context(self, *args: Any, **extra: Any) -> Any:
        """As typer's own; `--help` is written here."""
        with output_watched():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: Any) -> Any:
        """As typer's own; commands write here."""
        with output_watched():
            return super().invoke(ctx)


def _refuse(error: TyperException, *, as_json: bool) -> NoReturn:
    """Say what could not be understood, and end with 2."""
    if as_json:
        context = getattr(error, "ctx", None)
        path = context.command_path.split(" ", 1)[1:] if context is not None else []
        refused = RequestError(f"{error.format_message()} `--help` lists what there is.")
        with suppress(SystemExit, UnknownError):
            emit(
                path[0] if path else "usage",
                {"error": type(refused).__name__, "message": str(refused)},
                "",
                as_json=True,
            )
        say(str(refused))
        sys.exit(refused.exit_code)
    with suppress(OSError):
        error.show()  # type: ignore[attr-defined]  # of every usage error that typer raises
    sys.exit(RequestError.exit_code)


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def _about() -> None:
    """Delete personal data when the privacy policy says so, and prove it.

    Exit codes: 0 done/compliant, 1 breach, 2 bad input, 3 unknown, 4 blocked, 5 partly failed; 141 when nobody reads on.
    """


policy = typer.Typer(help="Promises and rules.", no_args_is_help=True)
hold = typer.Typer(help="Legal holds.", no_args_is_help=True)
ledger = typer.Typer(help="The ledger.", no_args_is_help=True)
certificate = typer.Typer(help="Certificates of deletion.", no_args_is_help=True)
key = typer.Typer(help="Keys that sign.", no_args_is_help=True)
finding = typer.Typer(help="What checks found.", no_args_is_help=True)
sample = typer.Typer(help="The sample company.", no_args_is_help=True)
datamap = typer.Typer(help="The data map.", no_args_is_help=True)
parted = typer.Typer(help="Partitioned log tables.", no_args_is_help=True)
kept = typer.Typer(help="Our own records.", no_args_is_help=True)
replayed = typer.Typer(help="What to delete again after a source was restored.", no_args_is_help=True)
restore = typer.Typer(cls=backups.RestoreGroup, help="Restoring our own database.", no_args_is_help=True)
groups = {
    "policy": policy,
    "map": datamap,
    "hold": hold,
    "ledger": ledger,
    "key": key,
    "certificate": certificate,
    "finding": finding,
    "sample": sample,
    "partitions": parted,
    "records": kept,
    "replay": replayed,
    "restore": restore,
}
for name, group in groups.items():
    app.add_typer(group, name=name)

app.command("env")(surroundings.env)
app.command("migrate")(surroundings.migrate)
sample.command("load")(surroundings.sample_load)
policy.command("check")(surroundings.policy_check)
policy.command("show")(surroundings.policy_show)
policy.command("diff")(difference.policy_diff)
datamap.command("draft")(drafting.map_draft)
app.command("plan")(disposal.plan)
app.command("approve")(disposal.approve)
app.command("dispose")(disposal.dispose)
app.command("explain")(disposal.explain)
app.command("verify")(proof.verify)
app.command("report")(reporting.report)
finding.command("list")(findings.finding_list)
finding.command("acknowledge")(findings.finding_acknowledge)
app.command("concept")(concepts.concept)
app.command("status")(proof.status)
app.command("summary")(proof.summary)
app.command("hygiene")(hygiene.hygiene)
parted.command("create")(partitions.partitions_create)
ledger.command("sign")(evidence.ledger_sign)
ledger.command("verify")(evidence.ledger_verify)
certificate.command("run")(certificates.certificate_run)
certificate.command("customer")(certificates.certificate_customer)
certificate.command("verify")(certificates.certificate_verify)
key.command("new")(evidence.key_new)
key.command("public")(evidence.key_public)
key.command("rotate")(evidence.key_rotate)
app.command("backup")(backups.backup)
kept.command("show")(records.records_show)
kept.command("prune")(records.records_prune)
replayed.command("export")(replay.replay_export)
replayed.command("check")(replay.replay_check)
replayed.command("plan")(replay.replay_plan)
restore.command("file")(backups.restore_file)
restore.command("confirm")(backups.restore_confirm)
app.command("mode")(controls.mode)
app.command("stop")(controls.stop)
app.command("resume")(controls.resume)
hold.command("add")(holds.hold_add)
hold.command("approve")(holds.hold_approve)
hold.command("end")(holds.hold_end)
hold.command("list")(holds.hold_list)
