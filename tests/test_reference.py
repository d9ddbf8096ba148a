"""README, `docs/policy.md` and `docs/data-map.md` say what the code does."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from retention import reference
from retention.disposal import fact_columns
from retention.policy.decide import CONTRADICTION_TOLERANCE
from retention.policy.facts import Basis, Status
from retention.policy.periods import format_elapsed
from retention.settings import INCLUDE, PROJECT

POLICY, DATAMAP = PROJECT / "docs" / "policy.md", PROJECT / "docs" / "data-map.md"
WRITTEN_BY = {"policy/", "datamap/", "documents.py", "yaml_text.py"}


@pytest.mark.parametrize("page", [PROJECT / "README.md", POLICY, DATAMAP], ids=["readme", "policy", "data_map"])
def test_generated_parts_are_up_to_date(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert reference.render(text) == text, f"run: python -m retention.reference {page.relative_to(PROJECT)}"


def test_writing_the_pages_anew_mends_them(tmp_path: Path) -> None:
    page = tmp_path / "policy.md"
    text = POLICY.read_text(encoding="utf-8")
    page.write_text(text.replace("Longest time between two runs", "Whatever"), encoding="utf-8")
    reference.main([str(page)])
    assert page.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("models", list(reference._MODELS.values()), ids=list(reference._MODELS))
def test_every_key_has_a_meaning(models: tuple[type, ...]) -> None:
    unsaid = [
        f"{model.__name__}.{key}"
        for model in models
        for key, field in model.model_fields.items()
        if not field.description
    ]
    assert unsaid == []


def test_every_status_and_basis_is_explained() -> None:
    page = POLICY.read_text(encoding="utf-8")
    for word in (*Status, *Basis):
        assert f"| `{word.value}` |" in page
    assert f"by more than {format_elapsed(CONTRADICTION_TOLERANCE)}".replace("1 day", "24 hours") in page


def test_every_code_of_a_refusal_is_explained() -> None:
    listed = set(re.findall(r"`([a-z_]+)`", POLICY.read_text(encoding="utf-8").split("## What is refused")[1]))
    found = set(_codes())
    assert {"duplicate_key", "weaker_than_promise", "overlap", "no_map"} <= found
    assert found - listed == set()
    assert {code for code in listed if "_" in code} - found == set()


def _codes() -> Iterator[str]:
    """The codes in the calls that make a problem: their only constant arguments (or names of constants) of that form."""
    for path in (INCLUDE / "retention").rglob("*.py"):
        relative = path.relative_to(INCLUDE / "retention").as_posix()
        if not any(relative.startswith(prefix) for prefix in WRITTEN_BY):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        constants = {
            target.id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        position = {"Problem": 2, "problem": 1, "Fault": 1}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and len(node.args) > 3:
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                code = node.args[position[name]] if name in position else None
                if isinstance(code, ast.Constant):
                    yield str(code.value)
                elif isinstance(code, ast.Name) and code.id in constants:
                    yield str(constants[code.id])


@pytest.mark.parametrize(
    ("heading", "columns"),
    [
        pytest.param(
            "`items`: one row per item",
            fact_columns._OBJECT | fact_columns._ITEM | {"evidence_at": "timestamptz"},
            id="items",
        ),
        pytest.param(
            "`consents`: one row per item and consent", fact_columns._OBJECT | fact_columns._CONSENT, id="consents"
        ),
    ],
)
def test_columns_of_the_sql_are_the_ones_that_are_checked(heading: str, columns: dict[str, str]) -> None:
    table = DATAMAP.read_text(encoding="utf-8").split(heading)[1].split("\n\n")[1]
    rows = dict(re.findall(r"^\| `([a-z_<>]+)` \| ([a-z]+) \|", table, re.MULTILINE))
    optional = dict.fromkeys(fact_columns._FLAGS, "boolean") | fact_columns._OPTIONAL
    assert {name: kind for name, kind in rows.items() if "<" not in name and name not in optional} == columns
    for extra, kind in {"start_<event>": "timestamptz", "happened_<event>": "boolean", **optional}.items():
        assert rows.get(extra) == (kind if "evidence_at" in columns else None)
