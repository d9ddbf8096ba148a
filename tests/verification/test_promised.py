"""What verification makes of a promise: a cap or none, the events besides, and customers' shorter limits."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.verification.company import DAY, HOUR

from retention.errors import PolicyError
from retention.policy.loader import load_promises, load_tenants
from retention.settings import INCLUDE
from retention.verification.promised import PromisedTerms, promised_terms

SHIPPED = (INCLUDE / "policies" / "promises.yaml").read_text(encoding="utf-8")


def _terms(folder: Path, category: str, text: str = SHIPPED) -> PromisedTerms:
    (folder / "promises.yaml").write_text(text, encoding="utf-8")
    promises, document = load_promises(folder)
    return promised_terms(promises, document, category, load_tenants(folder).get(category))


@pytest.mark.parametrize(
    ("category", "clock", "cap", "events", "release"),
    [
        pytest.param(
            "audio",
            "recording_started",
            30 * DAY,
            [("transcription_succeeded", 2 * HOUR, timedelta(0))],
            2 * HOUR,
            id="audio",
        ),
        pytest.param("logs", "logged", 14 * DAY, [], 49 * HOUR, id="logs"),
        pytest.param(
            "leads",
            "lead_created",
            None,
            [("contract_ended", 30 * DAY, 30 * DAY), ("instruction_received", 72 * HOUR, timedelta(0))],
            48 * HOUR,
            id="leads",
        ),
        pytest.param(
            "marketing",
            "contact_created",
            None,
            [("consent_withdrawn", DAY, timedelta(0)), ("suppressed", DAY, timedelta(0))],
            DAY,
            id="marketing",
        ),
    ],
)
def test_each_promise_has_one_clock_perhaps_a_cap_and_its_events(
    tmp_path: Path,
    category: str,
    clock: str,
    cap: timedelta | None,
    events: list[tuple[str, timedelta, timedelta]],
    release: timedelta,
) -> None:
    terms = _terms(tmp_path, category)
    assert (terms.clock_event, terms.cap, terms.release_time) == (clock, cap, release)
    assert [(event.name, event.ends_after, event.due_after) for event in terms.events] == events


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        pytest.param("        allowed_latency: PT2H", "        limit: P1D", "2 maxima with a limit", id="two_caps"),
        pytest.param("        limit: P30D", "        allowed_latency: P30D", "0 maxima with a limit", id="no_cap"),
    ],
)
def test_promise_without_one_cap_can_not_be_checked(tmp_path: Path, old: str, new: str, found: str) -> None:
    with pytest.raises(PolicyError, match=found):
        _terms(tmp_path, "audio", SHIPPED.replace(old, new, 1))


def test_category_without_a_promise_can_not_be_checked(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="no promise 'contract'"):
        _terms(tmp_path, "contract")


def test_item_of_several_customers_has_the_shortest_limit_of_them(tmp_path: Path) -> None:
    (tmp_path / "tenants").mkdir()
    for tenant, limit in (("nord", "P7D"), ("süd", "P3D")):
        limits = f"limits: {{leads: [{{event: contract_ended, limit: {limit}}}]}}"
        text = f"tenant: {tenant}\nowner: x\nagreed_on: 2026-01-01\nreason: x\n{limits}\n"
        (tmp_path / "tenants" / f"{tenant}.yaml").write_text(text, encoding="utf-8")
    terms = _terms(tmp_path, "leads")
    numbers = [terms.agreed_with(*names) for names in (("ost", None), ("nord",), ("nord", "süd"), ("nord", "ost"))]
    variants = dict(terms.variants())
    assert numbers == [0, 1, 2, 1]
    assert [variants[number].events[0].ends_after for number in numbers] == [30 * DAY, 7 * DAY, 3 * DAY, 7 * DAY]
