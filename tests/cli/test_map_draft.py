"""A first data map from a live schema: what it proposes, that the loader refuses it, and that it loads once it is finished."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.world import World
from typer.testing import CliRunner

from retention.cli import app
from retention.datamap.loader import MappedPartitions, MappedTable, load_datamap
from retention.datamap.model import Dependent
from retention.drafting.draft import propose
from retention.drafting.schema import Reference, Table
from retention.errors import DataMapError

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def folder(run: Run, tmp_path: Path) -> Path:
    """A folder with a fresh draft of the sample company's database."""
    run("map", "draft", "company_db", "--out", str(tmp_path / "draft" / "company.yaml"))
    return tmp_path / "draft"


def finish(folder: Path) -> None:
    """What a person does, as a script: a value for each key that has none, and SQL in every file."""
    values = {
        "category": "transcript", "role": "processor", "owner": "Platform Engineering", "id_column": "id",
        "reason": "Reference data of the product.", "declared_on": "2026-11-01",
    }  # fmt: skip
    path = folder / "company.yaml"
    path.write_text(
        re.sub(r"(\w+):  # TODO.*", lambda open_key: f"{open_key[1]}: {values[open_key[1]]}", path.read_text("utf-8")),
        "utf-8",
    )
    for file in (folder / "sql").iterdir():
        file.write_text(f"SELECT '{file.stem}' AS item_id\n", "utf-8")


def test_a_draft_proposes_places_parts_and_what_to_declare(run: Run, world: World) -> None:
    world.sql("CREATE TABLE price_list (sku text PRIMARY KEY, cents integer)")
    said = run("map", "draft", "company_db")
    places = {one["table"] for one in said["places"]}
    assert {"public.callers", "public.tenants"} <= places
    assert "public.price_list" in said["not_personal"]
    assert not places & set(said["not_personal"])
    yaml = said["files"]["company_db.yaml"]
    assert "# Looks personal: name (name), phone (name), email (name)." in yaml
    assert {"sql/callers.sql", "sql/check_callers.sql"} <= said["files"].keys()
    assert said["path"] is None


def test_a_part_goes_before_its_row_so_that_only_other_keys_may_not_cascade(run: Run, world: World) -> None:
    world.sql("CREATE TABLE people (n int PRIMARY KEY, email text, follows int REFERENCES people ON DELETE CASCADE)")
    world.sql("CREATE TABLE visits (n int REFERENCES people ON DELETE CASCADE)")
    yaml = run("map", "draft", "company_db")["files"]["company_db.yaml"]
    assert "Its foreign key follows cascades: disposal of public.people is refused" in yaml
    assert "Its foreign key n cascades" not in yaml


def test_a_table_that_no_place_can_name_is_to_be_declared(run: Run, world: World, tmp_path: Path) -> None:
    world.sql('CREATE TABLE "User" (n int PRIMARY KEY, "eMail" text)')
    said = run("map", "draft", "company_db", "--out", str(tmp_path / "draft" / "company.yaml"))
    assert "public.User" in said["not_personal"]
    assert "It can be declared, and be no place" in said["files"]["company.yaml"]
    finish(tmp_path / "draft")
    assert "public.User" in {entry.table for entry in load_datamap(tmp_path / "draft").not_personal}


def test_a_draft_speaks_of_what_columns_hold_and_repeats_no_value(run: Run, world: World) -> None:
    world.sql("CREATE TABLE remarks (n int PRIMARY KEY, t text); INSERT INTO remarks VALUES (1, 'to anna@example.org')")
    said = run("map", "draft", "company_db")
    assert "# Looks personal: t (e-mail)." in said["files"]["company_db.yaml"]
    assert "anna" not in str(said)


def test_an_unfinished_draft_is_refused_for_each_decision(folder: Path) -> None:
    with pytest.raises(DataMapError) as refused:
        load_datamap(folder)
    found = {problem.found for problem in refused.value.problems}
    assert {f"no value after {key!r}" for key in ("owner", "category", "role", "reason", "declared_on")} <= found
    assert all(problem.file.endswith("company.yaml") for problem in refused.value.problems)


def test_check_files_without_sql_are_refused(folder: Path) -> None:
    checks = {path: path.read_text("utf-8") for path in (folder / "sql").glob("check_*.sql")}
    finish(folder)
    for path, text in checks.items():
        path.write_text(text, "utf-8")
    with pytest.raises(DataMapError) as refused:
        load_datamap(folder)
    assert len(refused.value.problems) == len(checks)
    assert all("holds no SQL" in problem.found for problem in refused.value.problems)


def test_a_finished_draft_loads_and_covers_every_table(folder: Path, world: World) -> None:
    finish(folder)
    loaded = load_datamap(folder)
    tables = [place.spec for place in loaded.places.values() if isinstance(place, MappedTable)]
    mapped = {spec.table for spec in tables} | {one.table for spec in tables for one in with_parts(spec.dependents)}
    mapped |= {place.spec.table for place in loaded.places.values() if isinstance(place, MappedPartitions)}
    declared = {entry.table for entry in loaded.not_personal}
    there = world.sql(
        "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    )
    assert mapped | declared == {name for (name,) in there}


def with_parts(dependents: tuple[Dependent, ...]) -> list[Dependent]:
    return [one for dependent in dependents for one in (dependent, *with_parts(dependent.dependents))]


def test_a_drafted_query_cannot_run_before_it_is_finished(folder: Path, world: World) -> None:
    text = (folder / "sql" / "callers.sql").read_text("utf-8")
    assert "item.caller_id AS item_id" in text
    assert "CAST(item.tenant_id AS text) AS tenant_id" in text
    import psycopg

    with pytest.raises(psycopg.errors.UndefinedColumn):
        world.sql(text)


def test_a_draft_replaces_nothing(folder: Path, run: Run) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*.*")}
    said = run("map", "draft", "company_db", "--out", str(folder / "company.yaml"), code=2)
    assert "company.yaml" in said["message"]
    assert {path: path.read_bytes() for path in folder.rglob("*.*")} == before


def test_without_out_and_json_everything_is_printed(run: Run) -> None:
    result = CliRunner().invoke(app, ["map", "draft", "company_db"])
    assert result.exit_code == 0
    assert result.stdout.startswith("# ---- company_db.yaml\n# First draft")
    assert "-- ---- sql/check_callers.sql\n" in result.stdout


def test_a_connection_to_something_else_is_refused(run: Run) -> None:
    assert run("map", "draft", "company_s3", code=2)["error"] == "RequestError"
    assert run("map", "draft", "nowhere", code=2)["error"] == "MissingConnection"


def table(name: str, *references: Reference, personal: bool = False, key: str = "id") -> Table:
    return Table(
        f"public.{name}",
        "table",
        types={"id": "bigint"},
        key=(key,),
        references=list(references),
        personal={"email": ("name",)} if personal else {},
    )


def to(name: str, column: str = "parent_id", to_column: str = "id", *, valid: bool = True) -> Reference:
    return Reference(column, f"public.{name}", to_column, indexed=True, cascades=False, valid=valid)


@pytest.mark.parametrize(
    ("tables", "places", "rest"),
    [
        pytest.param([table("a", personal=True), table("b")], {"a": []}, ["b"], id="apart"),
        pytest.param(
            [table("a", personal=True), table("b", to("a")), table("c", to("b"))], {"a": ["b", "c"]}, [], id="chain"
        ),
        pytest.param(
            [table("a", personal=True), table("b", to("a"), personal=True)],
            {"a": [], "b": []},
            [],
            id="personal_itself",
        ),
        pytest.param(
            [table("a", personal=True), table("b", personal=True), table("c", to("a"), to("b"))],
            {"a": [], "b": [], "c": []},
            [],
            id="of_two",
        ),
        pytest.param([table("a", to("a"), personal=True)], {"a": []}, [], id="refers_to_itself"),
        pytest.param(
            [table("a", personal=True), table("b", to("a", "a_id"), to("c")), table("c", to("b"))],
            {"a": [], "b": ["c"]},
            [],
            id="circle_beside_a_place",
        ),
        pytest.param(
            [table("a", personal=True), table("b", to("a", valid=False))],
            {"a": [], "b": []},
            [],
            id="key_not_validated",
        ),
        pytest.param(
            [table("a", personal=True), table("b", to("a", to_column="code"))], {"a": [], "b": []}, [], id="by_no_id"
        ),
        pytest.param([table("a", to("b")), table("b", to("a"))], {}, ["a", "b"], id="circle_without_persons"),
    ],
)
def test_tables_are_sorted_by_what_they_refer_to(
    tables: list[Table], places: dict[str, list[str]], rest: list[str]
) -> None:
    draft = propose({one.name: one for one in tables})

    def parts(of: Any) -> list[str]:
        return [name for part in of for name in (part.table.name.removeprefix("public."), *parts(part.parts))]

    assert {place.name: parts(place.parts) for place in draft.places} == places
    assert [one.name.removeprefix("public.") for one in draft.rest] == rest
