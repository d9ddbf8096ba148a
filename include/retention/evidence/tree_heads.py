"""Signed tree heads: what the ledger held at an instant, said so that it can't be taken back unnoticed.

A head is a signed statement of the ledger's size and Merkle root (RFC 9162 §4.10). It is signed only while the ledger
still begins with everything that was signed before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from retention.database import OwnConnection, database_time
from retention.errors import EvidenceError
from retention.evidence.merkle_log import LedgerTree, ReadLedger
from retention.evidence.signing import PublicKeys, Signer
from retention.evidence.signing_keys import keys_of, require_announced
from retention.evidence.tree_head import TreeHead


@dataclass(frozen=True, slots=True)
class BadHead:
    """A head that the ledger doesn't fit: `first_bad` is the first entry that may be wrong, and why."""

    first_bad: int
    reason: str


def sign_head(own: OwnConnection, signer: Signer, read: ReadLedger | None = None) -> TreeHead:
    """Sign the ledger as it is now, and keep the head. The first key that signs is announced in the ledger before.

    `read` is the ledger as somebody read it just now: what was added since is read here.

    Raises EvidenceError where the ledger doesn't fit its chain or an earlier head, or where the key was never announced: nothing
    is signed then.
    """
    require_announced(own, signer)
    read = read or ReadLedger(own)
    read.read_on(own)
    read.require_chain("Nothing was signed. Stop deletion, and compare the ledger with a backup (docs/evidence.md).")
    tree = read.tree
    bad = check_heads(tree, heads_of(own), log_of(own), keys_of(own))
    if bad is not None:
        raise EvidenceError(
            f"entry {bad.first_bad}: {bad.reason}; expected a ledger that begins with what was signed. Nothing was signed. "
            "Stop deletion, and compare the ledger with a backup and with the heads in the locked bucket (docs/evidence.md)."
        )
    size = tree.get_size()
    head = TreeHead(log_of(own), size, tree.get_root(size).hex(), database_time(own), signer.key_id)
    signed = TreeHead(**asdict(head) | {"signature": signer.sign(head.statement)})
    own.execute(
        "INSERT INTO retention.tree_heads (log, size, root, at, key, signature) "
        "VALUES (%(log)s, %(size)s, %(root)s, %(at)s, %(key)s, %(signature)s)",
        asdict(signed),
    )
    return signed


def log_of(own: OwnConnection) -> str:
    """Names this ledger: its first entry's hash in hex, or "" while it is empty."""
    row = own.execute("SELECT hash FROM retention.ledger WHERE seq = 1").fetchone()
    return row["hash"].hex() if row is not None else ""


def heads_of(own: OwnConnection) -> list[TreeHead]:
    """All heads that were signed, oldest first."""
    rows = own.execute(
        "SELECT log, size, root, at, key, signature FROM retention.tree_heads ORDER BY at, size"
    ).fetchall()
    return [TreeHead(**row) for row in rows]


def newest_head(own: OwnConnection) -> TreeHead | None:
    """The head that was signed last."""
    row = own.execute(
        "SELECT log, size, root, at, key, signature FROM retention.tree_heads ORDER BY at DESC, size DESC LIMIT 1"
    ).fetchone()
    return TreeHead(**row) if row is not None else None


def check_heads(tree: LedgerTree, heads: Iterable[TreeHead], log: str, keys: PublicKeys) -> BadHead | None:
    """The first of these heads, in the order of their sizes, that doesn't speak of this ledger; None where all do."""
    good = 0
    for head in sorted(heads, key=lambda head: head.size):
        reason = _against(tree, head, log, keys)
        if reason is not None:
            return BadHead(good + 1, f"{reason} (head of {head.at.isoformat()}, size {head.size})")
        good = head.size
    return None


def _against(tree: LedgerTree, head: TreeHead, log: str, keys: PublicKeys) -> str | None:
    if not keys.fits(head.key, head.statement, head.signature):
        return "a tree head has no valid signature of an announced key"
    if not keys.signs_heads_of(head.key, head.size):
        return "a tree head was signed by a key that did not sign then"
    if head.log != log:
        return "a tree head was signed over another ledger"
    if head.size > tree.get_size():
        return "the ledger ends before an entry that was signed"
    if head.size < 1 or tree.get_root(head.size).hex() != head.root:
        return "the ledger's root is another than what was signed"
    return None
