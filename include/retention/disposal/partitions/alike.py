"""Whether what is said about a partition holds of each of its records: only then may it go, or stay, as a whole."""

from __future__ import annotations

from datetime import datetime

from retention.policy.decide import CONTRADICTION_TOLERANCE, EARLIEST
from retention.policy.model import RetentionRule
from retention.stores.partition_catalog import Partition
from retention.stores.partition_records import PartitionRecords


def are_judged_alike(
    rule: RetentionRule, partition: Partition, records: PartitionRecords, end: datetime | None, as_of: datetime
) -> bool:
    """Whether all records are dated by the time that the partition is made of, and are due together, or not due together."""
    if records.is_empty:
        return True
    if _takes_undated(partition) or records.has_undated:
        return False
    return _terms_agree(rule, records.oldest, end, as_of)


def may_be_dated_otherwise(records: PartitionRecords, end: datetime | None) -> bool:
    """Whether other evidence may contradict the time of a record, which then arose at a time that nobody knows for sure."""
    if not records.is_read:
        return True
    return records.evidence is not None and (end is None or end > records.evidence + CONTRADICTION_TOLERANCE)


def _takes_undated(partition: Partition) -> bool:
    """Whether its bounds let in times that are no dates, such as -infinity and 1970: more of them may come in at any time."""
    return partition.is_bounded and (partition.lower is None or partition.lower < EARLIEST)


def _terms_agree(rule: RetentionRule, oldest: datetime | None, end: datetime | None, as_of: datetime) -> bool:
    """Whether all terms that its records arose under, by the day on which a version took effect, say the same of its end."""
    if oldest is None or end is None:
        return False
    terms = rule.terms(as_of)
    until = [one.arose_from for one in terms[1:]]
    verdicts = {
        end + one.due_after[rule.clock_event] <= as_of
        for one, ends in zip(terms, [*until, None], strict=True)
        if (ends is None or oldest < ends) and (one.arose_from is None or one.arose_from <= end)
    }
    return len(verdicts) == 1
