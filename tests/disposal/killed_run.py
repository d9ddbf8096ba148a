"""A disposal in a process of its own that kills itself with SIGKILL at one step; run by test_killed.py.

Arguments: a JSON file with the world's connections, the plan and the step.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import uuid
from pathlib import Path

from retention.connections import parse
from retention.datamap.loader import load_datamap
from retention.disposal.execute import execute_plan
from retention.disposal.objects import ObjectKind
from retention.disposal.opening import open_stores
from retention.disposal.plan import make_plan
from retention.disposal.runtime import Runtime, utc_now
from retention.evidence.hashing import ItemHasher
from retention.policy.loader import load_policy


def main() -> None:
    facts = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    ObjectKind.batch_items = 2

    def kill_at(step: str) -> None:
        if step == facts["kill_at"]:
            os.kill(os.getpid(), signal.SIGKILL)

    connections = {name: parse(name, value) for name, value in facts["connections"].items()}
    runtime = Runtime(
        policy=load_policy(Path(facts["policies"])),
        datamap=load_datamap(Path(facts["datamap"])),
        resolve=connections.__getitem__,
        own_conninfo=facts["own"],
        hasher=ItemHasher(bytes.fromhex(facts["key"])),
        open_stores=open_stores,
        on_step=kill_at,
    )
    if "plan_id" in facts:
        execute_plan(runtime, uuid.UUID(facts["plan_id"]), facts["digest"], threads=1)
    else:
        make_plan(runtime, "audio", as_of=utc_now(), run_id=facts["run_id"], requested_by="anna")


if __name__ == "__main__":
    main()
