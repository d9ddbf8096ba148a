"""A small data map as text, and the problems that the loader finds in a changed copy of it."""

from __future__ import annotations

from pathlib import Path

from retention.datamap.loader import load_datamap
from retention.errors import DataMapError, Problem

VOICE = """\
system: voice
owner: Platform Engineering
connections:
  voice_db: {kind: postgres, disposal: voice_db, verification: voice_db_verify}
  voice_s3: {kind: s3, disposal: voice_s3, verification: voice_s3_verify}
places:
  recordings:
    kind: s3
    category: audio
    role: processor
    owner: Platform Engineering
    connection: voice_s3
    bucket: calls
    prefixes: ["recordings/", "uploads/"]
    key_date: "^recordings/(?P<tenant>[^/]+)/(?P<year>[0-9]{4})/(?P<month>[0-9]{2})/(?P<day>[0-9]{2})/"
    facts:
      connection: voice_db
      items: sql/items.sql
      consents: sql/consents.sql
      check_items: sql/check_items.sql
      check_consents: sql/check_consents.sql
      row: {table: public.recordings, id_column: recording_id}
not_personal:
  - connection: voice_s3
    bucket: calls
    prefix: jingles/
    reason: Waiting music, no person in it
    owner: Platform Engineering
    declared_on: 2026-01-31
"""
SQL = {
    "items": "SELECT 1 AS item",
    "consents": "SELECT 2 AS consent",
    "check_items": "SELECT 3 AS item",
    "check_consents": "SELECT 4 AS consent",
}


def other(**names: str) -> str:
    """A second system in the same store under other names, with `names` replaced in it."""
    text = (
        VOICE.replace("voice_", "mail_").replace("recordings:", "attachments:").replace("system: voice", "system: mail")
    )
    text = text[: text.index("not_personal:")].replace('["recordings/", "uploads/"]', '["mail/"]')
    for old, new in names.items():
        assert old in text
        text = text.replace(old, new)
    return text


def write(folder: Path, voice: str = VOICE, sql: dict[str, str] | None = None, **more: str) -> Path:
    """Write the map and its SQL files into `folder`."""
    (folder / "sql").mkdir(parents=True, exist_ok=True)
    for stem, text in ({"voice": voice} | more).items():
        (folder / f"{stem}.yaml").write_text(text)
    for stem, text in (SQL if sql is None else sql).items():
        (folder / "sql" / f"{stem}.sql").write_text(text)
    return folder


def problems_of(folder: Path) -> list[Problem]:
    """What the loader finds; none when it accepts the folder."""
    try:
        load_datamap(folder)
    except DataMapError as error:
        return error.problems
    return []


def line_of(text: str, part: str) -> int:
    """Number of the first line that contains `part`."""
    return 1 + next(number for number, line in enumerate(text.splitlines()) if part in line)


def changed(old: str, new: str) -> str:
    """VOICE with the first `old` replaced; `old` must be there."""
    assert old in VOICE, old
    return VOICE.replace(old, new, 1)
