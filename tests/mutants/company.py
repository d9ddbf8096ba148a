"""A small company under the shipped rules and map, on real servers: what the mutants act on, and the check that looks."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from tests.buckets import fresh_bucket, writer
from tests.databases import fresh_database
from tests.world import DAY, HASHER, INCLUDE, World, now, postgres_connection, write_datamap

from retention.connections import Resolver, parse
from retention.database import connect
from retention.datamap.loader import MappedPlace, load_datamap
from retention.disposal.execute import execute_plan
from retention.disposal.opening import open_stores
from retention.disposal.plan import PlanSummary, make_plan
from retention.disposal.runtime import PlaceStores, Runtime
from retention.errors import PartlyFailedError
from retention.evidence.holds import HoldScope, add_hold
from retention.policy.loader import Policy, load_policy
from retention.stores.s3 import S3Store
from retention.stores.s3_client import client_factory
from retention.verification import CheckResult, verify
from retention.verification.result import Severity

POLICIES = INCLUDE / "policies"
PAGE_ENTRIES = 3
"""Entries of one page of a listing, so that a few objects make several."""
BAD = (Severity.BREACH, Severity.UNKNOWN)


@cache
def shipped_policy() -> Policy:
    """The shipped rules, read once: no mutant changes them."""
    return load_policy(POLICIES)


def _in_small_pages(place: MappedPlace, resolve: Resolver) -> PlaceStores:
    stores = open_stores(place, resolve)
    factory = client_factory(resolve(place.store.disposal))
    return PlaceStores(S3Store(factory, place.spec.bucket, place.spec.prefixes, page_entries=PAGE_ENTRIES), stores.rows)


@dataclass
class Company(World):
    """A `World` with every category of the shipped map, and its own check. `known` is what a scene planted, by its name."""

    folder: Path = Path()
    log_bucket: str = ""
    known: dict[str, Any] = field(default_factory=dict)

    def runtime(self, **changes: Any) -> Runtime:
        """The shipped rules over this company, listing in small pages."""
        runtime = Runtime(
            policy=shipped_policy(),
            datamap=self.datamap,
            resolve=self.connections.__getitem__,
            own_conninfo=self.own,
            hasher=HASHER,
            open_stores=_in_small_pages,
            actor="anna",
        )
        return replace(runtime, **changes)

    @property
    def logs(self) -> Path:
        """Where the servers' log files are."""
        return self.folder / "files"

    def contract(self, tenant: str, ended_ago: timedelta | None = None) -> None:
        """A customer with a contract of two years, perhaps one that ended."""
        self.add_tenant(tenant, contract=False)
        began, ended = now() - 730 * DAY, now() - ended_ago if ended_ago is not None else None
        self.sql("INSERT INTO contracts VALUES (%s, %s, %s, %s)", uuid.uuid4(), tenant, began, ended)

    def hold(self, **scope: Any) -> None:
        """A legal hold for sixty days, set and approved as the command line does."""
        with connect(self.own) as own:
            add_hold(
                own,
                HASHER,
                HoldScope(**scope),
                reason="dispute",
                requested_by="anna",
                approved_by="ben",
                ends_at=now() + 60 * DAY,
                review_at=None,
            )

    def plan(self, category: str, coverage: str, run_id: str) -> PlanSummary:
        """What is due now."""
        return make_plan(self.runtime(), category, as_of=now(), run_id=run_id, requested_by="anna", coverage=coverage)

    def execute(self, plan: PlanSummary) -> None:
        """Dispose; what can't go stays, and is no reason to stop."""
        with suppress(PartlyFailedError):
            execute_plan(self.runtime(), plan.plan_id, plan.digest)

    def check(self, category: str, policies: Path = POLICIES) -> set[str]:
        """The kinds of breaches, and of what nobody knows, that verification finds now."""
        return {one.kind for one in self.verify(category, policies).findings if one.severity in BAD}

    def verify(self, category: str, policies: Path = POLICIES) -> CheckResult:
        """One check of this category."""
        return verify(
            [category],
            resolve=self.connections.__getitem__,
            policies=policies,
            datamap=self.folder / "datamap",
            own_conninfo=self.own,
            hasher=HASHER,
        )


@contextmanager
def fresh_company(postgres: Any, s3: Any, templates: tuple[str, str], folder: Path) -> Iterator[Company]:
    """A company without data; every category enforces."""
    with (
        fresh_database(postgres, templates[0]) as company,
        fresh_database(postgres, templates[1]) as own,
        fresh_bucket(s3) as bucket,
        fresh_bucket(s3) as log_bucket,
    ):
        (folder / "files").mkdir(parents=True)
        conninfo, own_conninfo = postgres.conninfo(company), postgres.conninfo(own)
        files = json.dumps({"conn_type": "fs", "extra": {"path": str(folder / "files")}})
        connections = {
            "company_s3": parse("company_s3", s3.airflow_connection("disposal")),
            "company_s3_verify": parse("company_s3_verify", s3.airflow_connection("verify")),
            "retention_db": postgres_connection("retention_db", own_conninfo),
        }
        for name in ("company_db", "company_db_verify"):
            connections[name] = postgres_connection(name, conninfo)
        for name in ("server_files", "server_files_verify"):
            connections[name] = parse(name, files)
        shipped = (INCLUDE / "datamap" / "company.yaml").read_text(encoding="utf-8")
        text = shipped.replace("bucket: server-logs", f"bucket: {log_bucket}")
        datamap = load_datamap(write_datamap(folder / "datamap", bucket, text))
        made = Company(conninfo, own_conninfo, bucket, writer(s3), connections, datamap, s3, folder, log_bucket)
        made.own_sql(
            "INSERT INTO retention.mode_changes (category, mode, changed_by, reason) "
            "SELECT one, 'enforce', 'anna', 'test' FROM unnest(%s::text[]) AS one",
            ["audio", "transcript", "marketing", "usage", "logs", "leads"],
        )
        yield made
    shutil.rmtree(folder, ignore_errors=True)
