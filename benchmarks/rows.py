"""Rows of a table with all checks and evidence, against one statement by hand that makes the same choice and writes the same
evidence, without any of the guarantees: no plan, no second look, no intent, no confirmation, one long lock."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from benchmarks.apart import apart
from benchmarks.conversations import Conversations, Originals
from retention.disposal.execute import execute_plan
from retention.local.postgres_server import PostgresServer

ROWS = int(os.environ.get("BENCH_ROWS", "100000"))
MANY_ROWS = int(os.environ.get("BENCH_MANY_ROWS", "1000000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
LONGEST_LOCK_MS = 150

# The keyed hash as HMAC does it: two nested SHA-256, each over the key in a block of its own. The places' names and lengths stand
# before the ids, as in `retention.evidence.hashing`. OFFSET 0: each hash is computed once, though two columns have it.
_HMAC = "sha256(%(outer)s::bytea || sha256(%(inner)s::bytea || convert_to({}, 'UTF8')))"
_ITEM_HASH = _HMAC.format("'item conversations ' || gone.conversation_id::text")
_PERSON_HASH = _HMAC.format("'person ' || gone.person_id")
_BY_HAND = f"""
WITH ended AS (
    SELECT tenant_id, CASE WHEN bool_and(ended_at IS NOT NULL) THEN max(ended_at) END AS ended_at
    FROM contracts GROUP BY tenant_id
), exempt AS MATERIALIZED (
    SELECT conversation_id, max(given_at) AS given_at FROM (
        SELECT conversation_id, party, min(greatest(given_at, recorded_at)) AS given_at
        FROM consents WHERE scope = 'archiving' GROUP BY conversation_id, party
        HAVING max(least(withdrawn_at, ends_at, coalesce(reviewed_at, given_at) + interval '395 days')) > now()
    ) AS by_party GROUP BY conversation_id HAVING count(*) = 2
), gone AS (
    DELETE FROM conversations AS c USING (
        SELECT c.conversation_id, d.due_at
        FROM conversations AS c LEFT JOIN ended AS e USING (tenant_id)
        CROSS JOIN LATERAL (SELECT least(c.created_at, e.ended_at) + interval '718 hours' AS due_at) AS d
        WHERE d.due_at <= now()
        AND NOT EXISTS (SELECT FROM legal_holds AS h WHERE h.tenant_id = c.tenant_id AND now() < h.ends_at)
        AND NOT EXISTS (SELECT FROM exempt AS x WHERE x.conversation_id = c.conversation_id AND x.given_at < d.due_at)
    ) AS due WHERE due.conversation_id = c.conversation_id
    RETURNING c.conversation_id, c.tenant_id, c.person_id, c.created_at, due.due_at
)
INSERT INTO disposed_items (plan_id, batch_no, place, item_hash, key_hash, key_id, category, tenant_id, person_hash, arose_at,
    outcome, trigger_at, gone_at)
SELECT %(plan)s, 0, 'conversations', item_hash, item_hash, 'bench', 'conversations', tenant_id, person_hash,
    created_at, 'gone', due_at, clock_timestamp()
FROM (SELECT gone.*, {_ITEM_HASH} AS item_hash, {_PERSON_HASH} AS person_hash FROM gone OFFSET 0) AS hashed
"""


def bench_rows() -> list[dict[str, Any]]:
    """Speed against one statement, the longest lock, and what a row costs in a large table."""
    with TemporaryDirectory(prefix="retention-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # as root, PostgreSQL runs as another user
        postgres = PostgresServer(folder / "postgres")
        postgres.start()
        try:
            few = Originals(postgres, ROWS)
            return [*_speed(few), *_locks(few), *_growth(few, postgres)]
        finally:
            postgres.stop()


def _speed(originals: Originals) -> list[dict[str, Any]]:
    ratios: dict[str, list[float]] = {"with its plan": [], "of a plan": []}
    for number in range(ROUNDS):
        # Nobody is always first.
        order: list[Callable[[Originals], tuple[float, float]]] = [_by_hand, _ours]
        times = {one: one(originals) for one in (order if number % 2 else order[::-1])}
        by_hand, (planning, execution) = times[_by_hand][1], times[_ours]
        ratios["of a plan"].append(by_hand / execution)
        ratios["with its plan"].append(by_hand / (planning + execution))
        print(
            f"round {number + 1}: by hand {by_hand:.2f} s; ours {planning:.2f} s for the plan, {execution:.2f} s for the rest"
        )
    return [
        {
            "name": f"disposal {name}: {ROWS:,} rows, half of them due",
            "ratio": round(median(found), 2),
            "baseline": "one statement by hand: same choice, same evidence",
            "runs": ROUNDS,
            "unit": "speed of ours / speed of the baseline (higher is better)",
        }
        for name, found in ratios.items()
    ]


def _by_hand(originals: Originals) -> tuple[float, float]:
    """0 s for a plan, and the statement's time."""
    company = originals.copy()
    pads = {"inner": b"\x36" * 64, "outer": b"\x5c" * 64}
    with psycopg.connect(company.source) as connection:
        begun = time.perf_counter()
        connection.execute(_BY_HAND.encode(), {**pads, "plan": uuid.uuid4()})
        connection.commit()
        seconds = time.perf_counter() - begun
    _require_gone(company)
    originals.drop(company)
    return 0.0, seconds


def _ours(originals: Originals) -> tuple[float, float]:
    """Seconds for the plan, and for its execution."""
    company = originals.copy()
    begun = time.perf_counter()
    plan = company.plan()
    planned = time.perf_counter()
    execute_plan(company.runtime, plan.plan_id, plan.digest)
    ended = time.perf_counter()
    _require_gone(company)
    originals.drop(company)
    return planned - begun, ended - planned


def _require_gone(company: Conversations) -> None:
    """Who leaves something else has not done the same work."""
    if company.left() != company.rows - company.due:
        raise RuntimeError(f"expected {company.rows - company.due} rows left; found {company.left()}")


def _locks(originals: Originals) -> list[dict[str, Any]]:
    """How long another session waits, at the longest: for a row that it writes, and for a hold that it sets."""
    company = originals.copy()
    plan = company.plan()
    waits = {}
    watches = {what: apart(what, company) for what in ("row", "hold")}
    for watch in watches.values():
        assert watch.stdout is not None
        watch.stdout.readline()  # it is ready
    execute_plan(company.runtime, plan.plan_id, plan.digest)
    for what, watch in watches.items():
        waits[what] = float(watch.communicate("end\n")[0])
    originals.drop(company)
    print(f"longest wait for a row: {waits['row']:.0f} ms, for a hold: {waits['hold']:.0f} ms")
    return [
        {
            "name": f"longest wait of another session that {action}, {waits[what]:.0f} ms",
            "ratio": round(waits[what] / LONGEST_LOCK_MS, 2),
            "baseline": f"{LONGEST_LOCK_MS} ms",
            "runs": 1,
            "unit": "time / allowed time (lower is better)",
        }
        for what, action in {"row": "writes a row", "hold": "sets a hold"}.items()
    ]


def _growth(few: Originals, postgres: PostgresServer) -> list[dict[str, Any]]:
    """Each in a process of its own, for its memory."""
    many = Originals(postgres, MANY_ROWS)
    measured = {}
    for rows, originals in ((ROWS, few), (MANY_ROWS, many)):
        company = originals.copy()
        seconds, peak_kb = map(float, apart("dispose", company).communicate()[0].split())
        _require_gone(company)
        originals.drop(company)
        measured[rows] = seconds / rows, peak_kb
        print(f"{rows} rows: {seconds / rows * 1e6:.0f} µs a row, {peak_kb / 1024:.0f} MB")
    units = ("time per row / time per row (1 is linear)", "resident memory / resident memory (1 is flat)")
    return [
        {
            "name": f"{what} of disposal, {MANY_ROWS:,} rows",
            "ratio": round(measured[MANY_ROWS][index] / measured[ROWS][index], 2),
            "baseline": f"{ROWS:,} rows",
            "runs": 1,
            "unit": units[index],
        }
        for index, what in enumerate(("time", "peak memory"))
    ]
