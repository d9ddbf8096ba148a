"""The layers that the import linter can't see: DAG files and plugins are no packages."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
DAGS, PLUGINS = sorted(PROJECT.glob("dags/**/*.py")), sorted(PROJECT.glob("plugins/**/*.py"))
NEVER_IN_PLUGINS = ("retention.disposal", "retention.stores", "retention.policy", "retention.verification")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def inside(name: str, *packages: str) -> bool:
    return any(f"{name}.".startswith(f"{package}.") for package in packages)


def test_there_are_dags_and_plugins() -> None:
    assert DAGS
    assert PLUGINS


@pytest.mark.parametrize("path", DAGS, ids=lambda path: path.name)
def test_dag_files_see_only_the_sdk_and_orchestration(path: Path) -> None:
    found = [name for name in imports(path) if inside(name, "airflow", "retention")]
    assert found
    assert [name for name in found if not inside(name, "airflow.sdk", "retention.orchestration")] == []


@pytest.mark.parametrize("path", PLUGINS, ids=lambda path: path.name)
def test_plugins_hold_no_rules_and_delete_nothing(path: Path) -> None:
    assert [name for name in imports(path) if inside(name, *NEVER_IN_PLUGINS)] == []
