"""Files that are under their names no more although nobody is known to have removed them: they may stand under another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from retention.datamap.loader import MappedFiles, MappedPlace
from retention.disposal.lines import Line
from retention.disposal.opened_log_files import FILES_AT_ONCE, open_every_file
from retention.disposal.pages import pages_of
from retention.disposal.runtime import Runtime
from retention.stores.directory import may_be_same_file


def may_stand_elsewhere(
    runtime: Runtime, place: MappedPlace | MappedFiles, lines: Sequence[Line], now: datetime
) -> set[Line]:
    """Of lines whose files went: those of which a file in the place's folder, whatever it is called, may be the renamed file, or
    a packed copy, which begins with the same record or bears the same date. Objects have no other names.

    Only lines that an earlier try may have removed are asked about, so that every file is read for them. Raises StoreUnreadable.
    """
    if not lines or not isinstance(place, MappedFiles):
        return set()
    below = open_every_file(place, runtime.resolve)
    found: set[Line] = set()
    for parts in pages_of(below.scan(), FILES_AT_ONCE):
        times, stated = below.times_of(parts, now=now), below.stated_at(parts)
        for part in parts:
            dates = {stated[part], times[part].oldest} if part in times else {stated[part]}
            found |= {line for line in lines if line.arose_at in dates or may_be_same_file(line.part_id or "", part)}
    return found
