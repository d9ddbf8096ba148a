"""Files under a mounted path that no place's patterns and no declared folder claims."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from retention.datamap.loader import DataMap, MappedFiles
from retention.file_patterns import compile_patterns


class FilesSeen(NamedTuple):
    """How many files there are, and how many of them nobody claims. No names: a file may be called after somebody."""

    files: int
    unclaimed: int
    missing_folders: list[str]


def look_below(
    root: Path,
    datamap: DataMap,
    connections: Collection[str],
    declared: Collection[str],
    looked_at: Collection[Path] = (),
) -> FilesSeen:
    """Compare every file below `root` with the map. `declared` are folders declared free of personal data.

    Links are not followed, and no pattern claims one: what it leads to is read by nobody, unless that lies below `root` or one of
    the other folders that are `looked_at`. Raises OSError where a folder can't be read.
    """
    claims = [
        (_parts(place.spec.folder), compile_patterns(place.spec.patterns))
        for place in datamap.places.values()
        if isinstance(place, MappedFiles) and place.spec.connection in connections
    ]
    apart = [_parts(folder) for folder in declared]
    known = [folder.resolve() for folder in (root, *looked_at)]
    files = unclaimed = 0
    for path, leads_to in _files(root):
        if leads_to is not None and any(leads_to.is_relative_to(folder) for folder in known):
            continue
        files += 1
        is_claimed = leads_to is None and any(
            path[: len(folder)] == folder and matches("/".join(path[len(folder) :])) for folder, matches in claims
        )
        if not is_claimed and not any(path[: len(folder)] == folder for folder in apart):
            unclaimed += 1
    missing = [folder for folder in declared if not root.joinpath(*_parts(folder)).is_dir()]
    return FilesSeen(files, unclaimed, missing)


def _files(root: Path) -> Iterator[tuple[tuple[str, ...], Path | None]]:
    """Every file or other entry that is no folder, as the names that lead to it, and of a link where it leads."""
    for folder, folders, names in os.walk(root, onerror=_raise):
        below = Path(folder).relative_to(root).parts
        links = {name for name in (*names, *folders) if Path(folder, name).is_symlink()}
        for name in links.union(names):
            # Path.resolve raises for a loop.
            leads_to = Path(os.path.realpath(Path(folder, name))) if name in links else None
            yield (*below, name), leads_to


def _raise(error: OSError) -> None:
    raise error


def _parts(folder: str) -> tuple[str, ...]:
    return tuple(name for name in folder.split("/") if name not in ("", "."))
