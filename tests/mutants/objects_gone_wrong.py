"""Faults in how objects are found and removed: paging, batches, versions, keys, and what counts as done."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import unquote_plus

import pytest
from tests.mutants.mutant import mutant, wrap
from tests.mutants.observe import JobDied

from retention.disposal import execute, object_removal, plan
from retention.disposal.objects import ObjectKind
from retention.stores import s3, s3_removal
from retention.stores.protocol import Removal, RemovalResult
from retention.stores.s3_listing import VersionListing
from retention.stores.s3_uploads import UploadListing
from retention.stores.selection import Selection

Patch = pytest.MonkeyPatch


def _sees_nothing_left(patch: Patch) -> None:
    """The confirmation has the same blind spot as the deletion."""
    patch.setattr(object_removal, "present_targets", lambda _store, _lines: {})


@mutant("evidence", "recordings", "past_cap")
def finished_job_adopted(patch: Patch) -> None:
    """A finished earlier run of the same id counts as proof; what a restore brought back since is never looked at."""
    patch.setattr(plan, "_is_open", lambda _runtime, _plan: True)


@mutant("evidence", "recordings", "past_cap")
def ledger_believed_over_the_store(patch: Patch) -> None:
    """What the ledger once noted as gone is skipped, although a backup has brought it back."""

    def skip(right: Callable[..., Any], kind: Any, looked: Any, lines: Any, coverage: str) -> Any:
        due, outcomes = right(kind, looked, lines, coverage)
        with looked.runtime.own() as own:
            gone = {bytes(row["item_hash"]) for row in own.execute("SELECT item_hash FROM retention.disposed_items")}
        known = [one for one in due if looked.runtime.hasher.item(one.place, one.item_id) in gone]
        return [one for one in due if one not in known], outcomes | dict.fromkeys(known, ("spared", "already_gone"))

    wrap(patch, ObjectKind, "decide_again", skip)


@mutant("paging", "orphans", "past_cap")
def first_page_only(patch: Patch) -> None:
    """The listing ends with its first page, as if that were all."""
    wrap(patch, VersionListing, "_page", lambda right, *args, **named: replace(right(*args, **named), truncated=False))


@mutant("paging", "orphans", "past_cap")
def unknown_read_as_zero(patch: Patch) -> None:
    """A listing that fails counts as one without objects."""
    patch.setattr(VersionListing, "scan", lambda _listing, _prefix: iter(()))


@mutant("paging", "orphans", "past_cap")
def unfinished_uploads_not_listed(patch: Patch) -> None:
    """Unfinished uploads are in no list of objects, and nobody asks for them."""
    patch.setattr(UploadListing, "scan", lambda _listing, _prefix: iter(()))


@mutant("batching", "recordings", "past_cap")
def half_a_batch(patch: Patch) -> None:
    """The second half of each batch is noted as gone without having been tried."""

    def halve(right: Callable[..., Any], kind: Any, looked: Any, own: Any, due: Any, before: Any) -> Any:
        half = len(due) // 2
        outcomes, parts = right(kind, looked, own, due[:half], before)
        return outcomes | dict.fromkeys(due[half:], ("gone", None)), parts

    wrap(patch, ObjectKind, "remove", halve)


@mutant("batching", "recordings", "past_cap")
def first_batch_only(patch: Patch) -> None:
    """The run ends after its first batch and reports success."""
    wrap(patch, execute, "open_batches", lambda right, *args: right(*args)[:1])


@mutant("batching", "recordings", "past_cap")
def job_that_dies_unnoticed(patch: Patch) -> None:
    """The run dies in its first batch, night after night, and nobody looks at its state."""

    def fail(_kind: Any, _looked: Any, _own: Any, _due: Any, _before: Any) -> Any:
        raise JobDied

    patch.setattr(ObjectKind, "remove", fail)


@mutant("versions", "recordings", "past_cap")
def marker_instead_of_versions(patch: Patch) -> None:
    """Objects are deleted without their version ids: a delete marker hides them, and all bytes stay."""
    patch.setattr(s3_removal, "_identifier", lambda item: {"Key": item.part.key})
    _sees_nothing_left(patch)


@mutant("versions", "recordings", "past_cap")
def current_version_only(patch: Patch) -> None:
    """Only the current version goes; what it had replaced is current again."""
    wrap(patch, s3, "select", lambda right, parts, *rest: right([one for one in parts if one.is_latest], *rest))
    _sees_nothing_left(patch)


@mutant("versions", "orphans", "past_cap")
def markers_left(patch: Patch) -> None:
    """Delete markers stay, and with them the key, which names customer and day."""
    patch.setattr(Selection, "markers_to_remove", lambda _selection, _refused: ())
    _sees_nothing_left(patch)


@mutant("keys", "recordings", "past_cap")
def key_decoded_twice(patch: Patch) -> None:
    """A `+` or `%20` in a key is decoded once more: another object is asked for, which is not there."""
    _other_keys(patch, unquote_plus)


@mutant("keys", "recordings", "past_cap")
def key_normalised(patch: Patch) -> None:
    """Keys are brought into one Unicode form, which is not the one that they were stored under."""
    _other_keys(patch, lambda key: unicodedata.normalize("NFC", key))


def _other_keys(patch: Patch, change: Callable[[str], str]) -> None:
    def remove(right: Callable[..., Any], store: Any, targets: Any, **named: Any) -> Any:
        asked = {target: replace(target, key=change(target.key)) for target in targets}
        results = right(store, list(asked.values()), **named)
        wrong = RemovalResult(Removal.REMOVED, 1)
        return {target: results[other] if other == target else wrong for target, other in asked.items()}

    wrap(patch, s3.S3Store, "remove", remove)
    wrap(
        patch,
        object_removal,
        "present_targets",
        lambda right, store, lines: right(store, [one for one in lines if change(one.object_key) == one.object_key]),
    )


@mutant("order", "recordings", "past_cap")
def row_before_bytes(patch: Patch) -> None:
    """The row goes first; the bytes, to which nothing leads any more, stay."""
    patch.setattr(object_removal, "remove_bytes", lambda _store, due, *_: ({}, dict.fromkeys(due, True), len(due)))


@mutant("order", "recordings", "past_cap")
def answer_of_the_store_believed(patch: Patch) -> None:
    """A deletion that was accepted counts as done; nobody reads again, nor the errors in an answer of 200."""
    patch.setattr(s3_removal, "_remove_batch", lambda _requests, _batch: {})
    _sees_nothing_left(patch)
