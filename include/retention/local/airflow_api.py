"""The few calls to Airflow's REST API that the local stack makes, with the standard library."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from retention.local.processes import StackError


class NotYet(Exception):
    """The server did not answer, or not with this thing; worth asking again a little later."""


class AlreadyThere(StackError):
    """What was to be made is there already."""


@dataclass(frozen=True, slots=True)
class DagRun:
    """One run of a DAG: `state` is Airflow's word (queued, running, success, failed)."""

    dag_id: str
    run_id: str
    state: str

    @property
    def is_over(self) -> bool:
        """Whether it will not change any more."""
        return self.state in {"success", "failed"}


@dataclass(frozen=True, slots=True)
class TaskRun:
    """One task of a run; `ended_at` is None while it runs."""

    task_id: str
    state: str | None
    ended_at: datetime | None


class AirflowApi:
    """Airflow at `url`, logged in as one user at the first call that needs it."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url = url
        self._login = {"username": user, "password": password}
        self._token: str | None = None

    def unhealthy_parts(self) -> list[str]:
        """The parts that Airflow itself doesn't call healthy; raises NotYet while it doesn't answer at all."""
        parts = self._send("GET", "/api/v2/monitor/health", public=True)
        wanted = ("metadatabase", "scheduler", "dag_processor", "triggerer")
        return [name for name in wanted if (parts.get(name) or {}).get("status") != "healthy"]

    def ensure_pool(self, name: str, *, slots: int) -> None:
        """Make the pool unless it is there; a task in a pool that isn't waits for ever. A person's size stays."""
        pools = self._send("GET", "/api/v2/pools?limit=100")["pools"]
        if name not in {pool["name"] for pool in pools}:
            self._send("POST", "/api/v2/pools", {"name": name, "slots": slots})

    def is_paused(self, dag_id: str) -> bool:
        """Whether the scheduler leaves this DAG alone; raises NotYet when it isn't parsed yet."""
        return bool(self._send("GET", f"/api/v2/dags/{dag_id}")["is_paused"])

    def unpause(self, dag_id: str) -> bool:
        """Let the scheduler run this DAG; True when it is done."""
        self._send("PATCH", f"/api/v2/dags/{dag_id}", {"is_paused": False})
        return True

    def import_errors(self) -> list[str]:
        """File name and last line of the error of every DAG file that can't be read."""
        found = self._send("GET", "/api/v2/importErrors")["import_errors"]
        return [f"{entry['filename']}: {entry['stack_trace'].strip().splitlines()[-1]}" for entry in found]

    def trigger(self, dag_id: str, run_id: str) -> DagRun:
        """Queue one run; one that an earlier try queued, whose answer did not come, is taken for it."""
        body = {"dag_run_id": run_id, "logical_date": None}
        try:
            return _run(self._send("POST", f"/api/v2/dags/{dag_id}/dagRuns", body))
        except AlreadyThere:
            return self.run(dag_id, run_id)

    def run(self, dag_id: str, run_id: str) -> DagRun:
        """The run as it is now."""
        return _run(self._send("GET", f"/api/v2/dags/{dag_id}/dagRuns/{quote(run_id)}"))

    def run_begun_after(self, dag_id: str, instant: datetime) -> DagRun | None:
        """The first run whose start is after `instant`, whatever caused it; None while there is none."""
        recent = self._send("GET", f"/api/v2/dags/{dag_id}/dagRuns?order_by=-start_date&limit=20")["dag_runs"]
        begun = [entry for entry in recent if entry["start_date"] and _instant(entry["start_date"]) > instant]
        return _run(begun[-1]) if begun else None

    def tasks(self, run: DagRun) -> list[TaskRun]:
        """The run's tasks as they are now."""
        path = f"/api/v2/dags/{run.dag_id}/dagRuns/{quote(run.run_id)}/taskInstances"
        return [
            TaskRun(task["task_id"], task["state"], _instant(task["end_date"]) if task["end_date"] else None)
            for task in self._send("GET", path)["task_instances"]
        ]

    def _log_in(self) -> str:
        if self._token is None:
            self._token = self._send("POST", "/auth/token", self._login, public=True)["access_token"]
        return self._token

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None, *, public: bool = False) -> Any:
        headers = {"Content-Type": "application/json"}
        if not public:
            headers["Authorization"] = f"Bearer {self._log_in()}"
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.url + path, data, headers, method=method)  # noqa: S310  # our own http URL
        try:
            with _OPENER.open(request, timeout=30) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                if error.code in {404, 500, 502, 503}:
                    raise NotYet(f"HTTP {error.code}") from None
                if error.code == 409:
                    raise AlreadyThere(f"Airflow refused {method} {path.split('?')[0]}: HTTP 409.") from None
                raise StackError(f"Airflow refused {method} {path.split('?')[0]}: HTTP {error.code}.") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NotYet(type(error).__name__) from None


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""No proxy: what we talk to is on this machine."""


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _run(entry: dict[str, Any]) -> DagRun:
    return DagRun(entry["dag_id"], entry["dag_run_id"], entry["state"])
