"""A request to end is not lost, wherever Python happens to be when it comes."""

from __future__ import annotations

import subprocess
import sys

SWALLOWED_IN_A_FINALISER = """
import os, signal
from retention.local import interruption
from retention.local.steps import step

class Finalised:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000):
            pass

interruption.raise_when_asked_to_end()
try:
    with step("work"):
        Finalised()
        print("went on", flush=True)
except interruption.Interrupted:
    interruption.ignore()
    with step("tidying up"):
        print("ended")
"""


def test_request_that_python_dropped_in_a_finaliser_ends_the_step_all_the_same() -> None:
    done = subprocess.run([sys.executable, "-c", SWALLOWED_IN_A_FINALISER], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split("\n")) == (0, ["went on", "ended", ""]), done.stderr
