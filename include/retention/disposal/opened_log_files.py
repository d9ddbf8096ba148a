"""Log objects and log files opened with the disposal identity."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from retention.connections import Resolver, path_of
from retention.datamap.loader import DataMap, MappedFiles, MappedPlace
from retention.errors import DataMapError, Problem
from retention.file_patterns import compile_patterns
from retention.stores.directory import DirectoryStore
from retention.stores.record_times import RecordStore
from retention.stores.s3 import S3Store
from retention.stores.s3_client import client_factory

FILES_AT_ONCE = 200
"""Files whose times are read, and kept, at once: an interrupted run starts again behind them."""


def open_log_files(place: MappedPlace | MappedFiles, resolve: Resolver) -> RecordStore:
    """The place's files. Raises RequestError or StoreUnreadable for a connection that leads nowhere."""
    if isinstance(place, MappedFiles):
        return DirectoryStore(folder_of(place, resolve), compile_patterns(place.spec.patterns))
    return S3Store(client_factory(resolve(place.store.disposal)), place.spec.bucket, place.spec.prefixes)


def open_every_file(place: MappedFiles, resolve: Resolver) -> DirectoryStore:
    """All that lies below the connection's path, whatever it is called. For looking: nothing is removed through it."""
    return DirectoryStore(path_of(resolve(place.store.disposal)), lambda _key: True)


def folder_of(place: MappedFiles, resolve: Resolver) -> Path:
    """The folder that holds the place's files."""
    return path_of(resolve(place.store.disposal)) / place.spec.folder


def claimed_elsewhere(place: MappedPlace | MappedFiles, datamap: DataMap, resolve: Resolver) -> Callable[[str], bool]:
    """Whether another place of files claims the same file, by the key that it has here; objects' prefixes never overlap."""
    others = list(_other_claims(place, datamap, resolve)) if isinstance(place, MappedFiles) else []
    return lambda key: any(claims(key) for claims in others)


def _other_claims(place: MappedFiles, datamap: DataMap, resolve: Resolver) -> Iterator[Callable[[str], bool]]:
    here = folder_of(place, resolve).resolve()
    for other in datamap.places.values():
        if not isinstance(other, MappedFiles) or other.name == place.name:
            continue
        there = folder_of(other, resolve).resolve()
        fits = compile_patterns(other.spec.patterns)
        if here.is_relative_to(there):
            yield partial(_fits_below, fits, "" if here == there else f"{os.path.relpath(here, there)}/")
        elif there.is_relative_to(here):
            yield partial(_fits_above, fits, f"{os.path.relpath(there, here)}/")


def _fits_below(fits: Callable[[str], bool], between: str, key: str) -> bool:
    return fits(between + key)


def _fits_above(fits: Callable[[str], bool], between: str, key: str) -> bool:
    return key.startswith(between) and fits(key.removeprefix(between))


def refuse_shared_files(place: str) -> DataMapError:
    """The error for a file that another place claims, too: what its rule keeps must not go by this one. It names no file."""
    found = f"place {place!r}: a file that another place's patterns fit, too"
    return DataMapError([Problem("datamap", 1, "shared_files", found, "files that one place alone claims")])
