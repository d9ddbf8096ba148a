"""What the shipped documents say of recordings, and no more: for tests whose company has nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

INCLUDE = Path(__file__).resolve().parents[1] / "include"


def audio_policies(folder: Path) -> Path:
    """The shipped promises and the rule for recordings, in `folder`, which must not be there yet."""
    folder.mkdir(parents=True)
    for name in ("promises.yaml", "audio.yaml"):
        shutil.copy(INCLUDE / "policies" / name, folder / name)
    return folder


def audio_map() -> str:
    """The shipped map as far as recordings in the company's own bucket."""
    text, _, rest = (
        (INCLUDE / "datamap" / "company.yaml").read_text(encoding="utf-8").partition("  telephony_recordings:\n")
    )
    assert rest, "the place after call_recordings"
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("  server_files:"))
