"""`make run` for real, in a state folder of its own: interrupted, killed, up, up again, logins, a part that died, down.

One stack for the whole file (two minutes on two cores): `make test` gives a file to one worker, in its order.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from retention.hygiene.files import spots_of_files
from retention.hygiene.patterns import kinds_in
from retention.local import ports, proc
from retention.local.airflow_services import PARTS
from retention.local.state import State

pytestmark = pytest.mark.timeout(900)

SERVERS = {"postgres", "weed"}


class Stack:
    """One state folder and the commands on it."""

    def __init__(self, folder: Path) -> None:
        self.state = State(folder)
        self.port = ports.choose(["ui"])["ui"]

    def call(self, *arguments: str, module: str = "retention.local", **env: str) -> subprocess.CompletedProcess[str]:
        variables = {"RETENTION_STATE": str(self.state.folder), "RETENTION_UI_PORT": str(self.port), **env}
        command = [sys.executable, "-m", module, *arguments]
        return subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=False)

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        variables = {"RETENTION_STATE": str(self.state.folder), "RETENTION_UI_PORT": str(self.port)}
        command = [sys.executable, "-m", "retention.local", *arguments]
        return subprocess.Popen(command, env={**os.environ, **variables}, stderr=subprocess.PIPE, text=True)

    def pids(self) -> dict[str, int]:
        return {name: identity.pid for name, identity in self.state.recorded().items() if identity.is_running()}

    def processes(self) -> list[int]:
        """Whatever writes to a log of this stack, or names a file of it on its command line."""
        return [
            stat.pid
            for stat in proc.everybody()
            if proc.writes_below(stat.pid, self.state.folder)
            or any(str(self.state.folder) in word for word in proc.command_line(stat.pid))
        ]

    def facts(self) -> dict[str, str]:
        facts: dict[str, str] = json.loads(self.state.facts_file.read_text())
        return facts

    def rows(self) -> dict[str, int]:
        with psycopg.connect(self.facts()["pg_dsn_app"]) as connection:
            return {
                table: connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()[0]  # type: ignore[index]
                for table in ("tenants", "calls", "recordings", "consents")
            }

    def ask(self, login: str, method: str, path: str, body: dict[str, Any] | None = None) -> int:
        """The HTTP status that this login gets from Airflow's API."""
        try:
            with self._send(method, path, body, self._token(login)) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code

    def told(self, login: str, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """What Airflow's API tells this login."""
        with self._send(method, path, body, self._token(login)) as answer:
            return json.load(answer)

    def _token(self, login: str) -> str:
        if not login:
            return ""
        lines = [line.split() for line in self.state.logins_file.read_text().splitlines()]
        password = next(words[1] for words in lines if words and words[0] == login)
        credentials = {"username": login, "password": password}
        token: str = json.load(self._send("POST", "/auth/token", credentials, ""))["access_token"]
        return token

    def _send(self, method: str, path: str, body: dict[str, Any] | None, token: str) -> Any:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        data = json.dumps(body).encode() if body is not None else None
        return urllib.request.urlopen(
            urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, headers, method=method), timeout=30
        )


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    made = Stack(tmp_path_factory.mktemp("stack") / "state")
    yield made
    made.call("down")


def test_taken_port_is_one_clear_line_and_leaves_nothing(stack: Stack) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", stack.port))
        other.listen()
        done = stack.call("up")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        f"error: port {stack.port} for the Airflow UI is in use by another program; stop that one, or choose another: "
        f"RETENTION_UI_PORT={stack.port + 1} make run"
    )
    assert stack.pids() == {}


def started_until_both_servers_run(stack: Stack) -> subprocess.Popen[str]:
    process, until = stack.begin("up"), time.monotonic() + 120
    while set(stack.pids()) != SERVERS:
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.05)
    return process


@pytest.mark.parametrize("asked_by", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_run_that_is_asked_to_end_leaves_nothing(stack: Stack, asked_by: signal.Signals) -> None:
    with started_until_both_servers_run(stack) as process:
        process.send_signal(asked_by)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.splitlines()[-1] == (
        "stopped; nothing of this start is left running. `make run` goes on where it was."
    )
    assert stack.processes() == []


def test_killed_run_leaves_what_the_next_run_goes_on_with(stack: Stack) -> None:
    with started_until_both_servers_run(stack) as process:
        process.kill()
        process.communicate()
    assert set(stack.pids()) == SERVERS


def test_first_run_brings_everything_up_and_says_what_happened(stack: Stack) -> None:
    done = stack.call("up")
    assert done.returncode == 0, done.stderr
    assert set(stack.pids()) == SERVERS | set(PARTS)
    assert "due items gone" in done.stdout
    assert "COMPLIANT" in done.stdout
    report = next(line.split()[1] for line in done.stdout.splitlines() if line.startswith("Report"))
    assert Path(report).is_file()
    assert Path(report).is_relative_to(stack.state.folder)


def test_second_run_restarts_nothing_and_adds_nothing(stack: Stack) -> None:
    pids, rows = stack.pids(), stack.rows()
    done = stack.call("up")
    assert done.returncode == 0, done.stderr
    assert stack.pids() == pids
    assert stack.rows() == rows
    assert "sample company: there already, nothing added" in done.stderr


def test_facts_hold_addresses_and_files_but_no_secret(stack: Stack) -> None:
    text = stack.state.facts_file.read_text()
    secrets = [
        path.read_text().strip() for path in stack.state.secrets.iterdir() if path.suffix in {".password", ".key"}
    ]
    assert secrets
    assert [secret for secret in secrets if secret in text] == []
    wanted = {"state_dir", "airflow_url", "logins_file", "s3_endpoint", "s3_credentials_file"}
    wanted |= {f"pg_dsn_{role}" for role in ("app", "disposal", "verify", "retention")}
    assert wanted <= set(stack.facts())
    readable = [path for path in stack.state.secrets.iterdir() if path.stat().st_mode & 0o077]
    assert readable == []


@pytest.mark.parametrize(
    ("login", "method", "path", "status"),
    [
        pytest.param("", "GET", "/api/v2/dags", 401, id="nobody-sees-dags"),
        pytest.param("viewer", "GET", "/api/v2/dags/dispose_audio", 200, id="viewer-sees-dags"),
        pytest.param("viewer", "POST", "/api/v2/dags/dispose_audio/dagRuns", 403, id="viewer-starts"),
        pytest.param("compliance", "GET", "/api/v2/dags/dispose_audio/dagRuns", 200, id="compliance-sees-runs"),
        pytest.param("compliance", "GET", "/api/v2/plugins", 200, id="compliance-sees-plugins"),
        pytest.param("compliance", "POST", "/api/v2/dags/dispose_audio/dagRuns", 403, id="compliance-starts"),
        pytest.param("compliance", "PATCH", "/api/v2/dags/dispose_audio", 403, id="compliance-pauses"),
        pytest.param("oncall", "POST", "/api/v2/dags/dispose_audio/dagRuns", 403, id="oncall-starts"),
        pytest.param("engineer", "POST", "/api/v2/dags/verify_retention/dagRuns", 200, id="engineer-starts"),
        pytest.param("engineer", "GET", "/api/v2/connections", 403, id="engineer-sees-connections"),
        pytest.param("engineer", "DELETE", "/api/v2/dags/verify_retention", 403, id="engineer-deletes-dag"),
    ],
)
def test_logins_may_do_exactly_this(stack: Stack, login: str, method: str, path: str, status: int) -> None:
    body = {"POST": {"logical_date": None}, "PATCH": {"is_paused": True}}.get(method)
    assert stack.ask(login, method, path, body) == status


PURGE = "/api/v2/dags/manual_purge/dagRuns"
FORM: dict[str, Any] = {
    "category": "transcript",
    "reason": "customer's letter",
    "ticket": "T-17",
    "preview_only": False,
}


GOES, WAITS = "windspiel-garten", "zahlendreher-druck"
"""Customers of the sample of whom something may go: no hold and no duty keeps all of it."""


def asked_by(stack: Stack, login: str, **form: Any) -> str:
    """A purge that somebody asks for; the run's id."""
    run = stack.told(login, "POST", PURGE, {"logical_date": None, "conf": FORM | form})
    return f"{PURGE}/{run['dag_run_id']}"


def states(stack: Stack, run: str) -> dict[str, str | None]:
    return {
        one["task_id"]: one["state"] for one in stack.told("viewer", "GET", f"{run}/taskInstances")["task_instances"]
    }


def wait_for(stack: Stack, run: str, task: str, *wanted: str) -> dict[str, str | None]:
    until = time.monotonic() + 120
    while (found := states(stack, run)).get(task) not in wanted:
        assert time.monotonic() < until, found
        time.sleep(0.5)
    time.sleep(1.5)  # an answer right after the task was parked may find it in another state
    return found


def answers(stack: Stack, run: str, login: str, option: str = "Approve") -> int:
    path = f"{run}/taskInstances/approve/-1/hitlDetails"
    return stack.ask(login, "PATCH", path, {"chosen_options": [option], "params_input": {}})


def transcripts(stack: Stack) -> dict[str, int]:
    with psycopg.connect(stack.facts()["pg_dsn_app"]) as connection:
        rows = connection.execute(
            "SELECT tenant_id::text, count(*) FROM transcripts GROUP BY 1 ORDER BY 2, 1"
        ).fetchall()
    return {tenant: count for tenant, count in rows if tenant != "canary"}


@pytest.mark.parametrize("login", ["viewer", "compliance", "engineer"])
def test_only_on_call_asks_for_a_purge(stack: Stack, login: str) -> None:
    assert stack.ask("admin", "PATCH", "/api/v2/dags/manual_purge", {"is_paused": False}) == 200
    assert stack.ask(login, "POST", PURGE, {"logical_date": None, "conf": FORM}) == 403


def test_a_purge_goes_by_another_persons_answer_alone(stack: Stack) -> None:
    before = transcripts(stack)
    run = asked_by(stack, "oncall", tenant_id=GOES)
    assert "approve" in wait_for(stack, run, "approve", "awaiting_input")
    assert {login: answers(stack, run, login) for login in ("oncall", "admin", "engineer", "compliance", "viewer")} == (
        dict.fromkeys(("oncall", "admin", "engineer", "compliance", "viewer"), 403)
    )
    assert transcripts(stack) == before
    assert answers(stack, run, "oncall2") == 200
    ended = wait_for(stack, run, "report", "success", "failed", "upstream_failed")
    assert ended == dict.fromkeys(ended, "success")
    assert transcripts(stack) == {tenant: count for tenant, count in before.items() if tenant != GOES} != before


def test_a_rejected_purge_and_one_that_was_only_marked_as_approved_delete_nothing(stack: Stack) -> None:
    before = transcripts(stack)
    rejected, marked = (asked_by(stack, "oncall", tenant_id=WAITS) for _ in range(2))
    wait_for(stack, rejected, "approve", "awaiting_input")
    wait_for(stack, marked, "approve", "awaiting_input")  # the first one's wait does not block it
    assert answers(stack, rejected, "oncall2", "Reject") == 200
    assert stack.ask("admin", "PATCH", f"{marked}/taskInstances/approve", {"new_state": "success"}) == 200
    assert wait_for(stack, rejected, "report", "skipped")["delete"] == "skipped"
    wait_for(stack, marked, "delete", "failed")
    assert transcripts(stack) == before


def test_a_person_may_be_named_by_an_id_in_the_form(stack: Stack) -> None:
    """Whether it then stands anywhere else is looked at below."""
    with psycopg.connect(stack.facts()["pg_dsn_app"]) as connection:
        row = connection.execute("SELECT caller_id::text FROM calls WHERE caller_id IS NOT NULL LIMIT 1").fetchone()
    assert row is not None
    run = asked_by(stack, "oncall", person_id=row[0], preview_only=True)
    assert wait_for(stack, run, "approve", "skipped")["preview"] == "success"


def test_airflows_own_command_line_reaches_the_stack(stack: Stack) -> None:
    done = stack.call("airflow", "dags", "list", "--output", "json")
    assert done.returncode == 0, done.stderr
    assert "dispose_audio" in {dag["dag_id"] for dag in json.loads(done.stdout[done.stdout.index("[{") :])}


def test_no_identifier_got_into_what_is_kept_of_the_runs(stack: Stack) -> None:
    """Neither what looks like one, nor the names and ids that the sample made."""
    done = stack.call("hygiene", "--json", module="retention")
    assert done.returncode == 0, done.stdout + done.stderr
    fields = json.loads(done.stdout)
    assert (fields["verdict"], fields["found"], fields["failed"]) == ("clean", [], [])
    assert set(fields["looked_at"]) == {"own_database", "airflow_metadata", "airflow_task_logs"}
    assert all(count > 100 for count in fields["looked_at"].values())
    assert fields["known_values"] > 1000
    began = datetime.fromtimestamp(0, UTC)
    written = [
        spot
        for folder in (stack.state.logs, stack.state.reports)
        for spot in spots_of_files(folder, ["**/*.log", "**/*.html", "**/*.json"], began)
    ]
    assert written
    assert [(spot.column, *kinds) for spot in written if (kinds := list(kinds_in(spot.text)))] == []


def test_part_that_died_is_started_again_alone(stack: Stack) -> None:
    before = stack.pids()
    stack.state.recorded()["triggerer"].signal(signal.SIGKILL)
    done = stack.call("up")
    assert done.returncode == 0, done.stderr
    after = stack.pids()
    assert {name for name in after if after[name] != before[name]} == {"triggerer"}


def test_status_says_which_parts_run(stack: Stack) -> None:
    done = stack.call("status")
    assert done.returncode == 0
    assert all(f"{part:<14}runs" in done.stdout for part in PARTS)


def test_status_names_a_part_that_ended_and_what_to_do(stack: Stack) -> None:
    stack.state.recorded()["triggerer"].signal(signal.SIGKILL)
    done = stack.call("status")
    assert done.returncode == 1
    assert "triggerer     ended" in done.stdout
    assert done.stderr.startswith("Ended: triggerer;") and "make run" in done.stderr


def test_airflows_own_command_line_says_that_there_is_no_stack(tmp_path: Path) -> None:
    done = Stack(tmp_path / "state").call("airflow", "dags", "list")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: found no stack; expected one that `make run` has started.\n"


def test_stop_leaves_no_process(stack: Stack) -> None:
    sessions = set(stack.pids().values())
    done = stack.call("down")
    assert (done.returncode, done.stdout) == (0, "Nothing runs.\n")
    assert done.stderr.splitlines() == ["stopping Airflow …", "stopping S3 …", "stopping PostgreSQL …"]
    assert [stat.pid for stat in proc.everybody() if stat.session in sessions] == []
    assert stack.processes() == []
    nothing = stack.call("status")
    assert (nothing.returncode, nothing.stdout, nothing.stderr) == (
        1,
        "",
        "Nothing runs. `make run` starts everything.\n",
    )
