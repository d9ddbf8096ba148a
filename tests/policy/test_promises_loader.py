"""Every refusal of `promises.yaml`, which verification reads alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.policy.texts import PROMISES, changed, line_of, problems_of, write_policy

from retention.policy.loader import load_policy, load_promises

PROMISE_FAULTS = [
    pytest.param("  logs:", "  Logs:", "Logs", "bad_value", "'Logs'", "", id="clause_that_is_no_name"),
    pytest.param(
        "exemption: audio-consent", "exemption: logs", "exemption:", "unknown_clause", "which asks for no consents",
        "with `consents`", id="exemption_without_consents",
    ),
    pytest.param(
        "exemption: audio-consent", "exemption: nothing", "exemption:", "unknown_clause", "by 'nothing'", "with `consents`",
        id="exemption_by_an_unknown_clause",
    ),
    pytest.param("limit: P14D", "limit: 14", "limit: 14", "bad_value", "limit: the number 14", "P30D", id="bare_number"),
    pytest.param(
        "limit: P14D", "limit: P14D\n        allowed_latency: PT1H", "event: logged", "bad_value", "both or neither",
        "exactly one", id="limit_and_latency",
    ),
    pytest.param(
        "event: recording_started", "event: transcription_succeeded", "event: transcription", "bad_value",
        "a second maximum for 'transcription_succeeded'", "one maximum", id="two_maxima_for_an_event",
    ),
    pytest.param("policy_title:", "title:", "title:", "unknown_key", "unknown key 'title'", "policy_title", id="unknown_key"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "at", "code", "found", "expected"), PROMISE_FAULTS)
def test_faults_in_promises(tmp_path: Path, old: str, new: str, at: str, code: str, found: str, expected: str) -> None:
    text = changed(PROMISES, old, new)
    problem = next(p for p in problems_of(write_policy(tmp_path, promises=text)) if found in p.found)
    line = line_of(text, at) + (2 if "a second maximum" in found else 0)
    assert (Path(problem.file).name, problem.line, problem.code) == ("promises.yaml", line, code)
    assert expected in problem.expected


def test_promises_load_without_any_rule(tmp_path: Path) -> None:
    promises, document = load_promises(write_policy(tmp_path, audio=None))
    assert list(promises.promises) == ["audio", "audio-consent", "logs"]
    assert document.digest == load_policy(write_policy(tmp_path)).promises_digest
