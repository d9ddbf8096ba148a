"""Commands about our own records: how long each is kept, and letting go what is older."""

from __future__ import annotations

from retention import database, settings
from retention.cli.controls import own_conninfo
from retention.cli.output import AsJson, By, command, counted_noun, emit
from retention.readable import utc_minute
from retention.records.prune import prune
from retention.records.rules import load_records


@command("records show")
def records_show(as_json: AsJson = False) -> None:
    """How long each of our own records is kept, by which paragraph, and why."""
    records = load_records(settings.records_file())
    fields = {
        "owner": records.owner,
        "records": [
            {
                "record": name,
                "what": one.what,
                "keep_years": one.keep,
                "paragraph": one.paragraph,
                "reason": one.reason,
            }
            for name, one in records.records.items()
        ],
    }
    text = "\n".join(
        f"{name}: {one.what}\n  {_kept(one.keep)} ({one.paragraph}): {one.reason}"
        for name, one in records.records.items()
    )
    emit("records show", fields, text, as_json=as_json)


def _kept(years: int | None) -> str:
    if years is None:
        return "whole"
    return f"to the end of calendar year {years} after its own" if years else "passing: goes once it has served"


@command("records prune")
def records_prune(as_json: AsJson = False, *, by: By) -> None:
    """Delete our own records whose time is over, as include/records/own.yaml says; each batch is noted in the ledger."""
    records = load_records(settings.records_file())
    with database.connect(own_conninfo()) as own:
        found = prune(own, records, by=by)
    text = "\n".join(
        f"{one.record}: {counted_noun(one.rows, 'row')} from before {utc_minute(one.before)} went" for one in found
    )
    emit("records prune", {"pruned": found}, text, as_json=as_json)
