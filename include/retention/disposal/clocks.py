"""Whose time counts. Holds are stamped by our database, objects by their store, what happened to them by the source's database,
and we run on yet another machine."""

from __future__ import annotations

from datetime import datetime

from retention.database import OwnConnection, database_time
from retention.datamap.loader import RowPlace
from retention.disposal.runtime import Runtime


def current_time(runtime: Runtime, own: OwnConnection) -> datetime:
    """Now, for holds and consents: the later of this machine's clock and the database's, which stamped the holds.

    A hold that is committed is then never "not yet effective" because this machine is a little behind.
    """
    return max(runtime.now(), database_time(own))


def source_time(runtime: Runtime, place: RowPlace) -> datetime:
    """Now, by the database with the place's rows: it has dated them."""
    with runtime.source(place) as source:
        return database_time(source)
