"""The command line's tree of commands."""

from __future__ import annotations

import typer

from retention.cli import controls, disposal, proof, surroundings
from retention.connections import load_environment_file
from retention.settings import state_folder

app = typer.Typer(
    help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)


@app.callback()
def _connections() -> None:
    """Delete personal data when the privacy policy says so, and prove it.

    Exit codes: 0 done/compliant, 1 breach, 2 bad input, 3 unknown, 4 blocked, 5 partly failed.
    """
    # After `make run`, the local stack's connections count wherever the environment sets none.
    load_environment_file(state_folder() / "connections.env")


policy = typer.Typer(help="Promises and rules.", no_args_is_help=True)
hold = typer.Typer(help="Legal holds.", no_args_is_help=True)
ledger = typer.Typer(help="The ledger.", no_args_is_help=True)
sample = typer.Typer(help="The sample company.", no_args_is_help=True)
for name, group in (("policy", policy), ("hold", hold), ("ledger", ledger), ("sample", sample)):
    app.add_typer(group, name=name)

app.command("env")(surroundings.env)
app.command("migrate")(surroundings.migrate)
sample.command("load")(surroundings.sample_load)
policy.command("check")(surroundings.policy_check)
policy.command("show")(surroundings.policy_show)
app.command("plan")(disposal.plan)
app.command("approve")(disposal.approve)
app.command("dispose")(disposal.dispose)
app.command("explain")(disposal.explain)
app.command("verify")(proof.verify)
app.command("report")(proof.report)
app.command("status")(proof.status)
app.command("summary")(proof.summary)
ledger.command("verify")(proof.ledger_verify)
app.command("mode")(controls.mode)
app.command("stop")(controls.stop)
app.command("resume")(controls.resume)
hold.command("add")(controls.hold_add)
hold.command("approve")(controls.hold_approve)
hold.command("end")(controls.hold_end)
hold.command("list")(controls.hold_list)
