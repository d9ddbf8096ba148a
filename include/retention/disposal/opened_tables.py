"""A mapped table opened with the disposal identity."""

from __future__ import annotations

import psycopg

from retention.connections import Resolver, postgres_conninfo
from retention.datamap.loader import MappedTable
from retention.datamap.model import Dependent
from retention.policy.model import Action, RetentionRule
from retention.stores.tables import Branch, TableRows


def open_table(place: MappedTable, resolve: Resolver, rule: RetentionRule) -> TableRows:
    """The table with its dependents; rows become anonymous where the rule says so, and go else."""
    conninfo = postgres_conninfo(resolve(place.store.disposal))
    return TableRows(
        lambda: psycopg.connect(conninfo),
        place.spec.table,
        place.spec.id_column,
        [_branch(one) for one in place.spec.dependents],
        place.spec.anonymise if rule.action is Action.ANONYMISE else None,
    )


def _branch(one: Dependent) -> Branch:
    return Branch(one.table, one.column, one.id_column, tuple(_branch(inner) for inner in one.dependents))
