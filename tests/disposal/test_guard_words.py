"""Refusals name instants as people read them: to the minute, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from retention.disposal.guard import require_executable, require_rule_in_force
from retention.errors import GuardError, PlanError
from retention.policy.loader import load_policy
from retention.settings import INCLUDE

AT = datetime(2026, 3, 15, 11, 0, 30, 123_456, tzinfo=timezone(timedelta(hours=1)))
READY = {"plan_id": "p", "state": "ready", "digest": "d", "expires_at": AT + timedelta(hours=6), "as_of": AT}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        pytest.param({"expires_at": AT}, "plan p expired at 2026-03-15 10:00 UTC. Make a new plan.", id="expired"),
        pytest.param(
            {"as_of": AT + timedelta(hours=1)}, "plan p was made for 2026-03-15 11:00 UTC, which is in", id="of_the_future"
        ),
    ],
)  # fmt: skip
def test_refused_plan_names_its_instant_to_the_minute(
    changed: dict[str, datetime], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RETENTION_ENVIRONMENT", raising=False)
    with pytest.raises(PlanError) as refused:
        require_executable(READY | changed, digest="d", recomputed="d", now=AT)
    assert str(refused.value).startswith(said)


def test_rule_that_is_not_in_force_yet_says_from_when_on_it_is() -> None:
    rule = load_policy(INCLUDE / "policies").rule("audio")
    with pytest.raises(GuardError) as refused:
        require_rule_in_force(rule, datetime(2001, 1, 1, 0, 0, 1, tzinfo=UTC))
    assert "found no rule in force at 2001-01-01 00:00 UTC; the first one takes effect at 2025-08-0" in str(
        refused.value
    )
