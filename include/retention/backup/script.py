"""The SQL around a dump: what has to hold before it, and what is done after it, all in one transaction."""

from __future__ import annotations

from psycopg import sql

from retention import locks, settings
from retention.backup.archive import Manifest
from retention.evidence.entry import canonical
from retention.evidence.homes import RESTORED

# Each refusal of ours says RETENTION: before its words, by which they are told from the database's own.
_BEFORE = """
BEGIN;
SELECT pg_advisory_xact_lock({results});
SELECT pg_advisory_xact_lock({holds});
SELECT pg_advisory_xact_lock({ledger});
"""
_REPLACE = """
DO $do$
BEGIN
    IF {head} <> coalesce((SELECT encode(hash, 'hex') FROM retention.ledger ORDER BY seq DESC LIMIT 1), repeat('00', 32)) THEN
        RAISE EXCEPTION 'RETENTION: the ledger went on meanwhile; look again what would be replaced';
    END IF;
END $do$;
"""
_DROP = "DROP SCHEMA IF EXISTS inventory CASCADE;\nDROP SCHEMA IF EXISTS retention CASCADE;\n"
# The dump leaves an empty search path and its own settings: they end with the transaction's session.
_AFTER = """
DO $do$
BEGIN
    IF {entries} <> (SELECT count(*) FROM retention.ledger)
        OR {head} <> coalesce((SELECT encode(hash, 'hex') FROM retention.ledger ORDER BY seq DESC LIMIT 1), repeat('00', 32))
        OR EXISTS (
            SELECT FROM (SELECT *, row_number() OVER chain AS number, lag(hash) OVER chain AS before FROM retention.ledger
                WINDOW chain AS (ORDER BY seq)) AS e
            WHERE e.seq <> e.number OR e.prev_hash <> coalesce(e.before, decode(repeat('00', 32), 'hex'))
                OR e.hash <> retention.ledger_hash(e.seq, e.at, e.kind, e.body, e.prev_hash)
        )
    THEN
        RAISE EXCEPTION 'RETENTION: the dump has another ledger than its manifest says';
    END IF;
    IF {home_check} THEN
        RAISE EXCEPTION 'RETENTION: the restored database takes itself for the one that was backed up';
    END IF;
END $do$;
UPDATE retention.plans SET state = 'abandoned' WHERE state IN ('planning', 'ready', 'executing');
INSERT INTO retention.stop_changes (stopped, changed_by, reason) VALUES (TRUE, {by}, {reason});
SELECT retention.ledger_append({kind}, {body});
SELECT retention.ledger_append('stop', {stop});
"""
_HOME = "(SELECT home = retention.home() FROM retention.homes ORDER BY home_no DESC LIMIT 1)"


def before(replaced_head: str | None) -> str:
    """Begin, wait for batches, and make room; where a ledger is replaced, only while its head is still this one."""
    parts = [_BEFORE.format(results=locks.RESULTS, holds=locks.HOLDS, ledger=locks.LEDGER)]
    if replaced_head is not None:
        parts.append(_text(_REPLACE, head=replaced_head))
    return "".join([*parts, _DROP])


def after(manifest: Manifest, *, by: str, reason: str, replaced: int | None, with_rights: bool) -> str:
    """Hold the restored ledger against the manifest, abandon plans, stop everything, note it, commit."""
    noted = {
        "by": by,
        "reason": reason,
        "created_at": manifest.created_at,
        "entries": manifest.entries,
        "head": manifest.head,
        "dump": manifest.dump_sha256,
        "replaced": replaced,
    }
    done = _text(
        _AFTER.replace("{home_check}", _HOME),
        entries=manifest.entries,
        head=manifest.head,
        by=by,
        reason=f"restored from a backup: {reason}",
        kind=RESTORED,
        body=canonical(noted),
        stop=canonical({"by": by, "reason": f"restored from a backup: {reason}"}),
    )
    rights = (settings.INCLUDE / "sql" / "roles" / "own.sql").read_text(encoding="utf-8") if with_rights else ""
    return f"{done}{rights}\nCOMMIT;\n"


def _text(template: str, **values: str | int) -> str:
    literals = {name: sql.Literal(value) for name, value in values.items()}
    return sql.SQL(template).format(**literals).as_string(None)
