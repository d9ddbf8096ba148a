"""Whether our own database is backed up, and what went is listed for replays: by what was written, not by what was set up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from retention.backup.series import BACKUPS, LISTS, Series
from retention.database import OwnConnection
from retention.reports.document import Text
from retention.reports.formats import instant

LATE = timedelta(hours=26)
"""A day, and time for a run that was tried again."""
_CALLED = {
    BACKUPS: Text("backup of our own database", "keine Sicherung unserer eigenen Datenbank"),
    LISTS: Text("replay list", "keine Wiederholungsliste"),
}


@dataclass(frozen=True, slots=True)
class BackupStatus:
    """When each was written last (None: never, as far as is known), and what is amiss, in words."""

    backed_up_at: datetime | None
    listed_at: datetime | None
    warnings: tuple[str, ...]


def read_backups(own: OwnConnection, now: datetime) -> BackupStatus:
    """As of `now`. That none is known is a warning, not a verdict: deletion is proven without it, and holds may be lost."""
    last = _last(own)
    return BackupStatus(last[BACKUPS], last[LISTS], tuple(one.en for one in _notices(last, now)))


def backup_notices(own: OwnConnection, now: datetime) -> tuple[Text, ...]:
    """The same warnings for a report."""
    return tuple(_notices(_last(own), now))


def _last(own: OwnConnection) -> dict[Series, datetime | None]:
    made_at = {row["kind"]: row["made_at"] for row in own.execute("SELECT kind, made_at FROM retention.copies")}
    return {series: made_at.get(series.noted_as) for series in _CALLED}


def _notices(last: Mapping[Series, datetime | None], now: datetime) -> Iterator[Text]:
    return (_warning(series, at) for series, at in last.items() if at is None or now - at > LATE)


def _warning(series: Series, at: datetime | None) -> Text:
    hours, called = LATE // timedelta(hours=1), _CALLED[series]
    last = Text("none is known", "es ist keine bekannt")
    if at is not None:
        last = Text(f"the last one is of {instant(at, 'en')}", f"die letzte ist von {instant(at, 'de')}")
    return Text(
        f"No {called.en} within {hours} hours: {last.en}. See the DAG back_up and docs/backup.md.",
        f"Seit über {hours} Stunden {called.de}: {last.de}. Siehe den DAG back_up und docs/backup.md.",
    )
