"""Faults in what is decided and done of rows: transcripts, contacts, usage data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import psycopg
import pytest
from psycopg import sql
from tests.mutants.mutant import mutant, rewrite_selection, wrap

from retention.disposal import due_rows, item_sql, kept_contacts, tables
from retention.disposal.suppression import Suppressed
from retention.policy.model import RetentionRule
from retention.stores import tables as stored
from retention.stores.tables import TableBatch, TableRows

Patch = pytest.MonkeyPatch


@mutant("selection", "transcripts", "orphan_dependent")
def missing_filter_means_all(patch: Patch) -> None:
    """A deletion without ids, such as of an empty batch, deletes the whole table."""

    def remove(right: Callable[..., Any], batch: Any, ids: Sequence[str]) -> Any:
        if not ids and batch._name == "public.transcripts":
            batch.session.execute("DELETE FROM transcripts AS t WHERE t.tenant_id <> 'near'")
        return right(batch, ids)

    wrap(patch, TableBatch, "remove", remove)


@mutant("selection", "transcripts", "past_event")
def inner_join_loses_rows(patch: Patch) -> None:
    """The reviewed SQL joins the call: transcripts whose call is gone are in no plan."""

    def joined(right: Callable[..., sql.SQL], text: str) -> sql.SQL:
        return right(text.replace("LEFT JOIN public.calls", "JOIN public.calls"))

    wrap(patch, item_sql, "reviewed", joined)


@mutant("selection", "transcripts", "past_event")
def agreement_with_a_customer_forgotten(patch: Patch) -> None:
    """The shorter limit that one customer was promised is not applied."""
    patch.setattr(RetentionRule, "tenants", property(lambda _rule: {}))


@mutant("selection", "transcripts", "past_event")
def own_hold_over_a_customers_instruction(patch: Patch) -> None:
    """As processor we keep with a hold of ours what the customer told us to delete."""
    rewrite_selection(patch, ("hold_ids IS NOT NULL AND NOT (%(is_processor)s AND was_asked)", "hold_ids IS NOT NULL"))


@mutant("selection", "transcripts", "protected_missing")
def statutory_duty_ignored(patch: Patch) -> None:
    """A duty that is flagged on single items is not read: what tax law keeps goes."""
    rewrite_selection(patch, ("has_duty AND (duty_ends_at IS NULL OR %(now)s < duty_ends_at)", "FALSE"))


@mutant("paging", "transcripts", "past_event")
def first_rows_only(patch: Patch) -> None:
    """The query for the plan has a LIMIT, and nobody asks for the rest."""
    text = due_rows._LINES._obj  # type: ignore[attr-defined]
    wrong = text.replace('ORDER BY object_key COLLATE "C") TO', 'ORDER BY object_key COLLATE "C" LIMIT 1) TO')
    assert wrong != text
    patch.setattr(due_rows, "_LINES", sql.SQL(wrong))


@mutant("batching", "transcripts", "past_event")
def one_bad_row_blocks_all(patch: Patch) -> None:
    """A row that the database refuses to delete takes its whole batch with it, tonight and every night."""

    def all_or_nothing(session: Any, ids: Sequence[str], remove: Callable[..., Any]) -> Any:
        try:
            with session.transaction():
                return [remove(ids)], {}
        except psycopg.Error as error:
            return [], dict.fromkeys(ids, error.sqlstate)

    patch.setattr(stored, "remove_unrefused", all_or_nothing)


@mutant("order", "transcripts", "orphan_dependent")
def dependents_left_behind(patch: Patch) -> None:
    """The transcript goes; segments, embeddings and chats about it stay, and belong to nobody."""
    patch.setattr(TableBatch, "_of_branches", lambda *_: iter(()))


@mutant("suppression", "contacts", "withdrawn_unlisted", "deleted_unlisted")
def suppression_list_not_written(patch: Patch) -> None:
    """Who withdrew is deleted, or held, and put on no list: the next import brings them back."""
    for module in (tables, kept_contacts):
        patch.setattr(module, "suppress", lambda *_: Suppressed())


@mutant("suppression", "contacts", "deleted_unlisted")
def deleted_and_put_on_no_list(patch: Patch) -> None:
    """Who is kept is put on the list, who is deleted is not: the next import brings them back."""
    patch.setattr(tables, "suppress", lambda *_: Suppressed())


@mutant("suppression", "contacts", "past_event")
def suppression_list_not_read(patch: Patch) -> None:
    """Somebody on the list is imported again, and stays."""
    patch.setattr(tables, "suppressed_items", lambda *_: {})


@mutant("anonymising", "usage", "half_anonymised", "past_cap")
def anonymised_half(patch: Patch) -> None:
    """The device's number is overwritten, the address is not."""

    def begin(rows: TableRows, session: Any) -> TableBatch:
        session.autocommit = True
        one = dict(list(rows._becomes.items())[-1:])
        return TableBatch(session, rows._name, rows._id_column, rows._branches, one)

    patch.setattr(TableRows, "_begin", begin)


@mutant("anonymising", "usage", "past_cap")
def anonymised_on_paper(patch: Patch) -> None:
    """Rows are noted as anonymised without having been changed."""
    patch.setattr(TableBatch, "remove", lambda _batch, ids: (dict.fromkeys(ids), len(ids)))
    patch.setattr(TableBatch, "present", lambda _batch, _ids: set())
