"""Certificates as people hold them: the sealed JSON, and beside it the same on paper, whose bytes it signs."""

from retention.certificates.issuing import Issued, issue
from retention.certificates.on_disk import check_files, papers_absent, read_text, write

__all__ = ["Issued", "check_files", "issue", "papers_absent", "read_text", "write"]
