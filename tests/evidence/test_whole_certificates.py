"""Of a run whose last entry counts the others, no certificate can leave one out."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from tests.evidence import test_certificates
from tests.evidence.test_certificates import SIGNER, Document, of_customer, of_run, wrong
from tests.ledger_world import as_superuser, rechain
from tests.world import DAY, World

from retention.database import OwnConnection
from retention.disposal.execute import execute_plan
from retention.disposal.plan import PlanSummary
from retention.evidence import ledger
from retention.evidence.certificate_check import is_complete
from retention.evidence.sealing import seal

own, run = test_certificates.own, test_certificates.run


def without(document: Document, number: int) -> Document:
    return {**document, "entries": [entry for at, entry in enumerate(document["entries"]) if at != number]}


def test_each_entry_of_a_run_that_is_left_out_is_named(
    world: World, plan: Callable[..., PlanSummary], own: OwnConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where whoever leaves it out has the key."""
    monkeypatch.setattr("retention.disposal.objects.ObjectKind.batch_items", 1)
    for _ in range(3):
        world.add_recording(age=40 * DAY)
    planned = plan()
    execute_plan(world.runtime(), planned.plan_id, planned.digest)
    ledger.append(own, "note", {})
    document = of_run(own, planned)
    *others, closing = document["entries"]
    assert [entry["kind"] for entry in others].count("intent") == 3
    assert wrong(seal(document, SIGNER)) == [] and is_complete(document)
    for number, entry in enumerate(others):
        assert wrong(seal(without(document, number), SIGNER)) == [
            f"entry {entry['seq']} is left out: the run's closing entry counts it"
        ]
    assert wrong(seal(without(document, len(others)), SIGNER)) == ["the run's closing entry (plan_result) is left out"]
    assert wrong(seal({**document, "entries": [*others[::-1], closing]}, SIGNER)) != []
    assert wrong(seal({**document, "entries": [others[0], *others, closing]}, SIGNER)) != []


def test_without_the_key_too_what_is_left_out_is_named_first(own: OwnConnection, run: PlanSummary) -> None:
    """And only then the positions behind it, which have shifted."""
    sealed = json.loads(seal(of_run(own, run), SIGNER))
    first = sealed["entries"][1]["seq"]
    named, *shifted = wrong(json.dumps(without(sealed, 1)))
    assert named == f"entry {first} is left out: the run's closing entry counts it"
    assert shifted


def test_the_closing_entry_of_a_try_that_failed_is_not_the_last(own: OwnConnection, run: PlanSummary) -> None:
    document = of_run(own, run)
    closing = document["entries"][-1]
    closing["body"] = closing["body"].replace('"failed":{}', '"failed":{"busy":1}')
    assert any("a later closing entry" in one for one in wrong(seal(document, SIGNER)))


def test_a_run_of_an_older_version_is_certified_and_not_called_complete(
    world: World, own: OwnConnection, run: PlanSummary
) -> None:
    with as_superuser(world.own) as connection:
        connection.execute(
            "UPDATE retention.ledger SET body = regexp_replace(body, '\"entries\":[^a-z]+,', '') WHERE kind = 'plan_result'"
        )
        rechain(connection)
    document = of_run(own, run)
    assert "entries" not in json.loads(document["entries"][-1]["body"])
    assert wrong(seal(document, SIGNER)) == [] and not is_complete(document)


def test_a_customer_s_certificate_is_not_called_complete(own: OwnConnection, run: PlanSummary) -> None:
    assert not is_complete(of_customer(own))
