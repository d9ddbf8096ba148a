"""Which program wrote a report: a digest of the library's own source, true even where nobody committed a change."""

from __future__ import annotations

import hashlib
from functools import cache

from retention.settings import INCLUDE

_SOURCES = (".py", ".sql", ".j2", ".css")


@cache
def code_version() -> str:
    """SHA-256 over names and bytes of the library's source files and of the SQL that it runs, in hex."""
    digest = hashlib.sha256()
    files = [
        path for folder in ("retention", "sql") for path in (INCLUDE / folder).rglob("*") if path.suffix in _SOURCES
    ]
    for path in sorted(files):
        digest.update(str(path.relative_to(INCLUDE)).encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
