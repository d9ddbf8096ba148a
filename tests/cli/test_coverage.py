"""`verify` without a category also says whether anything is there that nobody mapped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.declared import declare_rest
from tests.world import World


def test_a_table_that_nobody_mapped_is_unknown_unless_single_categories_are_asked(
    run: Callable[..., dict[str, Any]], world: World, tmp_path: Path
) -> None:
    declare_rest(tmp_path / "datamap" / "company.yaml", world.company)
    assert run("verify")["verdict"] == "compliant"
    world.sql("CREATE TABLE newsletter (email text)")
    assert run("verify", "audio")["verdict"] == "compliant"
    said = run("verify", code=3)
    [found] = said["findings"]
    assert (found["kind"], found["place"]) == ("unmapped_table", "company_db/public.newsletter")
    assert run("status", code=3)["verdict"] == "unknown"
