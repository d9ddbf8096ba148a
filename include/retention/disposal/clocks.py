"""Whose time counts. Holds are stamped by our database, objects by their store, and we run on a third machine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from retention.database import OwnConnection, database_time
from retention.disposal.runtime import Runtime
from retention.errors import GuardError
from retention.policy.model import RetentionRule

if TYPE_CHECKING:  # the places' checks ask for the time, too
    from retention.disposal.preflight import CheckedPlace


def current_time(runtime: Runtime, own: OwnConnection) -> datetime:
    """Now, for holds and consents: the later of this machine's clock and the database's, which stamped the holds.

    A hold that is committed is then never "not yet effective" because this machine is a little behind.
    """
    return max(runtime.now(), database_time(own))


def require_clocks_agree(
    runtime: Runtime, own: OwnConnection, rule: RetentionRule, places: Sequence[CheckedPlace]
) -> None:
    """Raise GuardError where two clocks differ by more than the rule's `clock_skew`: a wrong clock makes items due too early."""
    clocks = {"this machine": runtime.now(), "our own database": database_time(own)}
    clocks |= {f"the store of {place.place.name}": place.stores.objects.clock() for place in places}
    earliest, latest = min(clocks, key=lambda name: clocks[name]), max(clocks, key=lambda name: clocks[name])
    apart = clocks[latest] - clocks[earliest]
    if apart > rule.schedule.clock_skew:
        raise GuardError(
            f"the clocks of {earliest} and {latest} are {apart} apart; the rule allows {rule.schedule.clock_skew}. "
            "Nothing was planned. Set the wrong clock right."
        )
