"""A backup as a file: PostgreSQL's dump, and a manifest that says what has to be in it. A truncated or changed file is refused.

The manifest guards against damage, not against whoever can write a file with a manifest of their own: what tells those is the
ledger, whose heads lie in the locked bucket (`restore confirm`).
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Protocol

from retention.errors import RequestError
from retention.evidence.entry import canonical
from retention.new_file import open_new

SCHEMA = "retention/backup-file/1"
_DUMP, _MANIFEST = "retention.dump", "manifest.json"
_BLOCK = 1 << 20


class Readable(Protocol):
    """What gives its bytes block by block, and nothing at its end."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds: the schema's version, the ledger's size, last hash and Merkle root (hex), the newest signed head as
    JSON text (None: never signed), holds in all, and the SHA-256 of the dump."""

    created_at: datetime
    schema_version: str
    server_major: int
    entries: int
    head: str
    root: str
    tree_head: str | None
    holds: int
    dump_sha256: str = ""

    def to_json(self) -> str:
        """Canonical JSON, with a digest over all of it."""
        fields = asdict(self) | {"schema": SCHEMA}
        return canonical(fields | {"digest": _digest(fields)})

    @classmethod
    def from_json(cls, text: bytes) -> Manifest:
        """Raises ValueError, TypeError or KeyError for anything but what `to_json` wrote."""
        fields = json.loads(text)
        digest = fields.pop("digest")
        if digest != _digest(fields) or fields.pop("schema") != SCHEMA:
            raise ValueError
        return cls(**fields | {"created_at": datetime.fromisoformat(fields["created_at"])})


def _digest(fields: dict[str, Any]) -> str:
    return hashlib.sha256(canonical(fields).encode()).hexdigest()


def write_archive(path: Path, dump: Readable, describe: Callable[[str], Manifest]) -> Manifest:
    """Write a file that isn't there yet, readable by its owner alone; `describe` is told the dump's SHA-256 at its end.

    Raises RequestError where a file is there or none can be written. Whatever goes wrong later leaves no file behind.
    """
    new = open_new(path, mode=0o600)
    try:
        with new as file:
            manifest = _write(file, dump, describe)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise RequestError(f"{path}: could not be written ({error.strerror}); expected room for the backup") from None
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return manifest


def _write(file: IO[bytes], dump: Readable, describe: Callable[[str], Manifest]) -> Manifest:
    running = hashlib.sha256()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        with archive.open(_DUMP, "w", force_zip64=True) as member:
            while block := dump.read(_BLOCK):
                running.update(block)
                member.write(block)
        manifest = describe(running.hexdigest())
        archive.writestr(_MANIFEST, manifest.to_json())
    return manifest


def read_archive(path: Path) -> Manifest:
    """The manifest of a backup whose every byte is as it was written. Raises RequestError for any other file."""
    with _opened(path) as (archive, manifest), archive.open(_DUMP) as dump:
        for _block in checked_blocks(dump, manifest):
            pass
    return manifest


@contextmanager
def open_dump(path: Path) -> Iterator[tuple[IO[bytes], Manifest]]:
    """The dump, to be read with `checked_blocks`, and its manifest."""
    with _opened(path) as (archive, manifest), archive.open(_DUMP) as dump:
        yield dump, manifest


def checked_blocks(dump: IO[bytes], manifest: Manifest) -> Iterator[bytes]:
    """The dump's bytes; raises ValueError behind the last one where they are not those of the manifest."""
    running = hashlib.sha256()
    while block := dump.read(_BLOCK):
        running.update(block)
        yield block
    if running.hexdigest() != manifest.dump_sha256:
        raise ValueError("another dump")


@contextmanager
def _opened(path: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.namelist() != [_DUMP, _MANIFEST]:
                raise ValueError
            yield archive, Manifest.from_json(archive.read(_MANIFEST))
    except FileNotFoundError:
        raise RequestError(f"{path}: found no file; expected a backup from `python -m retention backup`") from None
    except (OSError, EOFError, ValueError, TypeError, KeyError, zipfile.BadZipFile, NotImplementedError) as error:
        raise RequestError(
            f"{path}: found a file that is truncated, changed or no backup ({type(error).__name__}); expected one as "
            "`python -m retention backup` wrote it. Nothing was touched: take another backup."
        ) from None
