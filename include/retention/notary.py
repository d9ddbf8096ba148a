"""The ledger as evidence for others: what it has to know is noted, it is signed, and the heads are kept out of our reach."""

from __future__ import annotations

from typing import Any

from retention.anchored_heads import anchor_heads
from retention.anchoring import require_anchored
from retention.database import OwnConnection
from retention.datamap.loader import DataMap
from retention.evidence.homes import require_confirmed
from retention.evidence.merkle_log import ReadLedger
from retention.evidence.noted import note_checks, note_documents
from retention.evidence.signing import Signer
from retention.evidence.tree_head import TreeHead
from retention.evidence.tree_heads import sign_head
from retention.policy.loader import Policy
from retention.reports.code_version import code_version
from retention.sentences import rule_sentence
from retention.stores.locked_bucket import LockedBucket


def notarise(
    own: OwnConnection, signer: Signer, policy: Policy, datamap: DataMap, bucket: LockedBucket | None
) -> tuple[TreeHead, int | None]:
    """Note documents and checks, sign the ledger, write the heads that the bucket lacks. Doing it again adds but a head.

    Nothing is signed where the ledger contradicts what lies in the bucket, for its heads in our own database may have been
    rewritten, nor where our own database was restored and nobody has confirmed it. Gives the head, and how many heads were
    written (None without a bucket). Raises what `require_confirmed`, `require_anchored`, `note_checks`, `sign_head` and
    `anchor_heads` raise.
    """
    require_confirmed(own)
    read = ReadLedger(own)
    if bucket is not None:
        require_anchored(own, bucket, read.tree)
    note_documents(own, documents_in_force(policy, datamap))
    note_checks(own)
    head = sign_head(own, signer, read)
    return head, anchor_heads(own, bucket) if bucket is not None else None


def documents_in_force(policy: Policy, datamap: DataMap) -> dict[str, Any]:
    """Which documents and which code act now: digests, and each rule's versions with who approved them, as JSON values."""
    return {
        "policy_version": policy.promises.policy_version,
        "promises_digest": policy.promises_digest,
        "rules_digest": policy.rules_digest,
        "map_digest": datamap.digest,
        "code": code_version(),
        "rules": {
            category: {
                "clause": rule.clause,
                "sentences": {"de": rule_sentence(rule, "de"), "en": rule_sentence(rule, "en")},
                "versions": [
                    {
                        "version": version.version,
                        "policy_version": version.policy_version,
                        "effective_from": version.effective_from.isoformat(),
                        "approved_by": version.approved_by,
                    }
                    for version in rule.versions
                ],
            }
            for category, rule in sorted(policy.rules.items())
        },
    }
