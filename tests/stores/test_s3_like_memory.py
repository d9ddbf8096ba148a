"""Whatever writers and we do in whatever order: the S3 store answers as the reference in memory."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from tests.conftest import Bucket
from tests.stores.places import FAR_FUTURE, S3Place, s3_store

from retention.stores.memory import MemoryStore
from retention.stores.protocol import PartKind, Removal, RemovalResult, StoredPart, Target

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
keys = st.sampled_from(["a", "a-b", "a/b", "a/ü %+", "ab"])


class SameAsReference(RuleBasedStateMachine):
    """`ids` maps the reference's part ids to the real ones."""

    bucket: Bucket

    def __init__(self) -> None:
        super().__init__()
        self.prefix = f"{uuid.uuid4().hex[:8]}/"
        self.place = S3Place(self.bucket)
        self.store = s3_store(self.bucket, self.prefix, page_entries=8)
        self.instant = datetime(2026, 1, 1, tzinfo=UTC)
        self.reference = MemoryStore(lambda: self.instant)
        self.ids: dict[str, str] = {}

    @rule(key=keys)
    def put(self, key: str) -> None:
        self._write(self.reference.put(self.prefix + key), self.place.put(self.prefix + key))

    @rule(key=keys)
    def delete(self, key: str) -> None:
        self._write(self.reference.delete(self.prefix + key), self.place.delete(self.prefix + key))

    @rule(key=keys)
    def begin_upload(self, key: str) -> None:
        self._write(self.reference.begin_upload(self.prefix + key), self.place.begin_upload(self.prefix + key))

    @rule(wanted=st.lists(keys, max_size=4), stored_before=st.sampled_from([LONG_AGO, FAR_FUTURE]))
    def remove_items(self, wanted: list[str], stored_before: datetime) -> None:
        targets = [Target(self.prefix + key) for key in wanted]
        assert self.store.remove(targets, stored_before=stored_before) == self.reference.remove(
            targets, stored_before=stored_before
        )

    @rule(data=st.data())
    def remove_parts(self, data: st.DataObject) -> None:
        known = sorted(self.reference.scan(), key=lambda part: part.part_id)
        chosen = data.draw(st.lists(st.sampled_from(known), max_size=3)) if known else []
        expected = self.reference.remove([Target(part.key, part.part_id) for part in chosen], stored_before=FAR_FUTURE)
        real = {Target(target.key, self.ids[str(target.part_id)]): result for target, result in expected.items()}
        assert self.store.remove(list(real), stored_before=FAR_FUTURE) == real

    @invariant()
    def shows_the_same(self) -> None:
        expected = sorted(
            (part.key, self.ids[part.part_id], part.kind, part.is_latest) for part in self.reference.scan()
        )
        assert sorted(map(_told, self.store.scan())) == expected
        wanted = sorted({key for key, *_ in expected})
        assert sorted(map(_told, self.store.parts_of([*wanted, f"{self.prefix}absent"]))) == expected

    def teardown(self) -> None:
        self.place.tidy()

    def _write(self, reference_id: str, real_id: str) -> None:
        self.ids[reference_id] = real_id
        self.instant += timedelta(seconds=1)


def _told(part: StoredPart) -> tuple[Any, ...]:
    return part.key, part.part_id, part.kind, part.is_latest


def test_the_s3_store_does_what_the_reference_does(bucket: Bucket) -> None:
    machine = type("Machine", (SameAsReference,), {"bucket": bucket})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=12,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
            phases=[Phase.explicit, Phase.reuse, Phase.generate],  # each step is many requests: shrinking takes minutes
        ),
    )


def test_the_reference_orders_its_outcomes() -> None:
    """The reference itself, on the one case in which three rules meet: too new, hidden and refused."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    store = MemoryStore(lambda: now)
    store.put("a")
    store.delete("a")
    store.refused["a"] = "AccessDenied"
    result = store.remove([Target("a")], stored_before=now + timedelta(seconds=1))[Target("a")]
    assert result == RemovalResult(Removal.FAILED, 0, "AccessDenied")
    assert [part.kind for part in store.scan()] == [PartKind.VERSION, PartKind.DELETE_MARKER]


@pytest.mark.parametrize("recorded_at", [None, datetime(2025, 1, 1, tzinfo=UTC)])
def test_the_reference_tells_what_it_was_told(recorded_at: datetime | None) -> None:
    store = MemoryStore(lambda: datetime(2026, 1, 1, tzinfo=UTC))
    store.put("a", b"RIFF", recorded_at=recorded_at)
    (part,) = store.parts_of(["a"])
    assert store.stated_at([part]) == ({part: recorded_at} if recorded_at else {})
    assert part.size_bytes == 4
