"""What a task's row in the grid says, in few words."""

from __future__ import annotations

from typing import Any

import pytest

from retention.orchestration import words


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param({}, "1 of 1 gone, 0 failed", id="gone"),
        pytest.param({"gone": 0, "recovered": 1}, "1 of 1 gone, 0 failed", id="recovered"),
        pytest.param(
            {"planned": 3, "spared": {"waits": 2}},
            "1 of 1 gone, 0 failed, 2 wait for what has to go first",
            id="some_wait",
        ),
        pytest.param({"dry_run": True}, "1 of 1 would go, 0 failed", id="rehearsal"),
        pytest.param({"action": "anonymise"}, "1 of 1 anonymised, 0 failed", id="anonymised"),
        pytest.param(
            {"action": "anonymise", "dry_run": True}, "1 of 1 would be anonymised, 0 failed", id="would_be_anonymised"
        ),
    ],
)
def test_a_disposal_in_few_words(changed: dict[str, Any], expected: str) -> None:
    result = {"planned": 1, "gone": 1, "recovered": 0, "spared": {}, "failed": 0, "dry_run": False}
    assert words.of_disposal(result | changed) == expected


def test_a_blocked_plan_in_few_words() -> None:
    assert words.of_plan({"due": 655, "considered": 1368, "blocked": True}) == "655 of 1368 due, blocked"


def test_a_check_in_few_words() -> None:
    assert words.of_check({"verdict": "compliant", "findings": {"a@b": 3, "c@d": 1}}) == "compliant, 2 kinds of finding"
