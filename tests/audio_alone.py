"""What the shipped documents say of recordings, and no more: for tests whose company has nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

INCLUDE = Path(__file__).resolve().parents[1] / "include"


def audio_policies(folder: Path) -> Path:
    """The shipped promises and the rule for recordings, in `folder`, which must not be there yet."""
    folder.mkdir(parents=True)
    for name in ("promises.yaml", "audio.yaml"):
        shutil.copy(INCLUDE / "policies" / name, folder / name)
    return folder


def declare_the_rest(datamap: Path, tables: Iterable[tuple[str, list[str]]]) -> None:
    """Declare these tables with all of their columns not personal, so that a check of coverage finds nothing but recordings."""
    said = "reason: a test of recordings alone, owner: Platform Engineering, declared_on: 2026-11-01"
    entries = [
        f"  - {{connection: company_db, table: {table}, {columns}{said}}}"
        for table, names in tables
        for columns in ("", f"columns: [{', '.join(names)}], ")
    ]
    text = datamap.read_text(encoding="utf-8")
    datamap.write_text("\n".join([text, "not_personal:", *entries, ""]), encoding="utf-8")


def audio_map() -> str:
    """The shipped map as far as recordings in the company's own bucket."""
    text, _, rest = (
        (INCLUDE / "datamap" / "company.yaml").read_text(encoding="utf-8").partition("  telephony_recordings:\n")
    )
    assert rest, "the place after call_recordings"
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("  server_files:"))
