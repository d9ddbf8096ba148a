"""Commands about the ledger as evidence: sign it, prove it, and the keys for that."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from retention import database, settings
from retention.anchored_heads import CONNECTION
from retention.anchoring import LedgerProof, prove_ledger
from retention.cli.controls import own_conninfo
from retention.cli.output import AsJson, By, Reason, command, counted_noun, emit
from retention.cli.streams import say
from retention.connections import from_environment
from retention.datamap.loader import load_datamap
from retention.errors import MissingConnection, RequestError
from retention.evidence.signing import Signer, signer_from
from retention.evidence.signing_keys import keys_of, rotate
from retention.new_file import write_new
from retention.notary import notarise
from retention.policy.loader import load_policy
from retention.stores.locked_bucket import LockedBucket

NewFile = Annotated[Path, typer.Option("--out", help="A file that isn't there yet.")]


@command("ledger sign")
def ledger_sign(as_json: AsJson = False) -> None:
    """Sign what the ledger holds, and write the heads that the locked bucket lacks."""
    policy, datamap = load_policy(settings.policies_folder()), load_datamap(settings.datamap_folder())
    bucket = connected_bucket()
    with database.connect(own_conninfo()) as own:
        head, written = notarise(own, signer_from(), policy, datamap, bucket)
    where = f"{counted_noun(written, 'head')} written to the locked bucket" if written is not None else _NOT_ANCHORED
    fields = {"size": head.size, "root": head.root, "at": head.at, "key": head.key, "anchored": written}
    emit("ledger sign", fields, f"{head.size} entries signed; root {head.root}; {where}", as_json=as_json)


@command("ledger verify")
def ledger_verify(as_json: AsJson = False) -> None:
    """Recompute the ledger's chain from its first entry, and hold it against every signed head, those in the locked bucket, too;
    exit code 1 where something doesn't fit."""
    bucket = connected_bucket()
    with database.connect(own_conninfo()) as own:
        proof = prove_ledger(own, bucket)
    bad = f"entry {proof.first_bad}: {proof.reason}; {proof.entries} entries fit their chain"
    text = _fits(proof) if proof.first_bad is None else bad
    emit("ledger verify", asdict(proof), text, as_json=as_json)
    raise typer.Exit(_code(proof))


def _code(proof: LedgerProof) -> int:
    """1 where an entry may be wrong; 3 where the locked bucket lacks heads: what nobody keeps outside is not proven."""
    if proof.first_bad is not None:
        return 1
    return 3 if proof.anchors is not None and proof.anchors.missing else 0


def _fits(proof: LedgerProof) -> str:
    anchors = proof.anchors
    beside = _NOT_ANCHORED
    if anchors is not None:
        beside = f"{anchors.anchored} in the locked bucket, which lacks {anchors.missing}"
    return f"{proof.entries} entries fit; head {proof.head}; signed heads: {proof.heads}; {beside}"


@command("key new")
def key_new(out: NewFile, as_json: AsJson = False) -> None:
    """Make a signing key (Ed25519, PKCS #8 in PEM). Whoever has it can sign in our name: keep it where only we can read."""
    signer = Signer.new()
    write_new(out, signer.to_pem(), mode=0o600)
    emit("key new", {"key": signer.key_id, "path": out}, f"key {signer.key_id} in {out}", as_json=as_json)


@command("key public")
def key_public(
    out: Annotated[
        Path | None, typer.Option("--out", help="A file that isn't there yet; default: standard output.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The public keys that signed this ledger, oldest first: give them to whoever checks certificates, by a way of their own."""
    with database.connect(own_conninfo()) as own:
        keys = keys_of(own)
    if not keys.keys:
        raise RequestError("found no key that signed this ledger; expected `ledger sign` to have run once")
    pem = keys.to_pem()
    if out is not None:
        write_new(out, pem, mode=0o644)
    emit(
        "key public",
        {"keys": list(keys.keys), "pem": pem, "path": out},
        str(out) if out else pem.rstrip(),
        as_json=as_json,
    )


@command("key rotate")
def key_rotate(
    reason: Reason,
    new: Annotated[Path, typer.Option("--new", help="The file of the new key, from `key new`.")],
    as_json: AsJson = False,
    *,
    by: By,
) -> None:
    """Announce a new signing key in the ledger, signed by the present one; set it in the environment then."""
    try:
        text = new.read_text(encoding="ascii")
    except (OSError, ValueError):
        raise RequestError(f"{new}: found no readable text file; expected a key from `key new`") from None
    old, successor = signer_from(), Signer.from_pem(text, str(new))
    with database.connect(own_conninfo()) as own:
        rotate(own, old, successor, by=by, reason=reason)
    fields = {"old": old.key_id, "new": successor.key_id, "who": by, "why": reason}
    emit("key rotate", fields, f"{successor.key_id} signs from now on, {old.key_id} no more", as_json=as_json)


_NOT_ANCHORED = f"no locked bucket is connected ({CONNECTION})"


def connected_bucket() -> LockedBucket | None:
    """The locked bucket, or None, with a line on standard error, where no connection names one."""
    try:
        return LockedBucket(from_environment(CONNECTION))
    except MissingConnection:
        say(f"warning: {_NOT_ANCHORED}: whoever can rewrite our whole database could rewrite its signed heads, too")
        return None
