"""Files that only their owner may read (mode 600), written so that nobody can read them in between."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def write_secret(path: Path, text: str) -> None:
    """Write `text` to `path` in one step; a reader sees the former content or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    partial.replace(path)


def kept_secret(path: Path, *, random_bytes: int = 32) -> str:
    """The secret in `path`; a random one in hex is made at the first call. `random_bytes` is its strength."""
    if not path.exists():
        write_secret(path, secrets.token_hex(random_bytes))
    return path.read_text(encoding="utf-8").strip()
