"""What Merkle proofs (RFC 9162 §2.1) prove, for whoever has nothing but them."""

from __future__ import annotations

from pymerkle import ConsistencyProof, InclusionProof, InvalidProof, verify_consistency, verify_inclusion
from pymerkle.hasher import MerkleHasher


def proves_inclusion(entry: bytes, seq: int, size: int, root: bytes, proof: object) -> bool:
    """Whether the serialised proof shows that this is entry `seq` (from 1) of the log with `size` entries and this root."""
    leaf = MerkleHasher("sha256").hash_buff(entry)
    try:
        verify_inclusion(leaf, root, InclusionProof.deserialize(proof), index=seq, size=size, algorithm="sha256")
    except InvalidProof:
        return False
    return True


def proves_consistency(earlier: tuple[int, bytes], later: tuple[int, bytes], proof: object) -> bool:
    """Whether the serialised proof shows that the log of the later (size, root) begins with that of the earlier one."""
    (prior_size, prior_root), (later_size, later_root) = earlier, later
    try:
        verify_consistency(
            prior_root,
            later_root,
            ConsistencyProof.deserialize(proof),
            prior_size=prior_size,
            later_size=later_size,
            algorithm="sha256",
        )
    except InvalidProof:
        return False
    return True
