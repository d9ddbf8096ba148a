"""Who answers for a finding, and who has acknowledged it until when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from retention.datamap.loader import DataMap
from retention.evidence.acknowledgements import Acknowledgement, Found
from retention.policy.loader import Policy
from retention.reports.checks import CheckRead
from retention.reports.document import Acknowledged, Finding


def attributed(
    read: CheckRead, policy: Policy, datamap: DataMap, acknowledged: Mapping[Found, Acknowledgement]
) -> CheckRead:
    """The same check, each finding with its owner and, while it is acknowledged, by whom."""
    findings = (
        replace(one, owner=owner_of(one, policy, datamap), acknowledged=_word_on(one, acknowledged))
        for one in read.findings
    )
    return replace(read, findings=tuple(findings))


def owner_of(finding: Finding, policy: Policy, datamap: DataMap) -> str | None:
    """The role that answers for the place, else for the promise; None where neither the map nor the promises know it."""
    if finding.place in datamap.places:
        return datamap.places[finding.place].spec.owner
    rule = policy.rules.get(finding.category)
    promise = policy.promises.promises.get(rule.clause if rule is not None else finding.category)
    return promise.owner if promise is not None else None


def _word_on(finding: Finding, acknowledged: Mapping[Found, Acknowledgement]) -> Acknowledged | None:
    """Nobody's word counts on what has become a breach or an unknown."""
    word = acknowledged.get((finding.kind, finding.category, finding.place))
    if word is None or finding.severity != "finding":
        return None
    return Acknowledged(word.by, word.reason, word.until, word.count)
