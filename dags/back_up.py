"""
# Back up our own database, and list what must not come back (nightly)

**What it does.** Writes two files into the folder of the connection `retention_backup`: a backup of our own database (holds,
ledger, modes, suppression list), and the replay list, with which a restored *source* is rid again of what had been deleted.
Then it deletes files of its own in that folder that are older than the oldest backup of any source, never the newest.
Promise: clause `backups` (§11).

**What it does not guarantee.** What comes after the last backup is lost with the database: back it up more often where a day
is too much (docs/backup.md). The folder has to be somewhere else than the database, and encrypted; the hash key and the
signing key are not in it. The sources' own backups are made by whoever runs them.

**When it is skipped.** There is no connection `retention_backup`: nothing is backed up, and `python -m retention status`
warns. It is of type `fs`, with the extra `{"path": "/backups", "kept": "P35D", "mount": true}`: `kept` is how long the
oldest backup of any source lives, `mount` that something has to be mounted there.

**When it fails.**
- *found no period*: `kept` is missing (or `RETENTION_BACKUPS_KEPT`); nobody else can know how long the sources' backups live.
- *found no client programs*: the worker lacks PostgreSQL's `pg_dump`, as new as the server (`RETENTION_PG_BIN`).
- *pg_dump ended with 1*: usually a right is missing: run `include/sql/roles/own.sql` in our own database again.
- *items that went under another hash key*: the key has changed; export a list with each (docs/backup.md).
- *tasks stay scheduled or queued*: the pool `retention` is missing or full: see the page of `dispose_audio`.
"""

from retention.orchestration.dags import backup_dag  # Airflow reads only files that name it and a DAG

dag = backup_dag("back_up", schedule="30 3 * * *", doc=__doc__)
