"""What the pages are given by whoever mounts them, and the rights that routes declare."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from fastapi import Depends, HTTPException, Request

from retention.access import Right
from retention.anchoring import LedgerProof
from retention.database import OwnConnection
from retention.datamap.loader import DataMap
from retention.evidence.hashing import ItemHasher
from retention.evidence.holds import HoldScope
from retention.pages.forgery import Seal, require_own_page
from retention.policy.loader import Policy

OpenOwn = Callable[[], AbstractContextManager[OwnConnection]]
"""Opens our own database for one request. Raises RetentionError where it does not answer."""

CurrentPolicy = Callable[[], tuple[Policy, DataMap]]
"""The policy and the data map that count now. Raises InputError where they can't be read."""


@dataclass(frozen=True, slots=True)
class Site:
    """`logged_in` is a dependency that gives the user, or raises HTTPException 401 or 403; `may` says whether that user has a
    right, `person` by what name the ledger knows them. `login_url` leads back to a path. `open_reports` reads only.

    `secret` signs what forms carry, `origins` are the addresses that our own pages are served under. `prove` holds the ledger
    against everything that was signed. `require_item` raises RequestError where a hold's item is nowhere.
    """

    logged_in: Callable[..., Any]
    may: Callable[[Any, Right], bool]
    person: Callable[[Any], str]
    login_url: Callable[[str], str]
    open_reports: OpenOwn
    open_writes: OpenOwn
    documents: CurrentPolicy
    hasher: Callable[[], ItemHasher]
    prove: Callable[[OwnConnection], LedgerProof]
    require_item: Callable[[OwnConnection, HoldScope, HoldScope], None]
    secret: str
    origins: frozenset[str] = frozenset()

    @property
    def seal(self) -> Seal:
        """What signs forms, and the words about what was done."""
        return Seal(self.secret)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks: the name that the ledger gets, what they may do, and the token that their forms carry."""

    name: str
    may: Callable[[Right], bool]
    token: str


def visitor_of(request: Request) -> Visitor | None:
    """Who asks, once their right was checked; None for somebody who was refused."""
    found: Visitor | None = getattr(request.state, "visitor", None)
    return found


def reading(site: Site, right: Right = Right.SEE) -> Any:
    """The dependency of a route that reads: 403 unless the user has the right."""
    return Depends(_required(site, right))


def writing(site: Site, right: Right) -> Any:
    """The dependency of a route that writes: the right, and a form of our own pages that was made for this user."""
    required = _required(site, right)

    async def checked(request: Request, visitor: Visitor = Depends(required)) -> Visitor:
        require_own_page(request, site.origins)
        form = await request.form()
        site.seal.require_token(visitor.name, str(form.get("token", "")))
        return visitor

    return Depends(checked)


def _required(site: Site, right: Right) -> Callable[..., Visitor | Awaitable[Visitor]]:
    def required(request: Request, user: Any = Depends(site.logged_in)) -> Visitor:
        if not site.may(user, right):
            raise HTTPException(403, f"your roles do not give the right to {right.value.method} {right.value.resource}")
        name = site.person(user)
        visitor = Visitor(name, lambda wanted: site.may(user, wanted), site.seal.token(name))
        request.state.visitor = visitor
        return visitor

    return required
