"""Rows of which nobody can say for sure what they are, or whether they went: they stay, and the ledger says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.table_world import MAP, SQL, TableWorld
from tests.world import DAY, HOUR, now

from retention.disposal.execute import execute_plan
from retention.disposal.plan import PlanSummary
from retention.errors import DataMapError, UnknownError


class Killed(BaseException):
    """A run that ends without a word."""


def kill(tables: TableWorld, plan: PlanSummary, at: str) -> None:
    """Execute the plan up to this step."""

    def step(name: str) -> None:
        if name == at:
            raise Killed

    with pytest.raises(Killed):
        execute_plan(replace(tables.runtime, on_step=step), plan.plan_id, plan.digest)


def recorded(tables: TableWorld, kind: str) -> dict[str, object]:
    """What the ledger's last entry of this kind says."""
    body: dict[str, object] = tables.own_sql(
        "SELECT body::jsonb AS body FROM retention.ledger WHERE kind = %s ORDER BY seq DESC LIMIT 1", kind
    )[0]["body"]
    return body


@pytest.mark.parametrize("order", ["ASC", "DESC"])
def test_an_id_that_the_sql_gives_twice_stays_unless_both_are_due(
    tables: TableWorld, tmp_path: Path, order: str
) -> None:
    """A plain join to contracts, of which one has ended and one has not."""
    joined = f"""
        SELECT t.transcript_id AS item_id, t.tenant_id, t.person_id, t.created_at AS start_transcript_created,
            c.ended_at AS start_contract_ended, NULL::timestamptz AS start_deletion_requested, NULL::timestamptz AS evidence_at
        FROM transcripts AS t LEFT JOIN (SELECT * FROM contracts ORDER BY ended_at {order} NULLS FIRST) AS c
            ON c.tenant_id = t.tenant_id"""
    tables.remap(tmp_path / "map_2", MAP, transcripts=joined)
    tables.add_contract("t1", 40 * DAY)
    tables.add_contract("t1", None)
    tables.add_contract("t2", 40 * DAY)
    twin, other = tables.add_transcript("t1"), tables.add_transcript("t2")
    summary = tables.dispose("transcript")
    assert (summary.gone, summary.spared) == (1, {"ambiguous": 1})
    assert tables.ids("transcripts", "transcript_id") == {twin} != {other}
    tables.sql("UPDATE contracts SET ended_at = now() - interval '40 days'")
    with pytest.raises(DataMapError, match="repeated_id"):
        tables.plan("transcript")


def test_an_id_that_is_written_otherwise_than_its_column_deletes_nothing(tables: TableWorld, tmp_path: Path) -> None:
    """The row would be gone, and the ledger would not know which."""
    written = SQL["transcripts.sql"].replace("t.transcript_id AS item_id", "upper(t.transcript_id::text) AS item_id")
    tables.remap(tmp_path / "map_2", MAP, transcripts=written)
    tables.add_contract("t1", 40 * DAY)
    tables.add_transcript("t1")
    with pytest.raises(UnknownError, match="item_id"):
        tables.dispose("transcript")
    assert (tables.count("transcripts"), tables.count("embeddings")) == (1, 2)


def test_a_row_that_an_import_brought_back_after_a_killed_batch(tables: TableWorld) -> None:
    """The row went, the run was killed before it could say so, and what came back under its id is kept."""
    for key in (1, 2):
        tables.add_contact(key, email="a@example.org", created_at=now() - DAY, withdrawn_at=now() - HOUR)
    plan = tables.plan("marketing")
    kill(tables, plan, "rows_confirmed")
    tables.add_contact(1, email="a@example.org", proven_consent_at=now())
    summary = execute_plan(tables.runtime, plan.plan_id, plan.digest)
    assert (summary.gone, summary.recovered, summary.spared) == (0, 1, {"maybe_gone_before": 1})
    assert recorded(tables, "result")["spared"] == {"maybe_gone_before": 1}


def test_a_row_that_failed_for_a_known_reason_is_spared_for_its_own(tables: TableWorld) -> None:
    tables.sql("CREATE TABLE mails (contact_id bigint REFERENCES contacts)")
    tables.add_contact(1, email="a@example.org", withdrawn_at=now() - HOUR)
    tables.sql("INSERT INTO mails VALUES (1)")
    plan = tables.plan("marketing")
    with pytest.raises(Exception, match="23503"):
        execute_plan(tables.runtime, plan.plan_id, plan.digest)
    tables.add_hold(place="contacts", item_id="1")
    tables.sql("UPDATE contacts SET withdrawn_at = NULL")
    assert execute_plan(tables.runtime, plan.plan_id, plan.digest).spared.keys() <= {"legal_hold", "no_event"}


@pytest.mark.parametrize("killed", [True, False])
def test_a_row_that_the_sql_gives_no_more_is_not_gone(tables: TableWorld, tmp_path: Path, killed: bool) -> None:
    tables.sql("ALTER TABLE contacts ADD archived boolean NOT NULL DEFAULT false")
    tables.remap(tmp_path / "map_2", MAP, contacts=SQL["contacts.sql"] + " WHERE NOT archived")
    tables.add_contact(1, email="a@example.org", withdrawn_at=now() - HOUR)
    plan = tables.plan("marketing")
    if killed:
        kill(tables, plan, "intent_recorded")
    tables.sql("UPDATE contacts SET archived = true")
    summary = execute_plan(tables.runtime, plan.plan_id, plan.digest)
    assert (summary.gone, summary.recovered, summary.spared) == (0, 0, {"not_selected": 1})
