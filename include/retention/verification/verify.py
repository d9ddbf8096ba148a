"""verify(): proves from the stores themselves that no promise is broken.

Reads with its own listing, its own SQL, its own roles and its own connections; judges against promises.yaml alone. It knows
neither rules nor disposal, so that a wrong number or a wrong join has to be made twice before it can hurt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from retention.connections import Resolver
from retention.datamap.loader import load_datamap
from retention.errors import RequestError
from retention.evidence.hashing import ItemHasher
from retention.policy.loader import load_promises, load_tenants, promises_digest
from retention.verification.agreements import compare_agreements
from retention.verification.anchored import Anchor
from retention.verification.broken_holds import gone_under_holds
from retention.verification.clocks import Clocks
from retention.verification.expectations import expect, import_ahead
from retention.verification.inventories import open_inventory
from retention.verification.kinds import KINDS
from retention.verification.progress import CHECK_WITHIN, counting, within
from retention.verification.promised import promised_terms
from retention.verification.reading import Reading
from retention.verification.records import record
from retention.verification.result import CheckResult, verdict_of
from retention.verification.trail import read_trail
from retention.verification.verdicts import count_kind, explained, headroom, judge_checks, judge_kept, judge_own, totals


def verify(
    categories: Sequence[str],
    *,
    resolve: Resolver,
    policies: Path,
    datamap: Path,
    own_conninfo: str,
    hasher: ItemHasher,
    anchor: Anchor | None = None,
    as_of: datetime | None = None,
    coverage: bool = False,
    allowed: timedelta = CHECK_WITHIN,
    progress: Callable[[int, int], None] | None = None,
) -> CheckResult:
    """Check every place of these categories and write the result down.

    `as_of` (aware; default: now, by our own database's clock) is the instant at which deadlines, holds and consents are judged;
    the stores are read as they are. With `coverage` whatever else the map's connections can see must be mapped, or declared free
    of personal data; without it the check speaks of these categories' places and their buckets alone. Places that are not read
    to their end when `allowed` is over are unknown. With an `anchor` the ledger is held against the newest heads in
    that bucket. `progress` is called with how many parts and rows have been read, and how many there were last time.
    A place that can't be read is part of the result (verdict `unknown`). Raises RequestError, PolicyError or DataMapError for
    arguments and files that make no sense, UnknownError where our own database or the holds can't be read.
    """
    if not categories:
        raise RequestError("verify: found no category; expected at least one. No category never means all of them.")
    if as_of is not None and as_of.tzinfo is None:
        raise RequestError("verify: found an as_of without a UTC offset; expected an aware instant")
    promises, document = load_promises(policies)
    wanted = tuple(dict.fromkeys(categories))
    agreed = load_tenants(policies)
    terms = {category: promised_terms(promises, document, category, agreed.get(category)) for category in wanted}
    the_map = load_datamap(datamap)
    import_ahead()
    with open_inventory(own_conninfo) as inventory:
        clocks = Clocks(inventory.own)
        started_at = clocks.now()
        at = as_of if as_of is not None else started_at
        count = within(allowed, counting(inventory.own, progress))
        reading = Reading(the_map, terms, resolve, inventory, hasher, clocks, count, at)
        reading.read(coverage=coverage)
        inventory.add(compare_agreements(reading, agreed, terms, the_map))
        inventory.judge(list(terms.values()), at)
        definitions = {kind.name: kind.definition for kind in KINDS.values() if kind.in_sql}
        found = {kind.name: count_kind(inventory, kind, at) for kind in KINDS.values() if kind.in_sql}
        expected = expect(own_conninfo, inventory.tables["judged"], definitions, inventory.written)
        for name in ("unreadable_place", "replica_lags", "external_unattested"):
            found[name] = explained(found[name], reading.explanations)
        checks, troubles = judge_checks(expected, found, reading.looked_at, inventory.written)
        own_checks, own_findings = judge_own(
            read_trail(inventory.own, hasher, anchor),
            reading.holds_on_nothing(),
            clocks,
            wanted[0],
            expected.gx_version,
        )
        kept, broken = judge_kept(*gone_under_holds(inventory.own, hasher, terms, the_map), expected.gx_version)
        findings = (*(one for kind in KINDS for one in found.get(kind, ())), *broken, *own_findings, *troubles)
        result = CheckResult(
            check_run_id=uuid4(),
            categories=wanted,
            as_of=at,
            started_at=started_at,
            finished_at=clocks.now(),
            verdict=verdict_of(findings),
            policy_version=promises.policy_version,
            promises_digest=promises_digest(document, policies),
            map_digest=the_map.digest,
            inventory_digest=inventory.digest(),
            places_read=tuple(sorted(reading.places_read)),
            places_failed=reading.places_failed,
            explanations=reading.explanations,
            findings=findings,
            checks=(*checks, *kept, *own_checks),
            counts=totals(inventory) | {"rows": reading.rows_read} | reading.totals,
            headroom=headroom(inventory, wanted, at),
        )
        record(inventory.own, inventory, result, reading.last_checks, hasher.key_id)
    return result
