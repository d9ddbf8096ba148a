"""Commands that back up our own database, restore it, and confirm that a restored one lacks no hold."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from retention import database
from retention.backup.confirm import confirm_restore
from retention.backup.dump import back_up
from retention.backup.nightly import note_written
from retention.backup.restore import restore
from retention.backup.series import BACKUPS
from retention.cli.controls import own_conninfo
from retention.cli.evidence import connected_bucket
from retention.cli.output import AsJson, By, Reason, command, counted_noun, emit, os_user
from retention.cli.surroundings import owner_conninfo
from retention.evidence.hashing import ItemHasher
from retention.evidence.homes import CONFIRM, NOT_CONFIRMED
from retention.readable import utc_minute


class RestoreGroup(TyperGroup):
    """`restore FILE` means `restore file FILE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As typer's own, with the command's name where none is given."""
        named = not args or args[0] in self.commands or args[0] == "--help"
        parsed: list[str] = super().parse_args(ctx, args if named else ["file", *args])
        return parsed


@command("backup")
def backup(
    out: Annotated[Path, typer.Option("--out", help="A file that isn't there yet.")], as_json: AsJson = False
) -> None:
    """Write a backup of our own database (connection retention_db_owner, else retention_db), readable by its owner alone."""
    conninfo = owner_conninfo()
    manifest = back_up(conninfo, out)
    with database.connect(conninfo) as own:
        note_written(own, BACKUPS, manifest.entries, by=os_user())
    counts = f"{counted_noun(manifest.entries, 'ledger entry')}, {counted_noun(manifest.holds, 'hold')}".replace(
        "entrys", "entries"
    )
    text = f"{out}: {counts}; ledger head {manifest.head}"
    emit("backup", {"path": out, **asdict(manifest)}, text, as_json=as_json)


@command("restore file")
def restore_file(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    reason: Reason,
    replace: Annotated[
        str | None, typer.Option("--replace", help="The ledger's head of the database that is to be replaced.")
    ] = None,
    as_json: AsJson = False,
    *,
    by: By,
) -> None:
    """Restore a backup, the whole of it or nothing; deletion is stopped from then on, until `restore confirm` and `resume`."""
    done = restore(owner_conninfo(), file, by=by, reason=reason, replace=replace)
    manifest = done.manifest
    fields = {
        "path": file,
        "backup_created_at": manifest.created_at,
        "schema_version": manifest.schema_version,
        "entries": manifest.entries,
        "head": manifest.head,
        "holds": manifest.holds,
        "replaced": done.replaced,
        "has_rights": done.has_rights,
        "confirmed": False,
    }
    rights = "" if done.has_rights else " The roles have no rights yet: run include/sql/roles/own.sql as the owner."
    text = (
        f"restored as of {utc_minute(manifest.created_at)}: {manifest.entries} ledger entries, {manifest.holds} holds. "
        f"Everything is STOPPED; {NOT_CONFIRMED}. Run `python -m retention migrate`.{rights} {CONFIRM}"
    )
    emit("restore file", fields, text, as_json=as_json)


@command("restore confirm")
def restore_confirm(
    reason: Reason,
    holds_set_again: Annotated[
        bool,
        typer.Option("--holds-set-again", help="What holds were lost with the ledger's end have been set again."),
    ] = False,
    restored_by: Annotated[
        str | None, typer.Option("--restored-by", help="Who restored it, where that was done by other means.")
    ] = None,
    as_json: AsJson = False,
    *,
    by: By,
) -> None:
    """Confirm, as a second person, that a restored database lacks no hold: holds are compared with the ledger, and the ledger
    with the heads in the locked bucket. Everything stays stopped until `resume`."""
    bucket, hasher = connected_bucket(), ItemHasher.from_environment()
    with database.connect(own_conninfo()) as own:
        done = confirm_restore(
            own, hasher, bucket, by=by, restored_by=restored_by, reason=reason, holds_set_again=holds_set_again
        )
    proven = f"signed heads prove it until {utc_minute(done.proven_until)}, " if done.proven_until else ""
    text = (
        f"confirmed: {counted_noun(done.holds, 'hold')} in force or waiting, as the ledger noted; {proven}what came later rests "
        f"on {by}'s word. Still stopped: `resume` ends that."
    )
    emit("restore confirm", {**asdict(done), "who": by, "why": reason}, text, as_json=as_json)
