"""The whole sample company, checked right after its load: every case is judged as it is meant, and nothing else is found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.sample.stores import Stores, fresh_stores
from tests.verification.company import HASHER, PLACE, Company, found, reasons
from tests.verification.conftest import postgres_connection
from tests.world import write_datamap

from retention.connections import parse
from retention.local.postgres_server import PostgresServer
from retention.local.s3_server import S3Server
from retention.sample.cases import CASES
from retention.sample.everyday import SHARES
from retention.settings import INCLUDE
from retention.verification import CheckResult
from retention.verification.inventory import Inventory

EXPECTED = {case.name: case.expected for case in CASES} | {share.name: share.expected for share in SHARES}
NO_OBJECT = {"row_without_object"}
"""Expected to be deleted by its rule; but no data is left that could break the promise."""

_STATES = """
SELECT
    item_hash,
    bool_or(is_past_cap OR is_past_event) AS overdue,
    bool_or(is_held) AS held,
    bool_or(is_exempt) AS exempt,
    bool_or(promised_at < as_of) AS past_promise
FROM {judged}
WHERE is_part
GROUP BY item_hash
"""


@dataclass(frozen=True)
class Checked:
    """The check's result, what it said of each item, and which items show which case."""

    result: CheckResult
    states: Mapping[bytes, str]
    keys: Mapping[str, list[str]]

    def of_case(self, name: str) -> set[str]:
        """What was said of the case's items."""
        return {self.states.get(HASHER.item(PLACE, key), "absent") for key in self.keys[name]}


@pytest.fixture(scope="module")
def checked(
    postgres_server: PostgresServer,
    s3_server: S3Server,
    verifier: tuple[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Checked]:
    with fresh_stores(postgres_server, s3_server) as stores, pytest.MonkeyPatch.context() as patch:
        stores.load()
        states: dict[bytes, str] = {}
        drop = Inventory.drop

        def read_and_drop(inventory: Inventory) -> None:
            states.update({bytes(row["item_hash"]): _state(row) for row in inventory.ask(_STATES)})
            drop(inventory)

        patch.setattr(Inventory, "drop", read_and_drop)
        company = _company(stores, postgres_server, s3_server, verifier, tmp_path_factory.mktemp("map"))
        result = company.check(stores.record().as_of)
        keys: dict[str, list[str]] = {}
        for name, key in stores.rows("SELECT case_name, object_key FROM sample.items"):
            keys.setdefault(name, []).append(key)
        yield Checked(result, states, keys)


def _state(row: Mapping[str, Any]) -> str:
    if row["held"]:
        return "held"
    if row["overdue"]:
        return "overdue"
    return "exempt" if row["exempt"] and row["past_promise"] else "in time"


def _company(
    stores: Stores, postgres: PostgresServer, s3: S3Server, verifier: tuple[str, str], folder: Path
) -> Company:
    for conninfo, script in ((stores.company, "source.sql"), (stores.own, "own.sql")):
        facts = psycopg.conninfo.conninfo_to_dict(conninfo)
        with psycopg.connect(postgres.conninfo(str(facts["dbname"]))) as connection:
            connection.execute((INCLUDE / "sql" / "roles" / script).read_bytes())
    connections = {
        "company_db_verify": postgres_connection("company_db_verify", stores.company, verifier),
        "retention_db_verify": postgres_connection("retention_db_verify", stores.own, verifier),
        "company_s3_verify": parse("company_s3_verify", s3.airflow_connection("verify")),
    }
    return Company(stores.company, stores.own, stores.bucket, stores.s3, connections, _map(folder, stores.bucket))


def _map(folder: Path, bucket: str) -> Path:
    """The whole shipped map, as the load sets holds in every category; checked is one of them."""
    shipped = (INCLUDE / "datamap" / "company.yaml").read_text(encoding="utf-8")
    return write_datamap(folder / "shipped", bucket, shipped.replace("bucket: server-logs", f"bucket: {bucket}-logs"))


@pytest.mark.parametrize("name", sorted(set(EXPECTED) - NO_OBJECT))
def test_case_is_judged_as_it_is_meant(checked: Checked, name: str) -> None:
    expected = {"retain": "in time", "due": "in time"}.get(EXPECTED[name], EXPECTED[name])
    assert checked.of_case(name) == {expected}


def test_place_is_read_and_nothing_is_unknown(checked: Checked) -> None:
    result = checked.result
    assert set(result.places_read) == {PLACE, "telephony_recordings"}
    assert [one for one in result.findings if one.severity == "unknown"] == []
    assert result.counts["overdue_items"] == sum(state == "overdue" for state in checked.states.values())


def test_findings_are_those_that_the_cases_plant(checked: Checked) -> None:
    kinds = found(checked.result)
    assert kinds["exception_hold"] == sum(state == "held" for state in checked.states.values())
    assert kinds["exception_consent"] == sum(state == "exempt" for state in checked.states.values())
    assert kinds["row_without_object"] == len(checked.keys["row_without_object"])
    assert {kind for kind in kinds if "missing" in kind or "gone" in kind} == set()
    assert set(reasons(checked.result, "invalid_hold")) == {
        "hold_expired",
        "hold_review_missed",
        "hold_self_approved",
        "hold_unapproved",
    }
    assert {
        "consent_one_sided",
        "consent_wrong_scope",
        "consent_given_late",
        "consent_recorded_late",
        "consent_withdrawn",
        "consent_ended",
        "consent_review_lapsed",
        "contract_ended",
        "hold_ended",
        "hold_not_yet_effective",
    } <= set(reasons(checked.result, "kept_without_reason"))
