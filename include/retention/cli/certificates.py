"""Commands about certificates: issue them, and check one without database, network or Airflow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from retention import database
from retention.anchoring import require_anchored
from retention.certificates import check_files, issue, papers_absent, read_text, write
from retention.cli.controls import own_conninfo
from retention.cli.evidence import connected_bucket
from retention.cli.output import AsJson, command, emit
from retention.database import OwnConnection
from retention.errors import PlanError
from retention.evidence.certificate import certify_customer, certify_run
from retention.evidence.certificate_check import is_complete
from retention.evidence.hashing import ItemHasher
from retention.evidence.merkle_log import LedgerTree
from retention.evidence.signing import PublicKeys, signer_from
from retention.evidence.tree_head import TreeHead
from retention.evidence.tree_heads import newest_head
from retention.settings import parse_instant

NewFile = Annotated[Path, typer.Option("--out", help="A file that isn't there yet.")]


@command("certificate run")
def certificate_run(
    plan: Annotated[UUID, typer.Argument(help="The plan that was executed, by its id.")],
    out: NewFile,
    as_json: AsJson = False,
) -> None:
    """Certify what one run deleted: counts, rule, and the ledger's entries with their proofs."""
    _issue("certificate run", out, lambda own, head: certify_run(own, head, plan), as_json=as_json)


@command("certificate customer")
def certificate_customer(
    tenant: Annotated[str, typer.Argument(help="The customer, by the id that the sources have.")],
    since: Annotated[str, typer.Option(help="Beginning of the period, ISO 8601 with offset.")],
    until: Annotated[str, typer.Option(help="Its end, which is no part of it; not after the last `ledger sign`.")],
    out: NewFile,
    as_json: AsJson = False,
) -> None:
    """Certify what went of one customer in a period (Art. 28 GDPR), by category and place."""
    hasher = ItemHasher.from_environment()
    period = parse_instant("--since", since), parse_instant("--until", until)
    _issue(
        "certificate customer",
        out,
        lambda own, head: certify_customer(own, hasher, head, tenant, *period),
        as_json=as_json,
    )


def _issue(
    name: str, out: Path, certify: Callable[[OwnConnection, TreeHead], dict[str, Any]], *, as_json: bool
) -> None:
    signer = signer_from()
    with database.connect(own_conninfo()) as own:
        head = newest_head(own)
        if head is None:
            raise PlanError("found no signed tree head; expected `ledger sign` to have run. Nothing was certified.")
        bucket = connected_bucket()
        if bucket is not None:
            require_anchored(own, bucket, LedgerTree.read(own))
        document = certify(own, head)
    paths = write(out, issue(document, signer))
    fields = {
        "certificate": document["certificate"],
        "path": out,
        "papers": paths[1:],
        "key": signer.key_id,
        "gone": document["statement"]["gone"],
    }
    emit(name, fields, f"{out}: {fields['gone']} gone; signed by key {signer.key_id}", as_json=as_json)


@command("certificate verify")
def certificate_verify(
    file: Annotated[Path, typer.Argument(help="The certificate as issued: its JSON, or a PDF beside that.")],
    key: Annotated[Path, typer.Option(help="Public keys as PEM, received by another way than the certificate.")],
    as_json: AsJson = False,
) -> None:
    """Check a certificate and its PDFs with nothing but a public key. Exit code 1 where anything differs, and what."""
    document, found = check_files(file, PublicKeys.from_pem(read_text(key), str(key)))
    complete, absent = not found and is_complete(document), papers_absent(file, document)
    fields = {"certificate": document.get("certificate"), "valid": not found, "complete": complete, "problems": found}
    fields["papers_absent"] = absent
    not_seen = (
        f"\nNot looked at: {', '.join(absent)}; expected beside the JSON, if you were given them." if absent else ""
    )
    good = f"{file}: valid. {_words(document)}{not_seen}" if not found else ""
    bad = "\n".join([f"{file}: NOT valid", *(f"- {one}" for one in found)])
    emit("certificate verify", fields, bad if found else good, as_json=as_json)
    raise typer.Exit(1 if found else 0)


def _words(document: Mapping[str, Any]) -> str:
    subject, statement, head = document["subject"], document["statement"], document["tree_head"]
    if subject["kind"] == "run":
        what = f"Plan {subject['plan']}, category {statement['category']}: {statement['gone']} of {statement['planned']} gone"
    else:
        what = f"Customer {subject['tenant']}, {subject['since']} to {subject['until']}: {statement['gone']} gone"
    complete = (
        "complete: every entry of the run is among them"
        if is_complete(document)
        else "not proven that none is left out"
    )
    proven = f"{len(document['entries'])} entries proven to be in the ledger of {head['size']}, signed at {head['at']}"
    return f"{what}; {proven}; {complete}"
