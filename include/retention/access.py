"""Who may do what in the Airflow UI: the one definition of rights and roles. Airflow's permissions, the pages' checks and the
docs' table all come from it; nothing here knows Airflow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum


class Method(StrEnum):
    """What is done to a resource, in HTTP's words, as Airflow's auth managers ask for it."""

    READ = "GET"
    ADD = "POST"
    CHANGE = "PUT"
    END = "DELETE"


@dataclass(frozen=True, slots=True)
class Access:
    """A method on a resource of our own; a company's own roles are given it by this name in Airflow."""

    method: Method
    resource: str


class Right(Enum):
    """What somebody may do on our pages. To start and mend DAG runs are Airflow's own rights, DAG by DAG."""

    SEE = Access(Method.READ, "Retention")
    ADD_HOLD = Access(Method.ADD, "Retention Holds")
    APPROVE_HOLD = Access(Method.CHANGE, "Retention Holds")
    END_HOLD = Access(Method.END, "Retention Holds")
    ACKNOWLEDGE_FINDING = Access(Method.ADD, "Retention Findings")
    CHECK_LEDGER = Access(Method.ADD, "Retention Evidence")
    SET_MODE = Access(Method.CHANGE, "Retention Modes")
    STOP = Access(Method.ADD, "Retention Stop")
    RESUME = Access(Method.END, "Retention Stop")
    REQUEST_PURGE = Access(Method.ADD, "Retention Purges")
    APPROVE_PURGE = Access(Method.CHANGE, "Retention Purges")


FOUR_EYES = frozenset({Right.APPROVE_HOLD, Right.APPROVE_PURGE})
"""Rights that Airflow's role `Admin`, which has every right, does not give: only a role that was meant to."""

ROLES: Mapping[str, frozenset[Right]] = {
    "Viewer": frozenset({Right.SEE}),
    "Compliance": frozenset(
        {
            Right.SEE,
            Right.ADD_HOLD,
            Right.APPROVE_HOLD,
            Right.END_HOLD,
            Right.ACKNOWLEDGE_FINDING,
            Right.CHECK_LEDGER,
            Right.STOP,
        }
    ),
    "DataEngineer": frozenset({Right.SEE, Right.SET_MODE, Right.CHECK_LEDGER, Right.STOP}),
    "OnCall": frozenset(
        {Right.SEE, Right.CHECK_LEDGER, Right.STOP, Right.RESUME, Right.REQUEST_PURGE, Right.APPROVE_PURGE}
    ),
}
"""Our roles and their rights. Everybody who deals with it may stop: to stop harms nothing that can't be mended."""
