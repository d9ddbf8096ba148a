"""The policy and data map of the report tests: their own, so that a new place of the sample company changes no golden."""

from __future__ import annotations

import re
import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from retention.datamap.loader import DataMap, load_datamap
from retention.policy.loader import Policy, load_policy
from retention.settings import INCLUDE

DOCUMENTS = Path(__file__).parent / "documents"
SHIPPED = INCLUDE / "policies"


@cache
def one_category() -> tuple[Policy, DataMap]:
    """Recordings alone."""
    return _policy(SHIPPED / "audio.yaml"), _map("one.yaml")


@cache
def six_categories() -> tuple[Policy, DataMap]:
    """Six categories in all kinds of place."""
    return _policy(SHIPPED / "audio.yaml", *(DOCUMENTS / "policies").glob("*.yaml")), _map("several.yaml")


def _policy(*rules: Path) -> Policy:
    with TemporaryDirectory() as folder:
        for document in (SHIPPED / "promises.yaml", *rules):
            shutil.copy(document, folder)
        return load_policy(Path(folder))


def _map(name: str) -> DataMap:
    """The map with SQL of its own in each file that it names: no report runs it."""
    with TemporaryDirectory() as folder:
        text = (DOCUMENTS / name).read_text(encoding="utf-8")
        (Path(folder) / name).write_text(text, encoding="utf-8")
        for file in set(re.findall(r"[a-z_]+\.sql", text)):
            (Path(folder) / file).write_text(f"SELECT '{file}' AS item_id", encoding="utf-8")
        return load_datamap(Path(folder))
