"""How unmapped buckets and folders are named, so that somebody can look into them, and nobody is named along with them."""

from __future__ import annotations

import re
from collections.abc import Mapping

MOST_FOLDERS = 10
"""Folders of one bucket that are named. More of them are hardly places, but one each per customer or person."""

_PLAIN_FOLDER = re.compile(r"(?=.{1,40}\Z)(?!(.*[0-9]){5})[a-z][a-z0-9]*([-_.][a-z0-9]+)*")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")  # what S3 allows as a name


def folder_of(key: str) -> str | None:
    """`exports` of `exports/2026/x.csv`: what may be said about where an unmapped object lies.

    None where the key has no folder, or one whose name doesn't look like that of a kind of data: with more than a year's digits
    (an id, a telephone number), an @, capitals, blanks or letters that programs don't use.
    """
    folder, slash, _rest = key.partition("/")
    return folder if slash and _PLAIN_FOLDER.fullmatch(folder) else None


def named_bucket(bucket: str | None) -> str:
    """The bucket that a row names; what can't be a bucket's name is not repeated."""
    return bucket if bucket is not None and _BUCKET.fullmatch(bucket) else "no bucket's name"


class Folders:
    """The unmapped folders of one bucket. The inventory knows them by number, until it is known which of them may be named."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number_of(self, key: str) -> int | None:
        """The number of the key's folder; None for a folder that is not to be named."""
        folder = folder_of(key)
        if folder is None or len(self._numbers) > MOST_FOLDERS:
            return None
        return self._numbers.setdefault(folder, len(self._numbers) + 1)

    def forget(self, name: str | None) -> None:
        """An id of a customer or person: a folder of that name is never named."""
        if self._numbers and name in self._numbers:
            self._numbers[name] = 0

    def named(self) -> Mapping[int, str]:
        """The folders that may be named, by number; none of too many."""
        if len(self._numbers) > MOST_FOLDERS:
            return {}
        return {number: folder for folder, number in self._numbers.items() if number}
