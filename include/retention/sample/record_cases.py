"""All named cases of the categories beside recordings, in the order of the documentation."""

from __future__ import annotations

from retention.sample.leads import LEAD_CASES
from retention.sample.log_tables import AUDIT_CASES, PARTITION_CASES
from retention.sample.marketing import CONTACT_CASES
from retention.sample.server_logs import FILE_CASES, OBJECT_CASES
from retention.sample.situation import RecordCase
from retention.sample.transcripts import TRANSCRIPT_CASES
from retention.sample.usage import USAGE_CASES

RECORD_CASES: tuple[RecordCase, ...] = (
    *TRANSCRIPT_CASES,
    *LEAD_CASES,
    *CONTACT_CASES,
    *USAGE_CASES,
    *AUDIT_CASES,
    *PARTITION_CASES,
    *OBJECT_CASES,
    *FILE_CASES,
)
