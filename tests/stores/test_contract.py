"""What every store must do, run on all of them against the real servers; a dry run must answer the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.stores.places import FAR_FUTURE, Place, fresh_key, shown

from retention.stores.protocol import PartKind, Removal, RemovalResult, Target


def removed(parts: int) -> RemovalResult:
    return RemovalResult(Removal.REMOVED, parts)


ABSENT = RemovalResult(Removal.ABSENT, 0)


def test_a_place_that_is_there_passes_its_check(place: Place) -> None:
    place.store.check()


def test_the_clock_is_aware_utc_and_moves_on(place: Place) -> None:
    first = place.store.clock()
    assert first.tzinfo is UTC
    assert place.pause() >= first


def test_a_scan_shows_every_item_once(place: Place) -> None:
    keys = sorted(fresh_key() for _ in range(5))
    for key in keys:
        place.put(key)
    assert sorted(part.key for part in place.store.scan()) == keys


def test_only_the_wanted_items_are_shown_and_removed(place: Place) -> None:
    kept, gone = fresh_key(), fresh_key()
    parts = {key: place.put(key) for key in (kept, gone)}
    assert place.store.remove([Target(gone)], stored_before=FAR_FUTURE) == {Target(gone): removed(1)}
    assert shown(place.store, [kept, gone]) == [(kept, parts[kept])]


def test_an_item_that_is_not_there_is_absent_and_each_distinct_target_has_one_result(place: Place) -> None:
    key, missing = fresh_key(), fresh_key()
    place.put(key)
    results = place.store.remove([Target(key), Target(missing), Target(key)], stored_before=FAR_FUTURE)
    assert results == {Target(key): removed(1), Target(missing): ABSENT}


def test_removing_twice_changes_nothing(place: Place) -> None:
    key = fresh_key()
    place.put(key)
    place.store.remove([Target(key)], stored_before=FAR_FUTURE)
    assert place.store.remove([Target(key)], stored_before=FAR_FUTURE) == {Target(key): ABSENT}


def test_no_target_removes_nothing(place: Place) -> None:
    key = fresh_key()
    place.put(key)
    assert place.store.remove([], stored_before=FAR_FUTURE) == {}
    assert list(place.store.parts_of([])) == []
    assert len(shown(place.store, [key])) == 1


def test_a_part_that_does_not_exist_is_absent_and_its_item_stays(place: Place) -> None:
    key = fresh_key()
    place.put(key)
    target = Target(key, "00000000000000000000000000000000")
    assert place.store.remove([target], stored_before=FAR_FUTURE) == {target: ABSENT}
    assert len(shown(place.store, [key])) == 1


def test_a_single_part_is_removed_alone(place: Place) -> None:
    key = fresh_key()
    first = place.put(key)
    second = place.put(key) if PartKind.VERSION in place.kinds else None
    assert place.store.remove([Target(key, first)], stored_before=FAR_FUTURE) == {Target(key, first): removed(1)}
    assert shown(place.store, [key]) == ([(key, second)] if second else [])


def test_all_versions_markers_and_uploads_of_an_item_go(objects: Place) -> None:
    key = fresh_key()
    objects.put(key)
    objects.put(key)
    objects.delete(key)
    objects.begin_upload(key)
    objects.begin_upload(key)
    assert objects.store.remove([Target(key)], stored_before=FAR_FUTURE) == {Target(key): removed(5)}
    assert shown(objects.store, [key]) == []


def test_each_part_says_what_it_is(objects: Place) -> None:
    key = fresh_key()
    expected = {
        objects.put(key): (PartKind.VERSION, False),
        objects.delete(key): (PartKind.DELETE_MARKER, True),
        objects.begin_upload(key): (PartKind.UPLOAD, False),
    }
    found = list(objects.store.parts_of([key]))
    assert {part.part_id: (part.kind, part.is_latest) for part in found} == expected
    assert all(part.stored_at is not None and part.stored_at.tzinfo is UTC for part in found)


def test_what_is_stored_after_the_plan_stays(objects: Place) -> None:
    key = fresh_key()
    objects.put(key)
    planned = objects.pause()
    newer = objects.put(key)
    results = objects.store.remove([Target(key)], stored_before=planned)
    assert results == {Target(key): RemovalResult(Removal.NEWER, 1)}
    assert shown(objects.store, [key]) == [(key, newer)]


@pytest.mark.parametrize(
    ("offset", "outcome"),
    [
        pytest.param(timedelta(0), Removal.NEWER, id="stored_exactly_then"),
        pytest.param(timedelta(microseconds=1), Removal.REMOVED, id="stored_just_before"),
    ],
)
def test_the_boundary_belongs_to_what_stays(objects: Place, offset: timedelta, outcome: Removal) -> None:
    key = fresh_key()
    objects.put(key)
    (part,) = objects.store.parts_of([key])
    assert part.stored_at is not None
    results = objects.store.remove([Target(key)], stored_before=part.stored_at + offset)
    assert results[Target(key)].outcome is outcome


def test_a_newer_version_keeps_the_older_delete_marker_below_it(objects: Place) -> None:
    key = fresh_key()
    objects.put(key)
    marker = objects.delete(key)
    planned = objects.pause()
    newer = objects.put(key)
    results = objects.store.remove([Target(key)], stored_before=planned)
    assert results == {Target(key): RemovalResult(Removal.NEWER, 1)}
    assert shown(objects.store, [key]) == sorted([(key, marker), (key, newer)])


def test_a_newer_delete_marker_stays_alone(objects: Place) -> None:
    key = fresh_key()
    objects.put(key)
    planned = objects.pause()
    marker = objects.delete(key)
    results = objects.store.remove([Target(key)], stored_before=planned)
    assert results == {Target(key): RemovalResult(Removal.NEWER, 1)}
    assert shown(objects.store, [key]) == [(key, marker)]


def test_a_delete_marker_is_not_removed_while_it_hides_a_version(objects: Place) -> None:
    key = fresh_key()
    hidden = objects.put(key)
    marker = objects.delete(key)
    target = Target(key, marker)
    assert objects.store.remove([target], stored_before=FAR_FUTURE) == {target: RemovalResult(Removal.NEWER, 0)}
    assert shown(objects.store, [key]) == sorted([(key, hidden), (key, marker)])


def test_parts_named_one_by_one_go_together_with_the_marker_that_hid_them(objects: Place) -> None:
    key = fresh_key()
    targets = [Target(key, part) for part in (objects.put(key), objects.put(key), objects.delete(key))]
    assert objects.store.remove(targets, stored_before=FAR_FUTURE) == dict.fromkeys(targets, removed(1))
    assert shown(objects.store, [key]) == []


def test_a_lone_delete_marker_is_data_and_goes(objects: Place) -> None:
    key = fresh_key()
    objects.delete(key)
    assert objects.store.remove([Target(key)], stored_before=FAR_FUTURE) == {Target(key): removed(1)}
    assert shown(objects.store, [key]) == []


def test_an_unfinished_upload_alone_goes(objects: Place) -> None:
    key = fresh_key()
    objects.begin_upload(key)
    assert objects.store.remove([Target(key)], stored_before=FAR_FUTURE) == {Target(key): removed(1)}
    assert shown(objects.store, [key]) == []


def test_a_future_plan_time_and_a_past_one_are_told_apart(objects: Place) -> None:
    key = fresh_key()
    objects.put(key)
    long_ago = datetime(2000, 1, 1, tzinfo=UTC)
    results = objects.store.remove([Target(key)], stored_before=long_ago)
    assert results == {Target(key): RemovalResult(Removal.NEWER, 0)}
    assert len(shown(objects.store, [key])) == 1


NAMES = {
    "space": "with space.wav",
    "outer spaces": " leading and trailing ",
    "plus": "plus+plus.wav",
    "percent": "per%cent.wav",
    "looks encoded": "%41%2B+.wav",
    "unicode": "ünï-日本-😀.wav",
    "composed": "\u00e9",
    "decomposed": "e\u0301",
    "newline": "new\nline.wav",
    "carriage return": "carriage\r\nreturn.wav",
    "tab": "tab\t.wav",
    "xml": "a&b<c>\"'.wav",
    "url": "?q=1#fragment",
    "punctuation": "*star[0]{}|^`~.wav",
    "like an internal name": "ends.versions",
    "control": "control\x01\x1f\x7f.wav",
    "long": "x" * 200,
}


def test_any_name_is_listed_removed_and_confirmed(place: Place) -> None:
    """Each name beside one that begins with it, so that none is taken for the other."""
    parts = {key: place.put(key) for name in NAMES.values() for key in (f"p/{name}", f"p/{name}-1")}
    hides = PartKind.DELETE_MARKER in place.kinds
    for case, name in NAMES.items():
        key, neighbour = f"p/{name}", f"p/{name}-1"
        more = {(key, place.delete(key)), (key, place.begin_upload(key))} if hides else set()
        assert set(shown(place.store, [key])) == {(key, parts[key])} | more, case
        results = place.store.remove([Target(key)], stored_before=FAR_FUTURE)
        assert results == {Target(key): removed(3 if hides else 1)}, case
        assert shown(place.store, [key, neighbour]) == [(neighbour, parts[neighbour])], case
    neighbours = [f"p/{name}-1" for name in NAMES.values()]
    results = place.store.remove([Target(key) for key in neighbours], stored_before=FAR_FUTURE)
    assert results == {Target(key): removed(1) for key in neighbours}
    assert shown(place.store, list(parts)) == []


def test_many_items_over_several_pages_go_in_one_call(place: Place) -> None:
    keys = [f"p/tenant-{number % 7}/{number % 3}/{number:05}" for number in range(60)]
    for key in keys:
        place.put(key)
    results = place.store.remove([Target(key) for key in keys], stored_before=FAR_FUTURE)
    assert results == {Target(key): removed(1) for key in keys}
    assert shown(place.store, keys) == []


@pytest.mark.parametrize("name", ["x.versions/a.wav", ".versions/a.wav", ".uploads/a.wav", "a/.uploads-1/b/c.wav"])
def test_an_item_is_never_called_gone_while_its_bytes_are_there(place: Place, name: str) -> None:
    """Some servers take such folders for their own and list nothing in them, but answer to the key."""
    key, missing = f"p/{name}", f"p/{name}-missing"
    part = place.put(key)
    assert shown(place.store, [key, missing]) == [(key, part)]
    results = place.store.remove([Target(key), Target(missing)], stored_before=FAR_FUTURE)
    assert results[Target(missing)] == ABSENT
    there = shown(place.store, [key]) == [(key, part)]
    refused = RemovalResult(Removal.FAILED, 0, "ListedElsewhere")
    assert (results[Target(key)], there) in [(refused, True), (removed(1), False)]
