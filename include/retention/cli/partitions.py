"""Commands about partitioned tables; none of them deletes."""

from __future__ import annotations

from typing import Annotated

import typer

from retention.cli.output import AsJson, command, emit
from retention.disposal.new_partitions import DAYS_AHEAD, create_ahead, partitioned_places
from retention.disposal.opening import open_runtime


@command("partitions create")
def partitions_create(
    places: Annotated[
        list[str] | None, typer.Argument(help="Places of kind `partitions`; default: all in the data map.")
    ] = None,
    days: Annotated[int, typer.Option(help="How many days from today on (UTC), today included.")] = DAYS_AHEAD,
    as_json: AsJson = False,
) -> None:
    """Create the partitions of the days to come where they are missing; touches no data."""
    runtime = open_runtime()
    done = [create_ahead(runtime, place, days=days) for place in places or partitioned_places(runtime)]
    lines = [f"{one['place']}: {one['created']} created" for one in done] or ["no place is partitioned"]
    emit("partitions create", {"places": done}, "\n".join(lines), as_json=as_json)
