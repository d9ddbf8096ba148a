"""Proves from the stores themselves that nothing is overdue and nothing protected vanished.

Imports neither disposal nor stores nor decide(): own listing, own SQL, own role.
"""

from retention.verification.result import Check, CheckResult, Finding, Headroom, Severity, Verdict
from retention.verification.verify import verify

__all__ = ["Check", "CheckResult", "Finding", "Headroom", "Severity", "Verdict", "verify"]
