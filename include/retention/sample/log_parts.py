"""What lies in stores beside rows: how a key comes to be, files of log records, partitions of a log table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Step(StrEnum):
    """What is done to a key, in this order, to get it into its state."""

    PUT = "put"
    DELETE = "delete"  # without a version id: leaves a delete marker
    START_UPLOAD = "start_upload"


@dataclass(frozen=True, slots=True)
class LogFile:
    """A log file: its key in the bucket or its path below the folder, and its bytes as they are stored."""

    key: str
    body: bytes
    steps: tuple[Step, ...] = (Step.PUT,)


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition of the request log, schema and name; it takes `lower <= logged_at < upper` (aware, UTC)."""

    name: str
    lower: datetime
    upper: datetime
