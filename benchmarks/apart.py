"""What is measured in a process of its own: peak memory, and how long another session waits meanwhile."""

from __future__ import annotations

import os
import random
import resource
import select
import subprocess
import sys
import time

import psycopg

from benchmarks.conversations import Conversations, runtime_of
from retention.disposal.execute import execute_plan
from retention.settings import INCLUDE, PROJECT

_ROW = "UPDATE conversations SET body = body WHERE conversation_id = %s"
_HOLD = """
INSERT INTO retention.holds (tenant_id, reason, requested_by, ends_at) VALUES (%s, 'bench', 'anna', now() + interval '1 day')
"""


def apart(what: str, company: Conversations) -> subprocess.Popen[str]:
    """Start `dispose`, `row` or `hold` on these databases; it reads where they are from its standard input."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(INCLUDE), str(PROJECT)])}
    command = [sys.executable, "-m", "benchmarks.apart", what]
    process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    process.stdin.write(f"{company.source}\n{company.own}\n{company.rows}\n")
    process.stdin.flush()
    return process


def _dispose(company: Conversations) -> str:
    """Seconds for the plan and its execution, and the peak memory in kB."""
    begun = time.perf_counter()
    plan = company.plan()
    execute_plan(company.runtime, plan.plan_id, plan.digest)
    return f"{time.perf_counter() - begun} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}"


def _longest_wait_ms(what: str, company: Conversations) -> float:
    """Until a line comes: write rows that are due, one after the other, or set holds and take them back."""
    with psycopg.connect(company.source if what == "row" else company.own) as connection:
        ids = ["tenant-1"]
        if what == "row":
            due = "SELECT conversation_id FROM conversations WHERE created_at < now() - interval '30 days'"
            ids = [key for (key,) in connection.execute(due)]
        connection.rollback()
        print(flush=True)
        longest = 0.0
        while not select.select([sys.stdin], [], [], 0 if what == "row" else 0.02)[0]:
            begun = time.perf_counter()
            connection.execute(_ROW if what == "row" else _HOLD, (random.choice(ids),))
            longest = max(longest, time.perf_counter() - begun)
            connection.rollback()
    return longest * 1000


if __name__ == "__main__":
    source, own, rows = (sys.stdin.readline().strip() for _ in range(3))
    company = Conversations(source, own, int(rows), 0, runtime_of(source, own))
    print(_dispose(company) if sys.argv[1] == "dispose" else _longest_wait_ms(sys.argv[1], company))
