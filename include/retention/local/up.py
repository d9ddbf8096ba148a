"""`make run`: bring everything up, load the sample company, run both DAGs, say what happened; leave it all running.

Every step looks first whether its work is done, so that a second call is quick and an interrupted one is gone on with.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

from retention import database
from retention.evidence.controls import Mode, set_mode
from retention.local import accounts, databases, interruption, ports, stopping
from retention.local.airflow_api import AirflowApi
from retention.local.airflow_services import PARTS, AirflowServices
from retention.local.airflow_settings import airflow_environment, base_environment
from retention.local.commands import Command, airflow, retention
from retention.local.down import stop_everything
from retention.local.interruption import Interrupted
from retention.local.postgres_server import PostgresServer
from retention.local.processes import StackError
from retention.local.product_runs import run_once
from retention.local.published import (
    EVIDENCE_BUCKET,
    USERS,
    connection_variables,
    owner_variables,
    publish,
    user_password,
)
from retention.local.s3_server import S3Server
from retention.local.state import State
from retention.local.steps import Ending, console, step
from retention.policy.loader import load_policy
from retention.settings import PROJECT, policies_folder

NEEDED_BYTES = 10**9
"""Room for databases, objects and logs of the sample company."""

DEFAULT_UI_PORT = 8080


class ProductFailedError(StackError):
    """Everything is up, but a DAG did not do its work; the services stay, so that a person can look. Exit code 5."""

    exit_code = 5


class Stack:
    """One state folder's servers and Airflow on the way up. `touched` tells whether this call started anything."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.postgres = PostgresServer(state.postgres, mark=state.mark)
        self.s3 = S3Server(state.s3, mark=state.mark)
        self.airflow = AirflowServices(state)
        self.prepared_file = state.airflow_home / "prepared"
        self.touched = False
        self.ui_port = _ui_port(state)
        self.url = f"http://127.0.0.1:{self.ui_port}"

    def environment(self) -> dict[str, str]:
        """What Airflow and its tasks see: least-privilege connections only."""
        settings = airflow_environment(self.state, ui_port=self.ui_port, postgres_port=self.postgres.port)
        return base_environment(self.state) | settings | connection_variables(self.state, self.postgres, self.s3)

    def api(self) -> AirflowApi:
        """Airflow's REST API as admin."""
        return AirflowApi(self.url, "admin", user_password(self.state, "admin"))


def up(state: State) -> int:
    """Everything, in order. Returns an exit code; whatever it started is stopped when it doesn't get to the end."""
    try:
        os.environ["NO_PROXY"] = os.environ["no_proxy"] = base_environment(state)["NO_PROXY"]  # our servers are here
        state.create()
        _check_disk(state)
        with state.locked():
            return _up(Stack(state))
    except StackError as error:
        console.print(f"[red]error:[/] {error}", soft_wrap=True)
        return error.exit_code


def _up(stack: Stack) -> int:
    begun_at = datetime.now(UTC)
    try:
        _start_servers(stack)
        _start_airflow(stack)
        _run_product(stack)
        return _tell(stack, begun_at)
    except ProductFailedError:
        raise
    except BaseException as error:
        interruption.ignore()
        if stack.touched:
            stop_everything(stack.state)
        else:  # the services were up before; only this call's own commands end
            _stop_strays(stack)
        if isinstance(error, (StackError, Interrupted)):
            raise
        trace = stack.state.logs / "make-run.log"
        trace.write_text(traceback.format_exc(), encoding="utf-8")
        raise StackError(f"unexpected {type(error).__name__}; the details are in {trace}") from None


def _run_product(stack: Stack) -> None:
    """Everything is up; what goes wrong from here on is for a person to look at, with everything still running."""
    api = stack.api()
    try:
        api.ensure_pool("retention", slots=4)
        run_once(api)
    except StackError as error:
        raise ProductFailedError(f"{error} Everything still runs (UI: {stack.url}); `make stop` ends it.") from None


def _start_servers(stack: Stack) -> None:
    _stop_strays(stack)  # what an earlier start that was killed had begun must not go on beside this one
    former = ports.remembered(stack.state.ports_file, "ui")
    stack.airflow.refuse_taken_port(stack.ui_port, former=former)  # said before anything is started or stopped
    running = stack.postgres.is_running() and stack.s3.is_running()
    if not running or former not in {None, stack.ui_port}:
        stack.airflow.stop()  # it knows the servers' and its own former addresses
    ports.remember(stack.state.ports_file, "ui", stack.ui_port)
    stack.touched |= not running
    with step("PostgreSQL 18 and S3 (SeaweedFS)"):
        stack.postgres.start()
        stack.s3.start()
    with step("databases, roles, credentials"):
        passwords = {role: databases.password_of(role, stack.state.secrets) for role in databases.ROLES}
        databases.create_databases(stack.postgres.conninfo(), databases.OWNERS, passwords)
        stack.s3.ensure_locked_bucket(EVIDENCE_BUCKET)
        publish(stack.state, stack.postgres, stack.s3, airflow_url=stack.url)


def _start_airflow(stack: Stack) -> None:
    """Airflow's own migration beside ours, the sample company beside Airflow's start: each waits mostly for itself."""
    env, logs = stack.environment(), stack.state.logs
    owner_env = env | owner_variables(stack.state, stack.postgres, stack.s3)
    missing = stack.airflow.running() != set(PARTS)
    stack.touched |= missing
    metadata = None
    if missing and not _is_prepared(stack):
        metadata = Command("airflow db migrate", airflow("db", "migrate"), log=logs / "airflow-db.log", env=env)
    with step("our own database: schema, rights, mode"):
        Command("python -m retention migrate", retention("migrate"), log=logs / "migrate.log", env=owner_env).wait()
        databases.grant_own_rights(stack.postgres.conninfo("retention"))
        _enforce_at_first(stack)
    sample = Command(
        "python -m retention sample load", retention("sample", "load"), log=logs / "sample.log", env=owner_env
    )
    if metadata is not None:
        with step("Airflow: database and accounts") as tell:
            metadata.wait(tell)
            _accounts(stack, env).wait(tell)
            stack.prepared_file.write_text(_preparation(), encoding="utf-8")
    databases.grant_airflow_rights(stack.postgres.conninfo("airflow"))
    stack.airflow.start(env)
    ending = Ending()
    with step("sample company", ending) as tell:
        sample.wait(tell)
        databases.grant_source_rights(stack.postgres.conninfo("company"))
        ending.said = sample_words(logs / "sample.log")
    with step("Airflow: scheduler, DAG processor, API server, triggerer"):
        stack.airflow.wait_until_healthy(stack.api())


def sample_words(log: Path) -> str:
    """What the last load added, by its own words; it ran beside Airflow's set-up, so the wait for it says nothing."""
    said = (line.partition(": ") for line in log.read_text(encoding="utf-8").splitlines())
    added = {name.removeprefix("added_"): count for name, _, count in said if name.startswith("added_")}
    if added and not any(count != "0" for count in added.values()):
        return "there already, nothing added"
    return ", ".join(f"{count} {name}" for name, count in added.items())


def _stop_strays(stack: Stack) -> None:
    stopping.stop(folder=stack.state.folder, spare=stack.state.recorded().values())


def _preparation() -> str:
    """What Airflow's database was made ready for: this lock, these accounts."""
    files = (PROJECT / "requirements.lock", Path(accounts.__file__))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def _is_prepared(stack: Stack) -> bool:
    return stack.prepared_file.exists() and stack.prepared_file.read_text(encoding="utf-8") == _preparation()


def _accounts(stack: Stack, env: dict[str, str]) -> Command:
    logins = {user: [role, user_password(stack.state, user)] for user, role in USERS.items()}
    argv, log = [sys.executable, "-m", "retention.local.accounts"], stack.state.logs / "accounts.log"
    return Command("creating Airflow's accounts", argv, log=log, env=env, stdin=json.dumps(logins))


def _enforce_at_first(stack: Stack) -> None:
    """New categories observe. The sample's data are invented, so all start to enforce; what a person set later stays."""
    password = databases.password_of("retention_app", stack.state.secrets)
    with database.connect(stack.postgres.conninfo("retention", user="retention_app", password=password)) as own:
        known = {row["category"] for row in own.execute("SELECT DISTINCT category FROM retention.mode_changes")}
        for category in sorted(load_policy(policies_folder()).rules.keys() - known):
            set_mode(own, category, Mode.ENFORCE, changed_by="make run", reason="sample company, invented data")


def _tell(stack: Stack, since: datetime) -> int:
    """The summary in words, then where to look. Standard output, so that it can be kept."""
    env = stack.environment()
    # Side by side, as both only read: a report on paper takes seconds of its own.
    asked = retention("report", "--format", "html", "--format", "pdf")
    report = subprocess.Popen(asked, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    sys.stdout.flush()
    print(flush=True)
    subprocess.run(retention("summary", "--since", since.isoformat()), env=env, check=False)
    with step("report"):
        written, refused = report.communicate()
    paths = written.split("\n") if report.returncode == 0 else [f"none: {refused.strip()}"]
    print(f"\nAirflow    {stack.url}   (logins: {stack.state.logins_file})")
    print("Report     " + "\n           ".join(path for path in paths if path))
    print("Stop with  make stop", flush=True)
    return 0


def _ui_port(state: State) -> int:
    """`RETENTION_UI_PORT`, else the port of the last start, else 8080."""
    text = os.environ.get("RETENTION_UI_PORT", "")
    if not text:
        return ports.remembered(state.ports_file, "ui") or DEFAULT_UI_PORT
    if not text.isdecimal() or not 1024 <= int(text) <= 65535:
        raise StackError(f"RETENTION_UI_PORT: found {text!r}; expected a number from 1024 to 65535.")
    return int(text)


def _check_disk(state: State) -> None:
    free = shutil.disk_usage(state.folder).free
    if free < NEEDED_BYTES:
        raise StackError(
            f"found {free / 1e9:.1f} GB free at {state.folder}; expected {NEEDED_BYTES / 1e9:.0f} GB. Free some space."
        )
