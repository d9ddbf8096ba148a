"""
# Sign the ledger (hourly)

**What it does.** Recomputes the ledger's chain, holds it against everything that was signed before, signs its size and Merkle
root (a *tree head*, RFC 9162, Ed25519), and writes that to a bucket under object lock, where nobody can change or remove it
before the end of the third year after. Promise: none of the policy's; it makes the proof of all others one that doesn't rest
on trust in us.

**What it does not guarantee.** What was added to the ledger since the last head can still be rewritten by whoever owns our
own database: at most an hour's entries. That what the ledger says is true is proven by the checks (`verify_retention`), not
here.

**When it fails.**
- *the ledger's root is another than what was signed*, or *ends before an entry that was signed*: somebody changed the ledger,
  or an old backup was restored. Stop deletion (`python -m retention stop`), then `python -m retention ledger verify` names
  the first entry in doubt; compare with a backup and with the heads in the locked bucket.
- *restored, not confirmed*, or *an old copy of our own database*: it was restored. Everything is stopped until a second person
  confirms that no hold is missing: `python -m retention restore confirm` (docs/backup.md).
- *found signing key … expected …*: the key in the environment is not the last one announced. Set that key again, or announce
  the new one with `python -m retention key rotate`.
- *no object lock*: the bucket of the connection `retention_anchor` was made without it, which can't be changed: make another.
- *tasks stay scheduled or queued*: the pool `retention` is missing or full: see the page of `dispose_audio`.
"""

from retention.orchestration.dags import signing_dag  # Airflow reads only files that name it and a DAG

dag = signing_dag("sign_ledger", schedule="50 * * * *", doc=__doc__)
