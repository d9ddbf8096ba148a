"""The compose file: exact images, no secret in it, every service with a healthcheck or done at once."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from retention.local import compose_init
from retention.local.processes import StackError
from retention.replay.list_file import backups_kept

PROJECT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = YAML(typ="safe").load(PROJECT / "docker-compose.yaml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
EXAMPLE = dict(
    line.split("=", 1)
    for line in (PROJECT / ".env.example").read_text(encoding="utf-8").splitlines()
    if "=" in line and not line.startswith("#")
)
VARIABLE = re.compile(r"(?<!\$)\$\{(?P<name>\w+)(?P<rest>[^}]*)\}")
MAY_HAVE_DEFAULT = {"AIRFLOW_BASE_URL", "AIRFLOW_UI_PORT"}
PARTS = {
    "postgres",
    "redis",
    *(f"airflow-{part}" for part in ("init", "apiserver", "scheduler", "dag-processor", "worker")),
}

every_service = pytest.mark.parametrize("name", sorted(SERVICES))


def text_of(service: dict[str, Any]) -> str:
    return str({key: value for key, value in service.items() if key != "healthcheck"})


def test_all_parts_are_there() -> None:
    assert PARTS | {"airflow-triggerer", "s3"} == set(SERVICES)
    assert SERVICES["s3"]["profiles"] == ["s3"]


@every_service
def test_service_has_a_healthcheck_or_is_done_at_once(name: str) -> None:
    waiting = [
        condition["condition"]
        for service in SERVICES.values()
        for other, condition in service.get("depends_on", {}).items()
        if other == name
    ]
    one_shot = SERVICES[name].get("restart") == "no" and "service_completed_successfully" in waiting
    assert one_shot or SERVICES[name]["healthcheck"]["test"]


@every_service
def test_image_has_an_exact_tag(name: str) -> None:
    assert re.fullmatch(r"[a-z/]+:\d+\.\d+(\.\d+)?", SERVICES[name]["image"])


def test_dockerfile_builds_on_the_locked_airflow() -> None:
    [base] = re.findall(r"^FROM (\S+)$", (PROJECT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    [version] = re.findall(
        r"^apache-airflow==(\S+)$", (PROJECT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert base == f"apache/airflow:{version}-python3.11"


@every_service
def test_ports_are_on_loopback_only(name: str) -> None:
    assert [port for port in SERVICES[name].get("ports", []) if not port.startswith("127.0.0.1:")] == []


@every_service
def test_no_secret_stands_in_the_file_and_none_has_a_default(name: str) -> None:
    for variable in VARIABLE.finditer(text_of(SERVICES[name])):
        if variable["name"] not in MAY_HAVE_DEFAULT:
            assert variable["rest"].startswith(":?"), variable["name"]
    for key, value in SERVICES[name].get("environment", {}).items():
        if re.search(r"PASSWORD|SECRET|_KEY$|AUTH$|CONN", key) and not key.endswith("_MANAGER"):
            # A connection to a folder has no secret in it.
            assert VARIABLE.search(value) or value.startswith("/run/secrets/") or '"fs"' in value, key


def test_example_names_every_variable_and_holds_placeholders_only() -> None:
    used = {
        variable["name"]
        for variable in VARIABLE.finditer((PROJECT / "docker-compose.yaml").read_text(encoding="utf-8"))
    }
    assert used == set(EXAMPLE)
    secret = {name for name in EXAMPLE if re.search(r"PASSWORD|SECRET|_KEY(_ID)?$|CONN", name)}
    assert [name for name in secret if compose_init.PLACEHOLDER not in EXAMPLE[name]] == []


def test_init_refuses_the_examples_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_PASSWORD", EXAMPLE["REDIS_PASSWORD"])
    monkeypatch.setenv("AIRFLOW_CONN_COMPANY_DB", EXAMPLE["AIRFLOW_CONN_COMPANY_DB"])
    with pytest.raises(StackError, match=r"placeholders in AIRFLOW_CONN_COMPANY_DB, REDIS_PASSWORD; expected your own"):
        compose_init.refuse_placeholders()


@pytest.mark.parametrize("path", ["dags", "plugins", "include"])
def test_image_holds_what_runs(path: str) -> None:
    assert f"COPY --chown=airflow:0 {path} /opt/airflow/{path}" in (PROJECT / "Dockerfile").read_text(encoding="utf-8")
    assert f"!{path}" in (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines()


def test_backups_lie_in_a_volume_that_the_image_gives_to_airflow() -> None:
    connection = json.loads(SERVICES["airflow-worker"]["environment"]["AIRFLOW_CONN_RETENTION_BACKUP"])
    folder = connection["extra"]["path"]
    assert f"backups:{folder}" in SERVICES["airflow-worker"]["volumes"]
    assert "backups" in COMPOSE["volumes"]
    # A new volume takes over who owns the folder in the image; without one it is root's, and no backup could be written.
    dockerfile = (PROJECT / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(rf"install --directory --owner=airflow .*{folder}$", dockerfile, re.MULTILINE)


def test_pg_dump_in_the_image_is_as_new_as_the_server() -> None:
    [server] = re.findall(r"^postgres:(\d+)\.", SERVICES["postgres"]["image"])
    assert f"postgresql-client-{server} " in (PROJECT / "Dockerfile").read_text(encoding="utf-8")


def test_how_long_backups_are_kept_is_a_period() -> None:
    assert backups_kept(EXAMPLE["RETENTION_BACKUPS_KEPT"])[1] == timedelta(days=35)
