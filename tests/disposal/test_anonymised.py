"""A run whose rule anonymises says so: in its summary, in the words of the command line, and where it fails."""

from __future__ import annotations

import pytest
from tests.table_world import TableWorld
from tests.world import DAY, now

from retention.cli.disposal import _disposal_words, plan_words
from retention.errors import PartlyFailedError
from retention.policy.model import Action


def _add_event(tables: TableWorld) -> None:
    tables.sql(
        "INSERT INTO usage_events (event_id, collected_at, ip, agent) VALUES (1, %s, '192.0.2.7', 'Firefox')",
        now() - 40 * DAY,
    )


def test_a_plan_of_a_time_to_come_says_so_and_offers_nothing_to_execute(
    tables: TableWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETENTION_ENVIRONMENT", "sample")
    _add_event(tables)
    said = plan_words(tables.plan("usage", as_of=now() + 90 * DAY), Action.ANONYMISE)
    assert "which is to come: whoever executed it would anonymise what today is not due" in said
    assert "dispose --plan" not in said


def test_a_run_that_anonymises_says_so(tables: TableWorld) -> None:
    _add_event(tables)
    planned = tables.plan("usage")
    assert "to anonymise exactly this: dispose --plan" in plan_words(planned, Action.ANONYMISE)
    summary = tables.dispose("usage")
    assert (summary.gone, summary.action, summary.to_json()["action"]) == (1, "anonymise", "anonymise")
    assert _disposal_words(summary).startswith("1 planned, 1 anonymised, spared")
    assert tables.count("usage_events") == 1


def test_a_rehearsal_says_what_would_be_anonymised(tables: TableWorld) -> None:
    _add_event(tables)
    assert _disposal_words(tables.dispose("usage", dry_run=True)).startswith("1 planned, 1 would be anonymised, spared")


def test_what_could_not_be_anonymised_is_not_called_undeleted(tables: TableWorld) -> None:
    _add_event(tables)
    tables.sql("ALTER TABLE usage_events ADD CHECK (agent <> 'anonymised')")
    with pytest.raises(PartlyFailedError, match=r"1 of 1 items could not be anonymised .* Anonymised: 0 items"):
        tables.dispose("usage")


def test_a_run_that_deletes_says_so(tables: TableWorld) -> None:
    tables.add_contract("alpha", ended_ago=40 * DAY)
    tables.add_transcript("alpha")
    assert _disposal_words(tables.dispose("transcript")).startswith("1 planned, 1 gone, spared")
