"""Certificates of real runs: they hold with the public key alone, and every change of one is refused and named."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from tests.ledger_world import as_superuser, rechain
from tests.world import DAY, HASHER, World

from retention import database
from retention.database import OwnConnection, database_time
from retention.disposal.execute import execute_plan
from retention.disposal.plan import PlanSummary
from retention.errors import EvidenceError, PlanError, RequestError
from retention.evidence.certificate import certify_customer, certify_run
from retention.evidence.certificate_check import problems, read_certificate
from retention.evidence.sealing import seal
from retention.evidence.signing import PublicKeys, Signer
from retention.evidence.tree_heads import sign_head

SIGNER = Signer.new()
KEYS = PublicKeys({SIGNER.key_id: SIGNER.public})
Document = dict[str, Any]


@pytest.fixture
def own(world: World) -> Iterator[OwnConnection]:
    with database.connect(world.own) as connection:
        yield connection


@pytest.fixture
def run(world: World, plan: Callable[..., PlanSummary], own: OwnConnection) -> PlanSummary:
    """A finished run: two recordings of one customer went, one of another, one is held; signed since."""
    for tenant in ("t1", "t1", "t2"):
        world.add_recording(tenant=tenant, age=40 * DAY)
    held = world.add_recording(age=40 * DAY)
    world.add_hold(place="call_recordings", item_id=held.recording_id)
    planned = plan()
    assert execute_plan(world.runtime(), planned.plan_id, planned.digest).gone == 3
    return planned


def of_run(own: OwnConnection, run: PlanSummary) -> Document:
    return certify_run(own, sign_head(own, SIGNER), run.plan_id)


def of_customer(own: OwnConnection, tenant: str = "t1") -> Document:
    head = sign_head(own, SIGNER)
    return certify_customer(own, HASHER, head, tenant, head.at - timedelta(hours=1), head.at)


def wrong(text: str, keys: PublicKeys = KEYS) -> list[str]:
    return problems(text, read_certificate(text, "certificate"), keys)


def test_a_run_is_certified(own: OwnConnection, run: PlanSummary) -> None:
    document = of_run(own, run)
    assert (document["statement"]["planned"], document["statement"]["gone"]) == (3, 3)
    assert next(entry["kind"] for entry in document["entries"]) == "plan"
    assert wrong(seal(document, SIGNER)) == []


def test_a_customer_and_period_are_certified(own: OwnConnection, run: PlanSummary) -> None:
    document = of_customer(own)
    [place] = document["statement"]["places"]
    assert (place["category"], place["place"], place["gone"], document["statement"]["gone"]) == (
        "audio", "call_recordings", 2, 2,
    )  # fmt: skip
    assert wrong(seal(document, SIGNER)) == []


def test_no_item_and_no_person_stands_in_a_certificate(world: World, own: OwnConnection, run: PlanSummary) -> None:
    text = seal(of_run(own, run), SIGNER) + seal(of_customer(own), SIGNER)
    named = world.sql("SELECT recording_id::text, object_key FROM recordings")
    assert named
    for identifiers in named:
        assert not any(str(one) in text for one in identifiers)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every single value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if not inner:
        yield path
    for name, part in inner:
        yield from leaves(part, (*path, name))


def changed(document: Document, path: tuple[Any, ...]) -> Document:
    copy = deepcopy(document)
    *before, last = path
    at = copy
    for name in before:
        at = at[name]
    value = at[last]
    at[last] = value + 1 if type(value) is int else f"{value}!" if isinstance(value, str) else 1
    return copy


def test_every_changed_value_is_refused_and_named(own: OwnConnection, run: PlanSummary) -> None:
    text = seal(of_run(own, run), SIGNER)
    document = json.loads(text)
    paths = list(leaves(document))
    assert len(paths) > 100
    for path in paths:
        found = wrong_or_refused(
            json.dumps(changed(document, path), sort_keys=True, indent=2, ensure_ascii=False) + "\n"
        )
        assert found, path
        if path[0] not in ("seal", "schema"):
            assert any("/".join(map(str, path[:2])) in one for one in found), (path, found)


def test_every_changed_value_is_refused_even_when_it_was_sealed_again_with_another_key(
    own: OwnConnection, run: PlanSummary
) -> None:
    document = of_run(own, run)
    assert wrong(seal(document, Signer.new())) != []


@pytest.mark.parametrize("lie", ["gone", "planned", "recovered"])
def test_a_statement_that_its_own_entries_do_not_bear_is_refused(
    own: OwnConnection, run: PlanSummary, lie: str
) -> None:
    """Even where whoever lies has the key."""
    document = of_run(own, run)
    document["statement"][lie] += 1
    assert any(f"statement/{lie}" in one for one in wrong(seal(document, SIGNER)))


def test_an_entry_of_another_run_bears_nothing(
    world: World, plan: Callable[..., PlanSummary], own: OwnConnection, run: PlanSummary
) -> None:
    document = of_run(own, run)
    document["subject"]["plan"] = str(uuid4())
    assert any("another plan" in one for one in wrong(seal(document, SIGNER)))


def test_what_tables_say_by_now_changes_no_certificate(world: World, own: OwnConnection, run: PlanSummary) -> None:
    """It says what the ledger says."""
    before = of_run(own, run)["statement"]
    own.execute(
        "UPDATE retention.plans SET rule_sentence = 'x', policy_version = '2099', category = 'transcript', "
        'coverage = \'listing\', result = result || \'{"failed": 7, "gone": 9, "action": "anonymise"}\''
    )
    assert of_run(own, run)["statement"] == before


@pytest.mark.parametrize("tenant", ["t9", "t1"], ids=["another", "the_same"])
def test_items_that_no_entry_speaks_of_are_certified_to_nobody(
    own: OwnConnection, run: PlanSummary, tenant: str
) -> None:
    own.execute(
        "INSERT INTO retention.disposed_items (place, item_hash, key_id, category, tenant_id, plan_id, batch_no, outcome, "
        "trigger_at, gone_at, reason) SELECT place, sha256(item_hash), key_id, category, %s, plan_id, batch_no, outcome, "
        "trigger_at, gone_at, reason FROM retention.disposed_items",
        (tenant,),
    )
    with pytest.raises(EvidenceError, match="other items recorded"):
        of_customer(own, tenant)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda one: one["entries"][0]["share"].update(gone=3), id="count"),
        pytest.param(lambda one: one["subject"].update(tenant="t2"), id="customer"),
        pytest.param(lambda one: one["subject"].update(until=one["subject"]["since"]), id="period"),
        pytest.param(lambda one: one["entries"].append(one["entries"][0]), id="entry_twice"),
        pytest.param(lambda one: one["statement"]["places"][0].update(place="other"), id="place"),
    ],
)
def test_a_customer_s_share_is_proven(
    own: OwnConnection, run: PlanSummary, change: Callable[[Document], object]
) -> None:
    """Even where whoever lies has the key."""
    document = of_customer(own)
    change(document)
    assert wrong(seal(document, SIGNER)) != []


def test_no_other_customer_stands_in_a_customer_s_certificate(own: OwnConnection, run: PlanSummary) -> None:
    assert '"t2"' not in seal(of_customer(own), SIGNER)


def test_nothing_can_be_added_to_a_certificate(own: OwnConnection, run: PlanSummary) -> None:
    document = json.loads(seal(of_run(own, run), SIGNER))
    for change in (
        lambda one: one["seal"].update(note="all 99 are gone"),
        lambda one: one.update({"statement/gone": one["statement"]["gone"]}),
        lambda one: one.update(note="all 99 are gone"),
    ):
        changed_one = deepcopy(document)
        change(changed_one)
        assert wrong(text_of(changed_one)) != []


def test_a_signature_has_one_form(own: OwnConnection, run: PlanSummary) -> None:
    """The last letter of base64 has bits that mean nothing."""
    document = json.loads(seal(of_run(own, run), SIGNER))
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    signature = document["seal"]["signature"]
    assert signature.endswith("==")
    document["seal"]["signature"] = signature[:-3] + letters[letters.index(signature[-3]) ^ 1] + "=="
    assert wrong(text_of(document)) != []


def text_of(document: Document) -> str:
    return json.dumps(document, sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def test_nothing_is_certified_over_another_ledger(world: World, own: OwnConnection, run: PlanSummary) -> None:
    head = sign_head(own, SIGNER)
    with as_superuser(world.own) as connection:
        connection.execute("UPDATE retention.ledger SET body = replace(body, '\"gone\":3', '\"gone\":4')")
        rechain(connection)
    with pytest.raises(EvidenceError, match="another ledger"):
        certify_run(own, head, run.plan_id)


def test_an_entry_that_is_not_in_the_ledger_is_refused(own: OwnConnection, run: PlanSummary) -> None:
    document = of_run(own, run)
    document["entries"][-1]["body"] = document["entries"][-1]["body"].replace('"gone":3', '"gone":4')
    document["statement"]["gone"] = 4
    assert any("signed ledger" in one for one in wrong(seal(document, SIGNER)))


@pytest.mark.parametrize("name", ["entries", "statement", "tree_head", "subject", "beside"])
def test_a_part_that_is_missing_is_refused(own: OwnConnection, run: PlanSummary, name: str) -> None:
    document = of_run(own, run)
    del document[name]
    assert wrong(seal(document, SIGNER)) != []


def wrong_or_refused(text: str) -> list[str]:
    try:
        return wrong(text)
    except RequestError as error:
        return [str(error)]


def test_every_changed_byte_is_refused(own: OwnConnection, run: PlanSummary) -> None:
    text = seal(of_customer(own), SIGNER)
    step = max(1, len(text) // 1500)
    for at in range(0, len(text), step):
        other = "0" if text[at] != "0" else "1"
        assert wrong_or_refused(text[:at] + other + text[at + 1 :]), at
        assert wrong_or_refused(text[:at] + text[at + 1 :]), at
        assert wrong_or_refused(text[:at] + " " + text[at:]), at


@pytest.mark.parametrize(
    "text",
    ["", "nothing", "[]", "{}", '{"seal": {}}', '{"seal": {"parts": {}}}', "[" * 100_000],
    ids=lambda text: text[:9],
)
def test_what_is_no_certificate_is_said(text: str) -> None:
    with pytest.raises(RequestError, match="expected"):
        read_certificate(text, "certificate")


def test_nothing_is_certified_that_nobody_signed_yet(
    own: OwnConnection, run: PlanSummary, world: World, plan: Callable[..., PlanSummary]
) -> None:
    head = sign_head(own, SIGNER)
    world.add_recording(age=40 * DAY)
    later = plan()
    with pytest.raises(PlanError, match="ready"):
        certify_run(own, head, later.plan_id)
    execute_plan(world.runtime(), later.plan_id, later.digest)
    with pytest.raises(PlanError, match="no signed tree head covers"):
        certify_run(own, head, later.plan_id)


def test_a_customer_of_whom_nothing_went_gets_no_certificate(own: OwnConnection, run: PlanSummary) -> None:
    with pytest.raises(RequestError, match="nothing that went of customer 'T1'"):
        of_customer(own, "T1")


def test_a_period_that_is_empty_or_to_come_is_refused(own: OwnConnection, run: PlanSummary) -> None:
    head, now = sign_head(own, SIGNER), database_time(own)
    for since, until in ((now, now), (now - DAY, now + DAY)):
        with pytest.raises(RequestError, match="expected its end after its beginning"):
            certify_customer(own, HASHER, head, "t1", since, until)


def test_an_unknown_plan_is_said(own: OwnConnection, run: PlanSummary) -> None:
    with pytest.raises(RequestError, match=r"found no plan .* `summary --json` has as `plan_id`"):
        certify_run(own, sign_head(own, SIGNER), uuid4())
