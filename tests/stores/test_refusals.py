"""A part that the store refuses to remove: it alone fails, with the store's code and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.stores.places import FAR_FUTURE, Place, S3Place, fresh_key, shown

from retention.stores.dry_run import DryRunStore
from retention.stores.protocol import Removal, RemovalResult, Target


@pytest.fixture(params=["memory", "postgres", "s3", "directory"])
def refusing(request: pytest.FixtureRequest, open_place: Callable[[str], Place]) -> Place:
    if request.param == "s3":
        lockable: Place = request.getfixturevalue("lockable_place")
        return lockable
    return open_place(request.param)


def test_one_refused_item_stops_no_other(refusing: Place) -> None:
    keys = [fresh_key() for _ in range(9)]
    for key in keys:
        refusing.put(key)
    code = refusing.refuse(keys[4])
    results = refusing.store.remove([Target(key) for key in keys], stored_before=FAR_FUTURE)
    expected = {Target(key): RemovalResult(Removal.REMOVED, 1) for key in keys}
    assert results == expected | {Target(keys[4]): RemovalResult(Removal.FAILED, 0, code)}
    assert [key for key, _ in shown(refusing.store, keys)] == [keys[4]]


def test_a_refused_version_keeps_the_delete_marker_that_hides_it(lockable_place: S3Place) -> None:
    key = fresh_key()
    locked = lockable_place.put(key)
    lockable_place.refuse(key)
    lockable_place.put(key)
    marker = lockable_place.delete(key)
    results = lockable_place.store.remove([Target(key)], stored_before=FAR_FUTURE)
    assert results == {Target(key): RemovalResult(Removal.FAILED, 1, "AccessDenied")}
    assert shown(lockable_place.store, [key]) == sorted([(key, locked), (key, marker)])


@pytest.mark.parametrize("kind", ["memory", "postgres", "s3", "directory"])
def test_a_dry_run_removes_nothing_and_shows_what_would_be_gone_only_to_its_confirmation(
    kind: str, open_place: Callable[[str], Place]
) -> None:
    place = open_place(kind)
    keys = [fresh_key() for _ in range(3)]
    for key in keys:
        place.put(key)
    real, dry = place.store, DryRunStore(place.store)
    before = shown(real, keys)
    results = dry.remove([Target(key) for key in keys[:2]], stored_before=FAR_FUTURE)
    assert results == {Target(key): RemovalResult(Removal.REMOVED, 1) for key in keys[:2]}
    assert [key for key, _ in shown(dry, keys)] == [keys[2]]
    assert sorted(part.key for part in dry.scan()) == sorted(keys)
    assert shown(real, keys) == before
