"""What tasks hand on: ids, counts and digests, as JSON."""

from __future__ import annotations

from typing import Any


def plain(fields: dict[str, Any]) -> dict[str, Any]:
    """JSON types only, for XCom."""
    import json

    handed_on: dict[str, Any] = json.loads(json.dumps(fields, default=str))
    return handed_on
