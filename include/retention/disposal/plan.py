"""Plans: the exact items of one category that are due at one instant, frozen with a digest before anything is deleted."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from retention.database import OwnConnection
from retention.disposal.checked import CheckedObjects, CheckedPlace
from retention.disposal.digest import plan_digest
from retention.disposal.due_rows import DueRows
from retention.disposal.expiry import discard_expired
from retention.disposal.guard import over_volume, plan_row, require_not_off, require_rule_in_force, rows_astray
from retention.disposal.kinds import kind_of
from retention.disposal.lines import DueItem, Tally
from retention.disposal.preflight import check_places, refuse_repeated_ids, require_clocks_agree, require_distinct_ids
from retention.disposal.previews import is_preview
from retention.disposal.purged import PurgeScope
from retention.disposal.reading import Reading
from retention.disposal.recovery import settle_superseded
from retention.disposal.runtime import Runtime
from retention.disposal.scopes import keep_scope, scope_hash
from retention.disposal.states import discard_all
from retention.disposal.unmapped_rows import count_unmapped_rows
from retention.evidence import ledger
from retention.evidence.controls import mode_of
from retention.evidence.entry import canonical
from retention.policy.facts import WAITS
from retention.policy.model import RetentionRule
from retention.sentences import rule_sentence

Find = Callable[[Reading[Any], Tally], Iterable[DueItem]]


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """A plan as people see it: counts only. `kept_by_reason` counts what stays, by reason; `undated` is among it.

    `waiting` is planned beside what is `due`, and goes if what has to go first has gone by then.
    """

    plan_id: UUID
    category: str
    coverage: str
    as_of: datetime
    digest: str
    due: int
    waiting: int
    considered: int
    kept_by_reason: dict[str, int]
    undated: int
    fallback: int
    blocked: bool
    blocked_reason: str | None
    breaches_at: datetime | None
    next_due_at: datetime | None
    expires_at: datetime
    mode: str
    rule: str

    def to_json(self) -> dict[str, Any]:
        """Fields of the command line's JSON."""
        return asdict(self)


def make_plan(
    runtime: Runtime,
    category: str,
    *,
    as_of: datetime,
    run_id: str,
    requested_by: str,
    coverage: str = "rows",
    find: Find | None = None,
    purge: PurgeScope | None = None,
) -> PlanSummary:
    """Plan one category. `coverage` is `rows` (driven by the tables), `listing` (every part in the store, finds orphans) or
    `replay` (by `find`, which gives the items of one place that a replay list names, and counts in the tally what stays), or
    `purge` (what a person asked for, the scope `purge`).

    The same `run_id` gives the same plan again: a retry never plans anew. Once that plan is used up or expired, or a rule or the
    map has changed, so that nobody may execute it any more, the run gets a new one.

    Raises what `check_places` and `require_distinct_ids` raise, ModeError in mode `off`, and GuardError where no rule is
    in force.
    """
    rule = runtime.policy.rule(category)
    with runtime.own() as own:
        discard_expired(runtime, own)
        require_rule_in_force(rule, as_of)
        require_not_off(own, category)
        existing = _latest_of_run(own, run_id, category)
        if existing is not None and _is_open(runtime, existing):
            return summary_of(own, existing["plan_id"])
        places = check_places(runtime, rule)
        require_distinct_ids(runtime, places)
        if existing is not None and existing["state"] == "planning":  # killed while planning: nothing rests on it yet
            _forget(own, existing["plan_id"])
        elif existing is not None:
            run_id = f"{run_id}#{uuid.uuid4().hex[:8]}"
        require_clocks_agree(runtime, own, rule, places)
        if not is_preview(run_id):
            settle_superseded(runtime, own, category, coverage=coverage)
        plan_id = _open(
            runtime,
            own,
            rule,
            places,
            as_of=as_of,
            run_id=run_id,
            requested_by=requested_by,
            coverage=coverage,
            purge=purge,
        )
        runtime.on_step("planning")
        tally = _collect(runtime, own, plan_id, rule, places, as_of, coverage, find, purge)
        runtime.on_step("collected")
        _close(own, plan_id, rule, tally)
        runtime.on_step("planned")
        return summary_of(own, plan_id)


def _forget(own: OwnConnection, plan_id: UUID) -> None:
    with own.transaction():
        discard_all(own, plan_id)
        own.execute("DELETE FROM retention.plans WHERE plan_id = %s", (plan_id,))


def _is_open(runtime: Runtime, plan: Mapping[str, Any]) -> bool:
    """Whether a retry can still execute it: neither used up, nor expired, nor made by documents that have changed since."""
    same_documents = (plan["rule_digest"], plan["map_digest"]) == (runtime.policy.rules_digest, runtime.datamap.digest)
    return plan["state"] in ("ready", "executing") and same_documents and runtime.now() < plan["expires_at"]


def _latest_of_run(own: OwnConnection, run_id: str, category: str) -> dict[str, Any] | None:
    return own.execute(
        "SELECT plan_id, state, expires_at, rule_digest, map_digest FROM retention.plans "
        "WHERE split_part(run_id, '#', 1) = %s AND category = %s "
        "ORDER BY planned_at DESC LIMIT 1",
        (run_id, category),
    ).fetchone()


def summary_of(own: OwnConnection, plan_id: UUID) -> PlanSummary:
    """Read a finished plan back."""
    row = plan_row(own, plan_id)
    waiting = row["due_by_reason"].get(WAITS, 0)
    return PlanSummary(
        plan_id=row["plan_id"],
        category=row["category"],
        coverage=row["coverage"],
        as_of=row["as_of"],
        digest=row["digest"],
        due=row["due"] - waiting,
        waiting=waiting,
        considered=row["considered"],
        kept_by_reason=row["kept_by_reason"],
        undated=row["undated"],
        fallback=row["fallback"],
        blocked=row["blocked_reason"] is not None,
        blocked_reason=row["blocked_reason"],
        breaches_at=row["breaches_at"],
        next_due_at=row["next_due_at"],
        expires_at=row["expires_at"],
        mode=row["mode"],
        rule=row["rule_sentence"],
    )


def header_of(plan: Mapping[str, Any]) -> dict[str, Any]:
    """What the digest covers besides the items: everything that execution or approval rests on."""
    instants = {name: plan[name].astimezone(UTC).isoformat() for name in ("as_of", "expires_at")}
    names = ("plan_id", "category", "coverage", "requested_by", "rule_digest", "map_digest")
    scope = {"scope": plan["scope_hash"]} if plan["scope_hash"] is not None else {}
    return {name: plan[name] for name in names} | instants | {"stored_before": canonical(plan["stored_before"])} | scope


def _open(
    runtime: Runtime,
    own: OwnConnection,
    rule: RetentionRule,
    places: Sequence[CheckedPlace],
    *,
    as_of: datetime,
    run_id: str,
    requested_by: str,
    coverage: str,
    purge: PurgeScope | None,
) -> UUID:
    """Record the plan with the stores' own clocks: what they stamp from now on is newer than the plan."""
    plan_id = uuid.uuid4()
    clocks = {one.place.name: kind_of(one.place).clock(runtime, one).isoformat() for one in places}
    own.execute(
        "INSERT INTO retention.plans (plan_id, run_id, category, coverage, as_of, expires_at, requested_by, mode, state, "
        "stored_before, rule_sentence, rule_digest, map_digest, policy_version, scope_hash) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 'planning', %s, %s, %s, %s, %s, %s)",
        (
            plan_id,
            run_id,
            rule.category,
            coverage,
            as_of,
            runtime.now() + rule.plan_valid_for,
            requested_by,
            mode_of(own, rule.category).value,
            Jsonb(clocks),
            rule_sentence(rule),
            runtime.policy.rules_digest,
            runtime.datamap.digest,
            runtime.policy.promises.policy_version,
            scope_hash(runtime.hasher, purge) if purge is not None else None,
        ),
    )
    if purge is not None:
        keep_scope(own, plan_id, purge)
    return plan_id


def _collect(
    runtime: Runtime,
    own: OwnConnection,
    plan_id: UUID,
    rule: RetentionRule,
    places: Sequence[CheckedPlace],
    as_of: datetime,
    coverage: str,
    find: Find | None,
    purge: PurgeScope | None,
) -> Tally:
    """Stream every due item of all places into the plan; nothing of it stays in memory."""
    tally = Tally()
    with own.transaction():
        number = 0
        for checked in places:
            kind, reading = kind_of(checked.place), Reading[Any].take(runtime, own, rule, checked, as_of, purge=purge)
            items = find(reading, tally) if find is not None else kind.due_items(reading, own, coverage, tally)
            # A batch never mixes places: each has its own stores.
            try:
                number = _store(own, plan_id, items, first_batch=number, batch_items=kind.batch_items)
            except psycopg.errors.UniqueViolation:  # its message quotes the id
                repeated = True
            else:
                repeated = False
            if repeated:  # outside the `except`, so that no traceback drags the original along
                refuse_repeated_ids(checked.place)
        own.execute(
            "INSERT INTO retention.plan_batches (plan_id, batch_no) SELECT %s, generate_series(0, %s - 1)",
            (plan_id, number),
        )
    if tally.unlinked_due:
        tally.unmapped_rows = count_unmapped_rows(runtime, [one for one in places if isinstance(one, CheckedObjects)])
    return tally


def _store(own: OwnConnection, plan_id: UUID, items: Iterable[DueItem], *, first_batch: int, batch_items: int) -> int:
    """COPY the items into the plan; returns the number of the next free batch."""
    statement = "COPY retention.plan_items (plan_id, batch_no, {}) FROM STDIN {}"
    fields = sql.SQL(", ").join(map(sql.Identifier, DueItem._fields))
    with own.cursor() as cursor:
        if isinstance(items, DueRows):
            own.execute("SET LOCAL client_encoding = 'UTF8'")
            binary = sql.SQL(statement).format(fields, sql.SQL("(FORMAT binary)"))
            with closing(items.lines(plan_id, first_batch, batch_items)) as lines, cursor.copy(binary) as copy:
                for block in lines:
                    copy.write(block)
        else:
            with cursor.copy(sql.SQL(statement).format(fields, sql.SQL(""))) as copy:
                for number, item in enumerate(items):
                    copy.write_row((plan_id, first_batch + number // batch_items, *item))
        count = cursor.rowcount
    return first_batch + -(-count // batch_items)


def _close(own: OwnConnection, plan_id: UUID, rule: RetentionRule, tally: Tally) -> None:
    """Freeze the plan: count, digest, guard's verdict, ledger entry."""
    reasons = "SELECT reason, count(*) AS items FROM retention.plan_items WHERE plan_id = %s GROUP BY reason"
    due_by_reason = {row["reason"]: row["items"] for row in own.execute(reasons, (plan_id,))}
    due = sum(due_by_reason.values())
    blocked_reason = "; ".join(filter(None, (over_volume(rule.volume_limit, due, tally), rows_astray(tally)))) or None
    plan = plan_row(own, plan_id)
    digest = plan_digest(own, plan_id, header_of(plan))
    with own.transaction():
        own.execute(
            "UPDATE retention.plans SET state = 'ready', digest = %s, due = %s, due_by_reason = %s, considered = %s, "
            "kept_by_reason = %s, undated = %s, fallback = %s, blocked_reason = %s, breaches_at = %s, "
            "next_due_at = %s WHERE plan_id = %s",
            (
                digest,
                due,
                Jsonb(due_by_reason),
                tally.considered,
                Jsonb(dict(tally.kept)),
                tally.kept["undated"],
                tally.fallback,
                blocked_reason,
                tally.breaches_at,
                tally.next_due_at,
                plan_id,
            ),
        )
        body = header_of(plan) | {
            "digest": digest,
            "due": due,
            "kept": dict(tally.kept),
            "considered": tally.considered,
        }
        ledger.append(own, "plan", body | {"blocked": blocked_reason, "policy_version": plan["policy_version"]})
