"""A plan of just those items that a replay list names and a restore brought back, also where the source has lost why they went.

It is a plan like any other: its digest, the guard, holds and consents read again right before each batch, the ledger. What is
protected now, was collected anew or consented to since stays, with that reason. Objects without rows are left to the full
listing, which dates them itself, and what goes by its records' age alone is left to the ordinary runs.
"""

from __future__ import annotations

import hashlib
import shutil
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from psycopg import sql

from retention.datamap.loader import MappedPlace
from retention.disposal.keys import require_read_alike
from retention.disposal.lines import DueItem, Tally, due_item
from retention.disposal.pages import pages_of
from retention.disposal.plan import PlanSummary, make_plan
from retention.disposal.previews import PREVIEW
from retention.disposal.reading import Reading
from retention.disposal.replayed import COVERAGE
from retention.disposal.runtime import Runtime
from retention.disposal.selection import is_planned
from retention.errors import RequestError
from retention.evidence import ledger
from retention.policy.model import Action
from retention.replay.list_file import Header, items_of, read_header, require_of_this_ledger, require_unended
from retention.replay.present import Listed, has_facts, present_rows

_ROWS = 1_000
NOT_LISTED = "not_listed"
"""What the list doesn't name stays, whatever its own rule says: the next ordinary run sees to that."""


def plan_replay(runtime: Runtime, path: Path, category: str, *, as_of: datetime, requested_by: str) -> PlanSummary:
    """Plan what came back of one category, as a preview: nothing rests on it until it is executed. The ledger says by which list.

    Raises what `make_plan`, `read_header`, `require_unended` and `require_of_this_ledger` raise, and RequestError for a category
    that is anonymised.
    """
    read_header(path, runtime.hasher)  # what is wrong with it is said under its own name
    with _copied(path) as mine:
        return _plan(runtime, mine, category, as_of=as_of, requested_by=requested_by)


@contextmanager
def _copied(path: Path) -> Iterator[Path]:
    """A copy that is ours alone: whose seal was looked at is what is planned by, whatever becomes of the file meanwhile."""
    with TemporaryDirectory(prefix="retention-replay-") as folder:
        mine = Path(folder) / path.name
        shutil.copyfile(path, mine)
        yield mine


def _plan(runtime: Runtime, path: Path, category: str, *, as_of: datetime, requested_by: str) -> PlanSummary:
    header = read_header(path, runtime.hasher)
    require_unended(header, max(as_of, runtime.now()))
    with runtime.own() as own:
        require_of_this_ledger(own, header)
    if runtime.policy.rule(category).action is Action.ANONYMISE:
        raise RequestError(
            f"found category {category!r}, which is anonymised; expected one that is deleted. It goes by its records' age alone, "
            "which a restore brings back with them: `dispose` sees to it."
        )
    plan = make_plan(
        runtime,
        category,
        as_of=as_of,
        run_id=f"{PREVIEW}/{uuid.uuid4()}",
        requested_by=requested_by,
        coverage=COVERAGE,
        find=lambda reading, tally: _came_back(reading, path, tally),
    )
    with runtime.own() as own:
        ledger.append(own, "replay_planned", _noted(plan, path, header) | {"by": requested_by})
    return plan


def _noted(plan: PlanSummary, path: Path, header: Header) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"plan": plan.plan_id, "list": header.created_at, "list_sha256": digest}


def _came_back(reading: Reading[Any], path: Path, tally: Tally) -> Iterator[DueItem]:
    runtime, place = reading.runtime, reading.checked.place
    if not has_facts(place):
        return
    with closing(Listed(items_of(path, place.name))) as listed:
        # All rows are counted, since the guard compares what goes with what there is.
        for rows in pages_of(present_rows(runtime, place), _ROWS):
            hashes = runtime.hasher.items(place.name, [item_id for item_id, _ in rows])
            gone_at = listed.gone_at(hashes) if listed.count else {}
            back = {
                one[0]: (one[1], gone_at[digest]) for one, digest in zip(rows, hashes, strict=True) if digest in gone_at
            }
            tally.considered += len(rows)
            tally.keep(NOT_LISTED, len(rows) - len(back))
            if back:
                yield from _decided(reading, back, tally)


def _decided(reading: Reading[Any], back: dict[str, tuple[str, datetime]], tally: Tally) -> Iterator[DueItem]:
    """Those of these items (by their ids: their key, and when they went) that go again."""
    place = reading.checked.place
    again = replace(reading, replayed={item_id: gone_at for item_id, (_, gone_at) in back.items()})
    selection = again.selection(keys=sorted({key for key, _ in back.values()}))
    with reading.runtime.source(place) as source:
        rows = source.execute(sql.SQL("SELECT * FROM {}").format(selection.decided), selection.parameters).fetchall()
    if isinstance(place, MappedPlace):
        require_read_alike(place, rows)
    for row in rows:
        if is_planned(row):
            tally.take(row["deadline_at"])
            yield due_item(place.name, row)
        else:
            tally.keep(row["reason"])
