"""The digest of a plan: one value that stands for exactly these items, each with its reason."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from retention.database import OwnConnection

CHUNK_ITEMS = 10_000


def plan_digest(own: OwnConnection, plan_id: UUID, header: Mapping[str, Any]) -> str:
    """SHA-256 over the header and the hashes of chunks of 10,000 items, sorted by place and id; memory stays flat."""
    whole = hashlib.sha256("\n".join(f"{name}={header[name]}" for name in sorted(header)).encode())
    with own.transaction(), own.cursor(name="plan_items") as cursor:
        cursor.itersize = CHUNK_ITEMS
        cursor.execute(
            "SELECT place, item_id, object_key, part_id, tenant_id, person_id, basis, reason, due_at, deadline_at, "
            "evidence_at, arose_at FROM retention.plan_items "
            'WHERE plan_id = %s ORDER BY place COLLATE "C", item_id COLLATE "C"',
            (plan_id,),
        )
        for chunk in _chunks(cursor):
            whole.update(chunk)
    return whole.hexdigest()


def _chunks(rows: Iterable[Mapping[str, Any]]) -> Iterable[bytes]:
    chunk, filled = hashlib.sha256(), 0
    for row in rows:
        for field in row.values():
            text = b"\xff" if field is None else _text(field).encode()
            chunk.update(len(text).to_bytes(4, "big") + text)
        filled += 1
        if filled == CHUNK_ITEMS:
            yield chunk.digest()
            chunk, filled = hashlib.sha256(), 0
    if filled:
        yield chunk.digest()


def _text(field: object) -> str:
    return field.astimezone(UTC).isoformat() if isinstance(field, datetime) else str(field)
