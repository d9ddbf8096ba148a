"""What the shipped rule decides about the sample company is what its cases expect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row
from tests.sample.stores import Stores

from retention.database import connect
from retention.datamap.loader import MappedPlace, load_datamap
from retention.disposal.fact_columns import read_columns
from retention.disposal.selection import compile_selection
from retention.evidence.holds import read_holds
from retention.policy.decide import decide
from retention.policy.facts import ItemFacts
from retention.policy.loader import load_policy
from retention.sample.cases import CASES
from retention.sample.everyday import SHARES
from retention.settings import INCLUDE

RULE = load_policy(INCLUDE / "policies").rule("audio")
EXPECTED = {case.name: (case.expected, "fallback" if case.fallback else "start_point") for case in CASES} | {
    share.name: (share.expected, "start_point") for share in SHARES
}


def mapped_place(stores: Stores) -> MappedPlace:
    """The shipped place, in the bucket of this test."""
    place = load_datamap(INCLUDE / "datamap").places["call_recordings"]
    return replace(place, spec=place.spec.model_copy(update={"bucket": stores.bucket}))


def decided_rows(stores: Stores) -> Mapping[str, tuple[str, str]]:
    """Status and basis of every row, by the SQL that disposal runs."""
    as_of, place = stores.record().as_of, mapped_place(stores)
    with connect(stores.own) as own:
        holds = read_holds(own)
    with psycopg.connect(stores.company, row_factory=dict_row) as company:
        selection = compile_selection(place, RULE, read_columns(company, place, RULE), holds, as_of=as_of, now=as_of)
        query = sql.SQL("SELECT object_key, status, basis FROM {}").format(selection.decided)
        return {
            row["object_key"]: (row["status"], row["basis"]) for row in company.execute(query, selection.parameters)
        }


def decided_orphans(stores: Stores) -> Mapping[str, tuple[str, str]]:
    """Status and basis of every object that no row names, dated by its key."""
    as_of, place = stores.record().as_of, mapped_place(stores)
    assert place.spec.key_date is not None
    with connect(stores.own) as own:
        holds = read_holds(own)
    found = {}
    for (key,) in stores.rows("SELECT object_key FROM sample.items WHERE recording_id IS NULL"):
        match = place.spec.key_date.search(key)
        assert match is not None
        day = datetime(int(match["year"]), int(match["month"]), int(match["day"]), tzinfo=UTC)
        item = ItemFacts(
            place.name, key, match["tenant"], starts={}, evidence_at=day, object_key=key, person_known=False
        )
        decision = decide(item, RULE, holds, as_of)
        found[key] = (decision.status.value, decision.basis.value)
    return found


@pytest.fixture(scope="module")
def decisions(loaded: Stores) -> Mapping[str, list[tuple[str, str]]]:
    """Per case what was decided about its items; ("absent", "") where nothing was."""
    decided = {**decided_rows(loaded), **decided_orphans(loaded)}
    cases: dict[str, list[tuple[str, str]]] = {}
    for name, key in loaded.rows("SELECT case_name, object_key FROM sample.items ORDER BY case_name, item_no"):
        cases.setdefault(name, []).append(decided.get(key, ("absent", "")))
    return cases


@pytest.mark.parametrize("name", EXPECTED)
def test_every_item_of_the_case_gets_its_expected_decision(
    decisions: Mapping[str, list[tuple[str, str]]], name: str
) -> None:
    assert set(decisions[name]) == {EXPECTED[name]}
