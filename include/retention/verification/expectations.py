"""Great Expectations over the inventory: one expectation for each kind of finding, and some for the inventory itself.

Imported inside the function only: the import takes seconds. Results hold booleans and counts, never a row.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Thread
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from retention.verification.inventory import SCHEMA
from retention.verification.source import STATEMENT_TIMEOUT

# A condition on NULL is neither true nor false, and lets its row slip through: nothing that a kind asks about may be NULL.
_GAPS = {
    "every_row_has_a_place": "SELECT place FROM {batch} WHERE place IS NULL",
    "every_entry_is_judged": """
        SELECT entry_no FROM {batch}
        WHERE num_nulls(
            category, place, entry, mapped, counted, is_part, is_held, is_surely_held, is_exempt, has_duty, is_kept,
            must_not_vanish, as_of
        ) > 0
    """,
    "every_part_is_dated": """
        SELECT entry_no FROM {batch}
        WHERE is_part AND num_nulls(
            fell_due_at, promised_at, deadline_at,
            is_past_cap, is_past_event, past_events, is_event_unknown, is_undated, is_future_dated, is_fallback, row_count
        ) + CASE
            WHEN entry IN ('version', 'delete_marker', 'upload') THEN num_nulls(stored_at, start_at)
            WHEN NOT is_undated AND promised_at < 'infinity' THEN num_nulls(start_at)
            ELSE 0
        END > 0
    """,
    "every_item_is_hashed": """
        SELECT entry_no FROM {batch}
        WHERE
            (item_hash IS NULL AND entry NOT IN (
                'bucket', 'table', 'column', 'stray', 'named', 'declaration', 'place', 'rest', 'orphans', 'unseen', 'unreadable',
                'hidden', 'unnamed', 'agreement', 'external', 'zoneless', 'trigger'
            ))
            OR (part_hash IS NULL AND is_part AND entry NOT IN ('delete_marker', 'upload'))
    """,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one expectation came out; `success` None: it failed itself, for the reason `error` (a class name, no message)."""

    success: bool | None
    error: str | None = None


Key = tuple[str, str]
_KEY = "key"


@dataclass(frozen=True, slots=True)
class Expected:
    """Outcomes by kind, and of the expectations about the inventory itself."""

    kinds: Mapping[str, Outcome]
    inventory: Mapping[str, Outcome]
    gx_version: str


def expect(own_conninfo: str, table: str, kinds: Mapping[str, str], rows: int) -> Expected:
    """Run one expectation per kind (its query must find nothing) over the judged table, which must have exactly `rows` rows."""
    gx = _import_quietly()
    context = _context(gx)
    # The address stands in connect_args, so that no password is ever part of a URL that could be printed.
    own = {name: value for name, value in conninfo_to_dict(own_conninfo).items() if value is not None}
    limits = f"-c search_path={SCHEMA} -c statement_timeout={STATEMENT_TIMEOUT}"
    options = f"{own.get('options', '')} {limits}".strip()
    source = context.data_sources.add_postgres(
        "own",
        connection_string="postgresql+psycopg://see@connect-args/own",
        kwargs={
            # Each query is on its own; a transaction around it would be two more journeys.
            "isolation_level": "AUTOCOMMIT",
            "connect_args": own | {"options": options, "application_name": "retention checks"},
        },
    )
    try:
        asset = source.add_table_asset("inventory", table_name=table)
        batch = asset.add_batch_definition_whole_table("whole").get_batch()
        about_kinds = {kind: _no_rows(query) for kind, query in kinds.items()}
        about_inventory = dict(_about_inventory(gx, rows))
        outcomes = _validate(gx, batch, {**_keyed("kind", about_kinds), **_keyed("inventory", about_inventory)})
        return Expected(
            {kind: outcomes["kind", kind] for kind in about_kinds},
            {name: outcomes["inventory", name] for name in about_inventory},
            str(gx.__version__),
        )
    finally:
        source.get_execution_engine().close()
        source.get_engine().dispose()


def import_ahead() -> None:
    """Begin with the import while the stores are read. Whoever needs it waits for it."""
    Thread(target=_import_quietly, name="great_expectations", daemon=True).start()


def _import_quietly() -> Any:
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # modules that it imports are its own matter
        import great_expectations as gx

    return gx


def _context(gx: Any) -> Any:
    """A context in memory: it writes no file, keeps no connection string and draws no progress bar."""
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        progress_bars=ProgressBarsConfig(globally=False),
        analytics_enabled=False,
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def _no_rows(query: str) -> Any:
    from retention.verification.no_rows import ExpectNoRows

    return ExpectNoRows(unexpected_rows_query=query)


def _about_inventory(gx: Any, rows: int) -> Sequence[tuple[str, Any]]:
    # An inventory that lost rows on its way would look compliant.
    return (
        ("every_row_arrived", gx.expectations.ExpectTableRowCountToEqual(value=rows)),
        *((name, _no_rows(query)) for name, query in _GAPS.items()),
    )


def _keyed(what: str, expectations: Mapping[str, Any]) -> dict[Key, Any]:
    return {(what, name): expectation for name, expectation in expectations.items()}


def _validate(gx: Any, batch: Any, expectations: Mapping[Key, Any]) -> dict[Key, Outcome]:
    """All as one suite, which takes half the time of one by one. One that fails takes no other with it; where the suite itself
    does, or leaves one out, nothing of that has passed.
    """
    for key, expectation in expectations.items():
        expectation.meta = {_KEY: list(key)}
    suite = gx.ExpectationSuite(name="all", expectations=list(expectations.values()))
    try:
        result = batch.validate(suite, result_format={"result_format": "SUMMARY", "partial_unexpected_count": 0})
    except Exception as error:  # noqa: BLE001  # whatever a check dies of, it has not passed
        return dict.fromkeys(expectations, Outcome(None, type(error).__name__))
    found = {tuple(one.expectation_config.meta[_KEY]): _outcome(one) for one in result.results}
    return {key: found.get(key, Outcome(None, "no result")) for key in expectations}


def _outcome(result: Any) -> Outcome:
    if raised(result.exception_info):
        return Outcome(None, "expectation raised")
    return Outcome(bool(result.success))


def raised(info: Any) -> bool:
    """Whether an expectation failed itself. The information comes flat, or keyed by the metric that failed; of any other shape
    nobody can say what it means.
    """
    if not info:
        return False
    if "raised_exception" in info:
        return bool(info["raised_exception"])
    return any(not isinstance(one, Mapping) or bool(one.get("raised_exception", True)) for one in info.values())
