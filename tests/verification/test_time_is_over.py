"""What takes too long is unknown, in one statement or in the whole check; what was read before counts all the same."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import psycopg
import pytest
from tests.verification import records as records_module
from tests.verification.company import DAY, found, reasons
from tests.verification.records import Records

from retention.errors import UnknownError
from retention.verification import Verdict, expectations, inventories, reading, source, verify
from retention.verification.expectations import Outcome
from retention.verification.kinds import Kind


def test_statement_that_takes_too_long_is_unknown(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = tuple(one for one in source._SESSION if "statement_timeout" not in one)
    monkeypatch.setattr(source, "_SESSION", (*settings, "SET statement_timeout = '200ms'"))
    records.customer("nord", contract_ended=40 * DAY)
    records.lead("nord")
    with psycopg.connect(records.source) as writer:  # somebody keeps the table locked
        writer.execute("LOCK TABLE crm.leads IN ACCESS EXCLUSIVE MODE")
        result = records.check("leads")
    assert (result.verdict, result.places_read) == (Verdict.UNKNOWN, ())
    assert reasons(result, "unreadable_place") == {"57014": 1}
    assert "expected answers within" in result.explanations["leads"]


_SLOW = "SELECT past.* FROM (SELECT pg_sleep(2)) AS waited, LATERAL ({query}) AS past"


def test_judging_in_our_own_database_that_takes_too_long_is_unknown(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    definition = Kind.definition.fget
    assert definition is not None
    slow = property(lambda kind: _SLOW.format(query=definition(kind)))
    monkeypatch.setattr(Kind, "definition", slow)
    monkeypatch.setattr(inventories, "STATEMENT_TIMEOUT", "1s")
    records.customer("nord", contract_ended=40 * DAY)
    records.lead("nord")
    with pytest.raises(UnknownError, match=r"57014.*expected an answer within"):
        records.check("leads")
    assert records.own_sql("SELECT 1 FROM retention.check_runs") == []


def test_expectation_that_takes_too_long_is_unknown(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expectations, "STATEMENT_TIMEOUT", "500ms")
    records.own_sql("CREATE TABLE inventory.judged AS SELECT 'x' AS place")
    queries = {"past_cap": "SELECT 1 FROM {batch} WHERE pg_sleep(2) IS NULL"}
    expected = expectations.expect(records.own, "judged", queries, rows=1)
    assert expected.kinds == {"past_cap": Outcome(None, "expectation raised")}


def test_check_whose_time_is_over_is_unknown_from_there_on(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leads come first and are read; nothing is left for transcripts."""
    ticks = [0.0]
    monkeypatch.setattr("retention.verification.progress.time.monotonic", lambda: ticks[0])
    records.customer("nord", contract_ended=40 * DAY)
    records.lead("nord")
    records.transcript("nord")

    def read(place: str, original: Any, check: Any) -> None:
        original(check)
        if check.name == place:
            ticks[0] += 61.0

    monkeypatch.setattr(reading, "read_place", partial(read, "leads", reading.read_place))
    monkeypatch.setattr(records_module, "verify", partial(verify, allowed=timedelta(seconds=60)))
    result = records.check("leads", "transcript")
    assert result.places_read == ("leads",)
    assert result.places_failed == {"transcripts": "OutOfTime"}
    assert found(result) == {"past_event": 1, "unreadable_place": 1}
    assert "the check had read for 1 min" in result.explanations["transcripts"]
    [run] = records.own_sql("SELECT verdict, places_failed FROM retention.check_runs")
    assert run["verdict"] == "breach" and run["places_failed"][0]["place"] == "transcripts"
