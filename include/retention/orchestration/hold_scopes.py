"""Whether the item of a hold is there, by Airflow's connections, for the pages: they see no store themselves."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from retention.orchestration.connections import from_airflow

if TYPE_CHECKING:
    from retention.database import OwnConnection
    from retention.evidence.holds import HoldScope


def require_item(own: OwnConnection, scope: HoldScope, given: HoldScope) -> None:
    """Raise RequestError where the scope names an item that is nowhere, and was nowhere that we know of: a mistyped id."""
    from retention.disposal.hold_scope import require_there
    from retention.disposal.opening import open_runtime
    from retention.evidence.hashing import ItemHasher

    require_there(partial(open_runtime, from_airflow), own, ItemHasher.from_environment, scope, given)
