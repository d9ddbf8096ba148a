"""Commands of the replay list: what has to be deleted again after a source was restored from a backup."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from retention import database, settings
from retention.backup.nightly import note_written
from retention.backup.series import LISTS
from retention.cli.arguments import require_rule
from retention.cli.controls import own_conninfo
from retention.cli.disposal import Category, plan_words
from retention.cli.output import AsJson, AsOf, By, command, counted_noun, emit, os_user
from retention.disposal.opening import open_runtime
from retention.evidence import ledger
from retention.evidence.hashing import ItemHasher
from retention.new_file import write_new
from retention.readable import utc_minute
from retention.replay.check import ReplayCheck, check_replay
from retention.replay.list_file import backups_kept, write_list
from retention.replay.plan import plan_replay


@command("replay export")
def replay_export(
    out: Annotated[Path, typer.Option("--out", help="A file that isn't there yet.")],
    kept: Annotated[
        str | None,
        typer.Option("--backups-kept", help="How long the oldest backup of any source is kept, such as P35D."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the keyed hashes of what went and may come back from a backup. Keep the file apart from our own database."""
    text, period = backups_kept(kept)
    hasher = ItemHasher.from_environment()
    with database.connect(own_conninfo()) as own:
        head = ledger.head(own)
        items = write_list(own, out, hasher, text, period, (head.seq, head.hash))
        note_written(own, LISTS, items, by=os_user())
    emit(
        "replay export",
        {"path": out, "items": items, "backups_kept": text},
        f"{out}: {counted_noun(items, 'item')}",
        as_json=as_json,
    )


@command("replay check")
def replay_check(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    items_out: Annotated[
        Path | None,
        typer.Option("--items-out", help="A file that isn't there yet (mode 600), for what came back by its ids."),
    ] = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
    *,
    by: By,
) -> None:
    """Look in every place for what is in the list; exit code 1 where something came back. Deletes nothing: `dispose` does."""
    check = check_replay(open_runtime(actor=by), file, settings.parse_as_of(as_of))
    if items_out is not None:
        write_new(
            items_out, "".join(f"{json.dumps(asdict(one), ensure_ascii=False)}\n" for one in check.found), mode=0o600
        )
    emit("replay check", _fields(check) | {"items_path": items_out}, words_of_check(check), as_json=as_json)
    raise typer.Exit(1 if check.found else 3 if check.failed or check.dropped else 0)


@command("replay plan")
def replay_plan(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    category: Category,
    as_of: AsOf = None,
    as_json: AsJson = False,
    *,
    by: By,
) -> None:
    """Plan what of a category is in the list and there again, also where the source lost why it went. Changes nothing."""
    require_rule(category)
    runtime = open_runtime(actor=by)
    summary = plan_replay(runtime, file, category, as_of=settings.parse_as_of(as_of), requested_by=by)
    words = plan_words(summary, runtime.policy.rule(category).action)
    emit("replay plan", summary.to_json(), words, as_json=as_json)


def _fields(check: ReplayCheck) -> dict[str, object]:
    return {
        "list": check.header,
        "listed": check.listed,
        "came_back": len(check.found),
        "goes_again": sum(one.goes_again for one in check.found),
        "fact_lost": sum(not one.goes_again for one in check.found),
        "found": check.counts(),
        "places": {"read": check.read, "by_age": check.by_age, "failed": check.failed, "dropped": check.dropped},
    }


def words_of_check(check: ReplayCheck) -> str:
    again = sum(one.goes_again for one in check.found)
    lost = len(check.found) - again
    until = utc_minute(check.header.created_at)
    lines = [f"of {counted_noun(check.listed, 'item')} that went until {until}, {len(check.found)} came back"]
    if again:
        lines.append(f"{again} are due by their rule: `dispose` removes them (`--listing` those without a row)")
    if lost:
        lines.append(
            f"{lost} are due by no rule now: they are kept, or the restored source lost what made them due. `replay plan` plans "
            "what nothing keeps; enter there again why it went, too, since that may concern more (--items-out names the items)"
        )
    if check.by_age:
        lines.append(f"not compared, since what is there goes by its own age: {', '.join(check.by_age)}")
    lines += [f"{name}: could not be read ({why})" for name, why in check.failed.items()]
    lines += [f"{name}: in the list, and not in the data map" for name in check.dropped]
    return "\n".join(lines)
