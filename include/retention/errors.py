"""Everything that can go wrong, as one tree; each leaf carries the exit code of the command line.

RetentionError
├── InputError               2  bad input or configuration; nothing was changed
│   ├── ProblemsError           a document with problems, each with file, line, found, expected
│   │   ├── PolicyError         a promise or rule can't be accepted
│   │   └── DataMapError        the data map can't be accepted, or doesn't match the real store
│   └── RequestError            a command's arguments make no sense (unknown plan, future as_of, empty scope)
│       ├── MissingConnection   no connection of that name is set
│       ├── ItemGoneError       the item asked for went, or may have gone
│       └── MissingKey          no key to sign with is set
├── UnknownError             3  something could not be read, so nothing may be claimed about it
│   ├── StoreUnreadable         a bucket, table or connection did not answer as it should
│   │   ├── Unlisted            a bucket, or the list of buckets, to verification (verification/listing.py)
│   │   ├── Unlistable          a folder of log files, to verification (verification/log_files.py)
│   │   ├── ContentRefused      what a log file holds, to verification (verification/content.py)
│   │   ├── NoIntake            a kind of place that no part of verification reads (verification/intakes.py)
│   │   ├── Unattested          somebody else's copies, which nobody attested (verification/external.py)
│   │   ├── Unread              a place's rows, to verification (verification/source.py)
│   │   └── OutOfTime           a place, to a check that ran out of time (verification/progress.py)
│   ├── HoldsUnreadable         the list of legal holds could not be read
│   └── OwnDatabaseError        our own database refused a step of a check (verification/inventory.py)
├── BlockedError             4  guard, stop, mode or a missing approval forbids it
│   ├── StoppedError            the global stop is set, or a restore waits to be confirmed
│   ├── ModeError               the category's mode does not allow it
│   ├── GuardError              volume limit, impossible rule, unapproved digest
│   ├── PlanError               the plan is expired, used up, tampered with, or has another digest
│   └── EvidenceError           the ledger, a tree head or a key doesn't fit what was signed before
├── BusyError                4  another run is at work on the same plan; it is worth trying again
├── PartlyFailedError        5  some items failed; the others are done
├── PaperError               2  a page could not be set as a PDF (paper/printing.py)
└── StackError               2  the local stack can't start or stop (local/processes.py)
    ├── AlreadyThere            what was to be made is there already (local/airflow_api.py)
    └── ProductFailedError   5  it runs, but a DAG did not do its work (local/up.py)

Messages say what was found, what was expected and what to do next. They never hold an item's key, a name
or any other identifier of a person: those stay in the sources.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class RetentionError(Exception):
    """Base of every error this product raises on purpose. `exit_code` is what the command line returns."""

    exit_code = 2


class InputError(RetentionError):
    """Bad input or configuration; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a file: where, which check (`code`), what stood there and what should."""

    file: str
    line: int
    code: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.code}: found {self.found}; expected {self.expected}"


class ProblemsError(InputError):
    """A document with one or more problems; all of them are reported at once."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


class PolicyError(ProblemsError):
    """Promises or rules that can't be accepted."""


class DataMapError(ProblemsError):
    """A data map that can't be accepted, or that the real stores contradict."""


class RequestError(InputError):
    """A command or request whose arguments make no sense."""


class MissingConnection(RequestError):
    """No connection of that name is set."""


class ItemGoneError(RequestError):
    """The item asked for is not there any more: `gone` says when it went, under which run and why, without identifiers."""

    def __init__(self, message: str, gone: Mapping[str, Any]) -> None:
        self.gone = gone
        super().__init__(message)


class MissingKey(RequestError):
    """No key to sign with is set."""


class UnknownError(RetentionError):
    """Something could not be read; unknown is never taken for zero."""

    exit_code = 3


class StoreUnreadable(UnknownError):
    """A bucket, table or connection did not answer as it should.

    `code` is the store's own word for it (an S3 error code, a SQLSTATE), or the error's name where it said none.
    """

    def __init__(self, message: str, *, code: str | None = None) -> None:
        self.code = code or type(self).__name__
        super().__init__(message)


class HoldsUnreadable(UnknownError):
    """The list of legal holds could not be read; nothing may be deleted without it."""


class BlockedError(RetentionError):
    """Deleting is not allowed now; nothing was deleted."""

    exit_code = 4


class StoppedError(BlockedError):
    """The global stop is set."""


class ModeError(BlockedError):
    """The category's mode (`off`, `observe`) does not allow it."""


class GuardError(BlockedError):
    """The guard refuses: volume limit, impossible rule, missing approval of this digest."""


class PlanError(BlockedError):
    """The plan is expired, used up, altered, or another one than the digest names."""


class EvidenceError(BlockedError):
    """The ledger, a tree head or a key doesn't fit what was signed before; nothing is signed."""


class BusyError(RetentionError):
    """Another run is at work on the same plan; nothing was deleted by this one. Worth trying again."""

    exit_code = 4


class PartlyFailedError(RetentionError):
    """Some items could not be deleted; all others were. `failed` counts the items left for the next run.

    `summary` is the whole result, for whoever shows it.
    """

    exit_code = 5

    def __init__(self, message: str, *, failed: int, summary: object = None) -> None:
        self.failed = failed
        self.summary = summary
        super().__init__(message)
