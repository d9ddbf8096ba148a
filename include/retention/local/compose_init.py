"""The one-shot service `airflow-init` of docker-compose.yaml: databases, roles, migrations, accounts, pool.

Reads its secrets from the environment (compose takes them from `.env`) and refuses those of `.env.example`. Safe to run
again, and run at every `up`: that is how a new version's migrations get in.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

from psycopg.conninfo import make_conninfo

from retention.local import databases
from retention.local.processes import StackError

PLACEHOLDER = "replace-"
_PASSWORDS = {
    "airflow": "AIRFLOW_DB_PASSWORD",
    "retention_owner": "RETENTION_OWNER_PASSWORD",
    "retention_app": "RETENTION_APP_PASSWORD",
    "retention_verify": "RETENTION_VERIFY_PASSWORD",
    "retention_airflow": "RETENTION_AIRFLOW_PASSWORD",
}


def main() -> int:
    """Return 0 when all is prepared, 2 after one clear line."""
    try:
        refuse_placeholders()
        _prepare()
    except StackError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _prepare() -> None:
    passwords = {role: os.environ[variable] for role, variable in _PASSWORDS.items()}
    databases.create_databases(
        _superuser("postgres"), {"airflow": "airflow", "retention": "retention_owner"}, passwords
    )
    _run("airflow", "db", "migrate")
    databases.grant_airflow_rights(_superuser("airflow"))
    admin = {os.environ["AIRFLOW_ADMIN_USER"]: ["Admin", os.environ["AIRFLOW_ADMIN_PASSWORD"]]}
    _run(sys.executable, "-m", "retention.local.accounts", stdin=json.dumps(admin))
    _run("airflow", "pools", "set", "retention", "4", "deletes and checks at once")
    _run(sys.executable, "-m", "retention", "migrate")
    databases.grant_own_rights(_superuser("retention"))


def _superuser(database: str) -> str:
    return make_conninfo(
        host=os.environ["POSTGRES_HOST"], user="postgres", password=os.environ["POSTGRES_PASSWORD"], dbname=database
    )


def refuse_placeholders() -> None:
    """An example's secret is public. Values may stand inside a connection's JSON, so it is searched, not compared."""
    left = sorted(name for name, value in os.environ.items() if PLACEHOLDER in value)
    if left:
        raise StackError(f"found the example's placeholders in {', '.join(left)}; expected your own values in .env")


def _run(*command: str, stdin: str = "") -> None:
    done = subprocess.run(command, input=stdin.encode(), check=False)
    if done.returncode != 0:
        raise StackError(f"`{' '.join(command[:4])}` failed (exit code {done.returncode}); the reason is above.")


if __name__ == "__main__":
    sys.exit(main())
