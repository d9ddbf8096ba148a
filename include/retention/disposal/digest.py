"""The digest of a plan: one value that stands for exactly these items, each with its reason."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from retention.database import OwnConnection

# An item as PostgreSQL writes a row: quoted where it has to be, so that no two rows are written alike, and NULL is not ''.
# Instants are written in UTC, whatever the session's time zone.
_BATCHES = """
SELECT batch_no, sha256(convert_to(string_agg(
    ROW(place, item_id, object_key, part_id, tenant_id, person_id, basis, reason, due_at AT TIME ZONE 'UTC',
        deadline_at AT TIME ZONE 'UTC', evidence_at AT TIME ZONE 'UTC', arose_at AT TIME ZONE 'UTC')::text,
    E'\\n' ORDER BY place COLLATE "C", item_id COLLATE "C"), 'UTF8')) AS hash
FROM retention.plan_items WHERE plan_id = %s GROUP BY batch_no ORDER BY batch_no
"""


def plan_digest(own: OwnConnection, plan_id: UUID, header: Mapping[str, Any]) -> str:
    """SHA-256 over the header and each batch's number and hash, which the database computes over its items in their order."""
    whole = hashlib.sha256("\n".join(f"{name}={header[name]}" for name in sorted(header)).encode())
    for batch in own.execute(_BATCHES, (plan_id,)):
        whole.update(f"\n{batch['batch_no']}=".encode() + batch["hash"])
    return whole.hexdigest()
