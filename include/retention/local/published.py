"""What the running stack tells others: connections for Airflow and the command line, facts for scripts, logins for people.

Passwords and keys stand only in files that nobody else may read; `env.json` holds addresses and the paths of those files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from retention.anchored_heads import CONNECTION as ANCHOR_CONNECTION
from retention.backup.series import CONNECTION as BACKUP_CONNECTION
from retention.evidence.signing import FILE_VARIABLE, Signer
from retention.local.databases import password_of
from retention.local.postgres_server import PostgresServer
from retention.local.s3_identities import IDENTITIES
from retention.local.s3_server import REGION, S3Server
from retention.local.secret_files import kept_secret, write_secret
from retention.local.state import State

USERS = {
    "admin": "Admin",
    "compliance": "Compliance",
    "compliance2": "Compliance",
    "engineer": "DataEngineer",
    "oncall": "OnCall",
    "oncall2": "OnCall",
    "viewer": "Viewer",
}
"""Login → role. Two each of those who need a second person."""

EVIDENCE_BUCKET = "retention-evidence"
"""Under object lock; holds tree heads."""

_CONNECTIONS = {
    "company_db": ("company", "retention_disposal"),
    "company_db_verify": ("company", "retention_verify"),
    "company_db_canary": ("company", "company_app"),
    "airflow_metadata": ("airflow", "retention_airflow"),
    "airflow_metadata_verify": ("airflow", "retention_verify"),
    "retention_db": ("retention", "retention_app"),
    "retention_db_verify": ("retention", "retention_verify"),
}
_OWNER_CONNECTIONS = {
    "company_db_app": ("company", "company_app"),
    "retention_db_owner": ("retention", "retention_owner"),
}
_DSNS = {
    "pg_dsn_app": ("company", "company_app"),
    "pg_dsn_disposal": ("company", "retention_disposal"),
    "pg_dsn_verify": ("company", "retention_verify"),
    "pg_dsn_retention": ("retention", "retention_app"),
    "pg_dsn_retention_verify": ("retention", "retention_verify"),
    "pg_dsn_retention_owner": ("retention", "retention_owner"),
}


def connection_variables(state: State, postgres: PostgresServer, s3: S3Server) -> dict[str, str]:
    """`AIRFLOW_CONN_<ID>` for the product: least privilege, for Airflow and the command line."""
    found = {name: _postgres(state, postgres, *where) for name, where in _CONNECTIONS.items()}
    found |= {"company_s3": s3.airflow_connection("disposal"), "company_s3_verify": s3.airflow_connection("verify")}
    found[ANCHOR_CONNECTION] = s3.airflow_connection("evidence", bucket=EVIDENCE_BUCKET)
    found[f"{ANCHOR_CONNECTION}_verify"] = s3.airflow_connection("verify", bucket=EVIDENCE_BUCKET)
    # Canaries come as the company's own data do: through its application.
    found |= {"company_s3_canary": s3.airflow_connection("app"), "server_files_canary": _mounted(state.server_files)}
    for name, folder in {"server_files": state.server_files, "airflow_logs": state.airflow_logs}.items():
        # One user of the operating system runs everything here; on a server each identity mounts the path with its own rights.
        found |= dict.fromkeys((name, f"{name}_verify"), _mounted(folder))
    # Beside the database here; on a server, a volume elsewhere. The sample's sources are backed up by nobody: any period will do.
    found[BACKUP_CONNECTION] = _mounted(state.backups, kept="P35D")
    return {f"AIRFLOW_CONN_{name.upper()}": value for name, value in found.items()}


def owner_variables(state: State, postgres: PostgresServer, s3: S3Server) -> dict[str, str]:
    """`AIRFLOW_CONN_<ID>` for set-up alone (migrations, the sample company); Airflow never gets these."""
    found = {name: _postgres(state, postgres, *where) for name, where in _OWNER_CONNECTIONS.items()}
    found |= {"company_s3_app": s3.airflow_connection("app"), "server_files_app": _mounted(state.server_files)}
    return {f"AIRFLOW_CONN_{name.upper()}": value for name, value in found.items()}


def user_password(state: State, user: str) -> str:
    """The random password of one Airflow login."""
    return kept_secret(state.secrets / f"airflow-{user}.password", random_bytes=12)


def publish(state: State, postgres: PostgresServer, s3: S3Server, *, airflow_url: str) -> None:
    """Write connections.env, owner.env (read by `migrate` and `sample load` alone), env.json, logins.txt, credentials."""
    passfile, credentials = state.secrets / "pgpass", state.secrets / "s3-credentials.ini"
    write_secret(passfile, "".join(f"{line}\n" for line in _passfile_lines(state, postgres)))
    write_secret(credentials, "\n".join(_profile(s3, name) for name in IDENTITIES))
    settings = {
        "RETENTION_ENVIRONMENT": "sample",
        "RETENTION_HASH_KEY_FILE": kept_path(state.secrets / "hash.key"),
        FILE_VARIABLE: kept_signing_key(state),
    }
    _write_variables(state.connections_file, connection_variables(state, postgres, s3) | settings)
    _write_variables(state.folder / "owner.env", owner_variables(state, postgres, s3))
    logins = [f"{user:<12}{user_password(state, user):<28}{role}" for user, role in USERS.items()]
    write_secret(state.logins_file, "\n".join([airflow_url, f"{'login':<12}{'password':<28}role", *logins, ""]))
    facts = {
        "state_dir": str(state.folder),
        "airflow_url": airflow_url,
        "logins_file": str(state.logins_file),
        **{name: _dsn(postgres, passfile, *where) for name, where in _DSNS.items()},
        "s3_endpoint": s3.endpoint_url,
        "s3_region": REGION,
        "s3_credentials_file": str(credentials),
        "reports_dir": str(state.reports),
        "server_files_dir": str(state.server_files),
        "backups_dir": str(state.backups),
        "evidence_bucket": EVIDENCE_BUCKET,
    }
    write_secret(state.facts_file, json.dumps(facts, indent=1))


def kept_path(path: Path) -> str:
    """Make the secret in `path` when there is none, and return its path."""
    kept_secret(path)
    return str(path)


def kept_signing_key(state: State) -> str:
    """Make the key that signs tree heads when there is none, and return its path."""
    path = state.secrets / "signing.key"
    if not path.exists():
        write_secret(path, Signer.new().to_pem())
    return str(path)


def _write_variables(path: Path, variables: Mapping[str, str]) -> None:
    write_secret(path, "".join(f"{name}={value}\n" for name, value in variables.items()))


def _postgres(state: State, postgres: PostgresServer, database: str, role: str) -> str:
    return postgres.airflow_connection(database, role, password_of(role, state.secrets))


def _mounted(folder: Path, **extra: str) -> str:
    """A folder as an Airflow connection in JSON."""
    return json.dumps({"conn_type": "fs", "extra": {"path": str(folder), **extra}})


def _dsn(postgres: PostgresServer, passfile: Path, database: str, role: str) -> str:
    from psycopg.conninfo import make_conninfo

    address = f"host={postgres.host} port={postgres.port} sslmode=disable"
    return make_conninfo(address, dbname=database, user=role, passfile=str(passfile))


def _passfile_lines(state: State, postgres: PostgresServer) -> list[str]:
    entries = sorted({*_DSNS.values()})
    return [
        f"{postgres.host}:{postgres.port}:{database}:{role}:{password_of(role, state.secrets)}"
        for database, role in entries
    ]


def _profile(s3: S3Server, identity: str) -> str:
    access_key, secret_key = s3.keys(identity)
    return f"[{identity}]\naws_access_key_id = {access_key}\naws_secret_access_key = {secret_key}\n"
