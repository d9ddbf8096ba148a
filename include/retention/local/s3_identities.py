"""Who may do what on the embedded S3 server: random keys, and the rights of the files in include/iam, enforced by weed.

The files name the sample company's bucket, as for AWS. Here the same actions are allowed on every bucket, so that a data map
with other buckets works without new keys; a test holds the server to the files as they stand.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from retention.local.secret_files import write_secret

_IAM = Path(__file__).resolve().parents[2] / "iam"

POLICIES = {"disposal": "disposal.json", "verify": "verification.json", "evidence": "evidence.json"}
"""Identity → its policy's file. `app`, the company's own application, may do everything."""

IDENTITIES = ("app", *POLICIES)


def shipped_policies() -> dict[str, Any]:
    """The policies as they stand in include/iam, by identity."""
    return {name: json.loads((_IAM / file).read_text(encoding="utf-8")) for name, file in POLICIES.items()}


def for_every_bucket(policy: Mapping[str, Any]) -> dict[str, Any]:
    """The same actions, on all buckets and keys."""
    resources = ["arn:aws:s3:::*", "arn:aws:s3:::*/*"]
    return {**policy, "Statement": [{**statement, "Resource": resources} for statement in policy["Statement"]]}


def write_identities(path: Path, policies: Mapping[str, Any]) -> None:
    """Write weed's configuration; keys that are there already stay, rights are those of today's files."""
    known = read_keys(path)
    keys = {name: known.get(name) or (secrets.token_hex(10).upper(), secrets.token_urlsafe(30)) for name in IDENTITIES}
    identities = [
        {
            "name": name,
            "credentials": [{"accessKey": access_key, "secretKey": secret_key}],
            "actions": [] if name in policies else ["Admin"],
            "policyNames": [name] if name in policies else [],
        }
        for name, (access_key, secret_key) in keys.items()
    ]
    documents = [{"name": name, "content": json.dumps(policy)} for name, policy in policies.items()]
    write_secret(path, json.dumps({"identities": identities, "policies": documents}, indent=1))


def read_keys(path: Path) -> dict[str, tuple[str, str]]:
    """Identity → (access key, secret key); empty before the first start."""
    if not path.exists():
        return {}
    return {
        entry["name"]: (entry["credentials"][0]["accessKey"], entry["credentials"][0]["secretKey"])
        for entry in json.loads(path.read_text(encoding="utf-8"))["identities"]
    }
