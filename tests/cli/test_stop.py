"""`stop` answers when nothing deletes any more."""

from __future__ import annotations

import threading
from typing import Any, LiteralString

import pytest
from tests.world import DAY, World
from typer.testing import CliRunner

from retention import database, locks
from retention.cli import app
from retention.evidence.controls import stop_of


@pytest.mark.parametrize("lock", [pytest.param(locks.HOLDS, id="deletes"), pytest.param(locks.RESULTS, id="records")])
def test_stop_answers_only_when_the_running_batch_has_ended(run: Any, world: World, lock: LiteralString) -> None:
    world.add_recording(age=40 * DAY)
    answers: list[Any] = []
    stopper = threading.Thread(target=lambda: answers.append(CliRunner().invoke(app, ["stop", "--reason", "test"])))
    with database.connect(world.own) as batch:
        batch.execute(f"SELECT pg_advisory_lock_shared({lock})")
        stopper.start()
        while stop_of(batch).value != "stopped":
            stopper.join(0.05)
        stopper.join(1)
        assert answers == [], "the batch still runs"
        batch.execute(f"SELECT pg_advisory_unlock_shared({lock})")
    stopper.join(30)
    assert answers[0].exit_code == 0
    assert "no batch is running any more" in answers[0].stdout
    assert run("stop", "--reason", "again")["batches_running"] == 0
