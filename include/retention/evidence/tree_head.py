"""A tree head: a signed statement of what the ledger held at an instant (RFC 9162 §4.10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from retention.evidence.entry import canonical

SCHEMA = "retention/tree-head/1"


@dataclass(frozen=True, slots=True)
class TreeHead:
    """The ledger `log` (the hash of its first entry) had `size` entries and this Merkle `root` at `at`; `key` signed it.

    Hashes are in hex, the signature in base64, `at` is aware.
    """

    log: str
    size: int
    root: str
    at: datetime
    key: str
    signature: str = ""

    @property
    def statement(self) -> bytes:
        """The bytes that are signed: canonical JSON of everything but the signature."""
        fields = asdict(self) | {"schema": SCHEMA}
        del fields["signature"]
        return canonical(fields).encode()

    def to_json(self) -> str:
        """The head as canonical JSON, with its signature."""
        return canonical(asdict(self) | {"schema": SCHEMA})

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> TreeHead:
        """The head from its JSON values. Raises ValueError for others: what is missing, of another schema, or undated."""
        given = dict(fields)
        if given.pop("schema", None) != SCHEMA or given.keys() != set(cls.__slots__):
            raise ValueError("found no tree head")
        head = cls(**given | {"at": datetime.fromisoformat(given["at"])})
        if head.at.tzinfo is None or type(head.size) is not int:
            raise ValueError("found no tree head")
        return head
