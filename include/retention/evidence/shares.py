"""How much of a batch was whose: a Merkle tree over customers' counts, whose root stands in the ledger.

A customer's certificate shows its own count and the proof that it is in the tree, and nothing of the others: a customer appears
as a hash under a salt of its own, which its certificate gives away.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from retention.evidence.entry import canonical
from retention.evidence.hashing import ItemHasher
from retention.evidence.merkle_proofs import proves_inclusion
from retention.evidence.merkle_tree import MerkleTree


class Shares(NamedTuple):
    """Of one batch: how many customers had a part in it, and the Merkle root over their counts in hex."""

    tenants: int
    root: str

    def to_json(self) -> dict[str, Any]:
        """As the ledger's entry on the batch has it."""
        return {"tenants": self.tenants, "tenants_root": self.root}


def shares_of(hasher: ItemHasher, tenants: Iterable[str | None]) -> Shares:
    """The shares of a batch from the customer of each item that went; an item that is nobody's is in nobody's share."""
    tree = _tree(_leaves(hasher, tenants))
    return Shares(tree.get_size(), tree.get_root().hex())


def prove_share(hasher: ItemHasher, tenants: Iterable[str | None], tenant: str) -> dict[str, Any]:
    """One customer's share with its proof, as JSON values. Raises KeyError for one who has none."""
    leaves = _leaves(hasher, tenants)
    [(number, gone)] = [
        (no, gone) for no, (of, gone) in enumerate(leaves, 1) if of == _hash(hasher.salt(tenant), tenant)
    ]
    return {"gone": gone, "number": number, "proof": _tree(leaves).prove_inclusion(number).serialize()}


def proves_share(share: dict[str, Any], tenant: str, salt: bytes, shares: Shares) -> bool:
    """Whether the proof shows that so much of the batch with these shares was this customer's."""
    leaf = _leaf(_hash(salt, tenant), share["gone"])
    return proves_inclusion(leaf, share["number"], shares.tenants, bytes.fromhex(shares.root), share["proof"])


def _leaves(hasher: ItemHasher, tenants: Iterable[str | None]) -> list[tuple[str, int]]:
    counts = Counter(tenant for tenant in tenants if tenant is not None)
    return sorted((_hash(hasher.salt(tenant), tenant), gone) for tenant, gone in counts.items())


def _tree(leaves: list[tuple[str, int]]) -> MerkleTree:
    tree = MerkleTree()
    for tenant, gone in leaves:
        tree.append_entry(_leaf(tenant, gone))
    return tree


def _leaf(tenant: str, gone: int) -> bytes:
    return canonical({"tenant": tenant, "gone": gone}).encode()


def _hash(salt: bytes, tenant: str) -> str:
    return hashlib.sha256(salt + tenant.encode()).hexdigest()
