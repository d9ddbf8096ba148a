"""The ledger's check against the heads that verification noted."""

from __future__ import annotations

import pytest
from tests.world import World

from retention import database
from retention.evidence import ledger


def note(world: World, seq: int, head: str) -> None:
    world.own_sql(
        "INSERT INTO retention.check_runs (check_run_id, started_at, as_of, categories, policy_version, promises_digest, "
        "map_digest, ledger_seq, ledger_head) VALUES (gen_random_uuid(), now(), now(), '{audio}', 'v', 'p', 'm', %s, %s)",
        seq, head,
    )  # fmt: skip


@pytest.mark.parametrize("order", [("real", "other"), ("other", "real")], ids=["real_first", "other_first"])
def test_two_heads_noted_for_one_entry_never_fit(world: World, order: tuple[str, str]) -> None:
    with database.connect(world.own) as own:
        real = ledger.append(own, "note", {"n": 1})
        heads = {"real": real.hash, "other": "f" * 64}
        for name in order:
            note(world, real.seq, heads[name])
        assert ledger.verify(own).first_bad == real.seq


def test_one_head_noted_by_many_checks_fits(world: World) -> None:
    with database.connect(world.own) as own:
        head = ledger.append(own, "note", {"n": 1})
        for _ in range(3):
            note(world, head.seq, head.hash)
        ledger.append(own, "note", {"n": 2})
        assert ledger.verify(own).first_bad is None
