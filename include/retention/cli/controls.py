"""Commands of people: modes and the global stop."""

from __future__ import annotations

from typing import Annotated

import typer

from retention import database
from retention.cli.arguments import require_rule
from retention.cli.output import AsJson, By, Reason, command, emit
from retention.cli.streams import say
from retention.connections import from_environment, postgres_conninfo
from retention.database import OwnConnection
from retention.datamap.loader import load_datamap
from retention.errors import RequestError
from retention.evidence.controls import Change, Mode, set_mode, set_stop, stop_of, wait_for_batches
from retention.settings import OWN_CONNECTION, datamap_folder


def own_conninfo() -> str:
    """The connection string of our own database."""
    return postgres_conninfo(from_environment(OWN_CONNECTION))


@command("mode")
def mode(
    category: Annotated[str, typer.Argument()],
    value: Annotated[str, typer.Argument(metavar="off|observe|enforce")],
    reason: Reason,
    as_json: AsJson = False,
    *,
    by: By,
) -> None:
    """Set what disposal may do in a category. Before `enforce`, `verify` should have read all its places."""
    require_rule(category)
    wanted = _mode(value)
    with database.connect(own_conninfo()) as own:
        unproven = _never_verified(own, category) if wanted is Mode.ENFORCE else []
        change = set_mode(own, category, wanted, changed_by=by, reason=reason)
    if unproven:
        say(
            f"warning: no verification has ever read {', '.join(unproven)} to its end: what goes there from now on can't be "
            f"proven, and what should have stayed can't be missed. Run `verify {category}` first, and mend what it names; until "
            f"then `mode {category} observe` deletes nothing."
        )
    _show("mode", change, as_json, category=category, never_verified=unproven)


def _mode(text: str) -> Mode:
    if text not in set(Mode):
        raise RequestError(f"found mode {text!r}; expected one of: {', '.join(Mode)}. Nothing was changed.")
    return Mode(text)


def _never_verified(own: OwnConnection, category: str) -> list[str]:
    """Places of the category that no finished verification could read to its end. No refusal: whatever is past its limit has to
    go even where the proof is broken, and the verdict stays unknown all the while."""
    row = own.execute(
        "SELECT coalesce(array_agg(DISTINCT name), '{}') AS names FROM retention.check_runs, "
        "jsonb_array_elements_text(places_read) AS name WHERE finished_at IS NOT NULL"
    ).fetchone()
    assert row is not None  # an aggregate always gives one row
    places = load_datamap(datamap_folder()).places.values()
    return [place.name for place in places if place.spec.category == category and place.name not in row["names"]]


@command("stop")
def stop(reason: Reason, as_json: AsJson = False, *, by: By) -> None:
    """Stop every delete path before its next batch, and wait until no batch is running any more."""
    with database.connect(own_conninfo()) as own:
        change = set_stop(own, True, changed_by=by, reason=reason)
        say("stopped: no batch begins from now on; waiting for those that run")
        wait_for_batches(own)
    _show("stop", change, as_json, note="; no batch is running any more", batches_running=0)


@command("resume")
def resume(reason: Reason, as_json: AsJson = False, *, by: By) -> None:
    """End the stop."""
    with database.connect(own_conninfo()) as own:
        was_stopped = stop_of(own).value == "stopped"
        note = "; batches may begin again" if was_stopped else "; nothing had been stopped"
        _show("resume", set_stop(own, False, changed_by=by, reason=reason), as_json, note=note)


def _show(name: str, change: Change, as_json: bool, *, note: str = "", **more: str | int | list[str]) -> None:
    fields = {**more, "value": change.value, "who": change.changed_by, "when": change.changed_at, "why": change.reason}
    of = f"{more['category']} " if "category" in more else ""
    emit(name, fields, f"{of}{change.value} (by {change.changed_by}: {change.reason}){note}", as_json=as_json)
