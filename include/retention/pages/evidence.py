"""Evidence: where the ledger stands, what of it was signed, and a button that holds it against all that was signed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import psycopg
from fastapi import APIRouter, Request
from fastapi.responses import Response

from retention.access import Right
from retention.anchoring import LedgerProof
from retention.database import OwnConnection
from retention.errors import RetentionError
from retention.evidence import ledger
from retention.evidence.signing_keys import keys_of
from retention.evidence.tree_heads import newest_head
from retention.pages.rendering import Notice, as_json, show
from retention.pages.site import Site, reading, writing

PROVE_WITHIN_S = 40.0
"""How long a page may hold a ledger against its heads; `ledger verify` takes all the time that it needs."""
_ASK_AGAIN_S = 0.25

_one_at_a_time = threading.Lock()


def routes(site: Site) -> APIRouter:
    """`/evidence`, and the button on it."""
    pages = APIRouter(tags=["evidence"])

    @pages.get("/evidence", dependencies=[reading(site)])
    def evidence(request: Request) -> Response:
        return _page(request, site)

    @pages.get("/evidence.json", dependencies=[reading(site)])
    def evidence_as_json() -> Response:
        return as_json(_read(site))

    @pages.post("/evidence/verify", dependencies=[writing(site, Right.CHECK_LEDGER)])
    def verify(request: Request) -> Response:
        if not _one_at_a_time.acquire(blocking=False):
            return _page(request, site, notice=Notice("refused.proof_busy", refused=True), status=409)
        try:
            with site.open_writes() as own, _within(own, PROVE_WITHIN_S):
                proof = site.prove(own)
        except psycopg.errors.QueryCanceled:
            return _page(request, site, notice=Notice("refused.proof_slow", refused=True), status=503)
        except RetentionError as error:
            return _page(request, site, notice=Notice("refused.proof", why=str(error), refused=True), status=503)
        finally:
            _one_at_a_time.release()
        return _page(request, site, proof=proof, notice=_told(proof))

    return pages


@contextmanager
def _within(own: OwnConnection, seconds: float) -> Iterator[None]:
    """Cancel what runs on the connection once that much time is over, again and again: in between, Python is at work."""
    over = threading.Event()

    def watch() -> None:
        wait = seconds
        while not over.wait(wait):
            own.cancel()
            wait = _ASK_AGAIN_S

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join()


def _told(proof: LedgerProof) -> Notice:
    if proof.first_bad is not None:
        return Notice("proof.bad", (proof.first_bad, proof.entries), why=proof.reason, refused=True)
    if proof.anchors is None:
        return Notice("proof.fits_alone", (proof.entries, proof.heads))
    key = "proof.lacks" if proof.anchors.missing else "proof.fits"
    return Notice(
        key,
        (proof.entries, proof.heads, proof.anchors.anchored, proof.anchors.missing),
        refused=bool(proof.anchors.missing),
    )


def _read(site: Site) -> dict[str, Any]:
    with site.open_reports() as own:
        head, signed, keys = ledger.head(own), newest_head(own), keys_of(own)
    return {
        "entries": head.seq,
        "head": head.hash,
        "signed": asdict(signed) if signed is not None else None,
        "keys": list(keys.keys),
    }


def _page(
    request: Request,
    site: Site,
    *,
    notice: Notice | None = None,
    proof: LedgerProof | None = None,
    status: int = 200,
) -> Response:
    return show(
        request,
        "evidence.html.j2",
        title="pages.evidence",
        here="evidence",
        status=status,
        notice=notice,
        proof=proof,
        **_read(site),
    )
