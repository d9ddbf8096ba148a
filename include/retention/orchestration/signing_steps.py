"""The body of the task that signs the ledger. What it returns goes into XCom: counts and digests, nothing else."""

from __future__ import annotations

import logging
from typing import Any

from retention.orchestration.failures import airflow_errors

log = logging.getLogger(__name__)


def sign_ledger() -> dict[str, Any]:
    """Sign what the ledger holds, and write the heads that the locked bucket lacks. Nothing is signed over a changed ledger."""
    from retention import database, settings
    from retention.anchored_heads import CONNECTION
    from retention.connections import postgres_conninfo
    from retention.datamap.loader import load_datamap
    from retention.evidence.signing import signer_from
    from retention.notary import notarise
    from retention.orchestration.connections import from_airflow, secret_from_airflow
    from retention.policy.loader import load_policy
    from retention.stores.locked_bucket import LockedBucket

    with airflow_errors(), database.connect(postgres_conninfo(from_airflow(settings.OWN_CONNECTION))) as own:
        policy, datamap = load_policy(settings.policies_folder()), load_datamap(settings.datamap_folder())
        bucket = LockedBucket(from_airflow(CONNECTION))
        head, written = notarise(own, signer_from(secret_from_airflow), policy, datamap, bucket)
    log.info("%s entries signed by key %s; %s heads written to the locked bucket", head.size, head.key, written)
    return {"size": head.size, "root": head.root, "key": head.key, "anchored": written}
