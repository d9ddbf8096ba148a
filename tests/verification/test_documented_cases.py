"""What docs/sample.md promises of each recipe is what the check finds."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import psycopg
from tests.verification.company import Company, found, reasons

PAGE = Path(__file__).parents[2] / "docs" / "sample.md"


def test_each_recipe_gives_the_findings_that_it_names(company: Company) -> None:
    _environment, imports, recording, consent, orphans, hold, *_of_other_categories = re.findall(
        r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL
    )
    company.tenant("ottermuehl-makler")
    names: dict[str, Any] = {"s3": company.s3, "now": company.now}
    _run("\n".join(line for line in imports.splitlines() if " import " in line), names)
    with (
        psycopg.connect(company.source, autocommit=True) as names["company"],
        psycopg.connect(company.own, autocommit=True) as names["own"],
    ):
        said = {}
        for name, recipe in (("recording", recording), ("consent", consent), ("orphans", orphans), ("hold", hold)):
            _run(recipe.replace("call-recordings", company.bucket), names)
            result = company.check()
            said[name] = found(result)
    assert said["recording"] == {"transcribed_but_present": 1}
    assert said["consent"] == said["recording"] | {"kept_without_reason": 1}
    assert said["orphans"] == said["consent"] | {"past_cap": 3}
    assert said["hold"] == said["orphans"] | {"invalid_hold": 1, "unrecorded_hold": 1}
    assert reasons(result, "kept_without_reason") == {"consent_one_sided": 1, "hold_self_approved": 1}


def _run(recipe: str, names: dict[str, Any]) -> None:
    exec(compile(recipe, str(PAGE), "exec"), names)  # noqa: S102  # the page's own examples
