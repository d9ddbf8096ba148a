"""Let disposal run in a scene, perhaps with a fault put into it, and look with the unmodified verification."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import psycopg
import pytest
from tests.mutants.company import Company
from tests.mutants.scenes import Scene
from tests.world import next_second

from retention.disposal.objects import ObjectKind
from retention.errors import RetentionError

BATCH_ITEMS = 4
"""Objects of one batch, so that a few make several."""
T = TypeVar("T")
Apply = Callable[[pytest.MonkeyPatch], None]


class JobDied(Exception):
    """What a fault may raise that has nothing to do with the product's own errors."""


def observe(company: Company, scene: Scene, fault: Apply | None = None) -> set[str]:
    """Plan, protect something more, check, execute; then the same run again after a restore, as a retry would. Gives the kinds of
    what breaks a promise, or leaves it unknown."""
    run_id = f"nightly/{scene.name}"
    scene.plant(company)
    next_second()
    with _faulty(fault):
        plan = _tried(lambda: company.plan(scene.category, scene.coverage, run_id), fault)
    if not scene.looks:
        company.check(scene.category)  # what is not yet protected, no check remembers
    scene.meanwhile(company)
    if scene.looks:
        company.check(scene.category)
    with _faulty(fault):
        _tried(lambda: plan and company.execute(plan), fault)
    scene.restore(company)
    next_second()
    with _faulty(fault):
        _tried(lambda: company.execute(company.plan(scene.category, scene.coverage, run_id)), fault)
    return company.check(scene.category)


@contextmanager
def _faulty(fault: Apply | None) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ObjectKind, "batch_items", BATCH_ITEMS)
        if fault is not None:
            fault(patch)
        yield


def _tried(work: Callable[[], T], fault: Apply | None) -> T | None:
    """A faulty job may fail, which people may overlook; one without a fault must not."""
    try:
        return work()
    except (RetentionError, psycopg.Error, JobDied):
        if fault is None:
            raise
        return None
