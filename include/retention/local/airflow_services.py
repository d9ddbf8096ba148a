"""Airflow's four parts as background processes: scheduler, DAG processor, API server (with the UI), triggerer."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from retention.local import interruption, ports, processes, stopping
from retention.local.airflow_api import AirflowApi, NotYet
from retention.local.commands import airflow
from retention.local.processes import StackError
from retention.local.state import State

PARTS: Mapping[str, list[str]] = {
    # The servers for logs would listen on every address; the API server reads the log files itself.
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "api-server": ["api-server"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
}
HEALTHY_WITHIN_S = 300.0


class AirflowServices:
    """The parts of one state folder; each is started only when it doesn't run."""

    def __init__(self, state: State) -> None:
        self._state = state

    def running(self) -> set[str]:
        """The parts whose recorded process is alive."""
        found = self._state.recorded()
        return {part for part in PARTS if part in found and found[part].is_running()}

    def log(self, part: str) -> Path:
        """Where a part's own output goes."""
        return self._state.logs / f"{part}.log"

    def refuse_taken_port(self, ui_port: int, *, former: int | None) -> None:
        """Raise StackError when somebody listens on the UI's port, unless it is our own API server, on its `former` port."""
        ours = former == ui_port and "api-server" in self.running()
        if not ours and not ports.is_free(ui_port):
            raise StackError(
                f"port {ui_port} for the Airflow UI is in use by another program; "
                f"stop that one, or choose another: RETENTION_UI_PORT={ui_port + 1} make run"
            )

    def start(self, env: Mapping[str, str]) -> None:
        """Start every part that doesn't run."""
        for part in PARTS:
            if part not in self.running():
                identity = processes.spawn(airflow(*PARTS[part]), log=self.log(part), env=env)
                processes.write_identity(self._state.pids / f"{part}.json", identity)

    def wait_until_healthy(self, api: AirflowApi) -> None:
        """Return when Airflow calls all its parts healthy.

        Raises StackError naming the log of a part that ended, or of those that are not healthy after five minutes.
        """
        until = time.monotonic() + HEALTHY_WITHIN_S
        unhealthy: list[str] = []
        while time.monotonic() < until:
            self._refuse_dead_parts()
            try:
                unhealthy = api.unhealthy_parts()
                if not unhealthy:
                    return
            except NotYet:
                unhealthy = ["api-server"]
            interruption.pause(0.3)
        logs = ", ".join(str(self.log(part.replace("_", "-"))) for part in unhealthy)
        raise StackError(f"Airflow is not healthy after {HEALTHY_WITHIN_S:.0f} s; the reason is at the end of {logs}")

    def stop(self, *, patience_s: float = 15.0) -> None:
        """End all parts with everything they started, and forget them."""
        found = {part: identity for part, identity in self._state.recorded().items() if part in PARTS}
        stopping.stop(found.values(), patience_s=patience_s)
        for part in PARTS:
            (self._state.pids / f"{part}.json").unlink(missing_ok=True)

    def _refuse_dead_parts(self) -> None:
        for part in PARTS:
            if part not in self.running():
                raise StackError(f"Airflow's {part} ended while starting; the reason is at the end of {self.log(part)}")
