"""
# Clear Airflow's own database, create partitions, let our own records go, look for identifiers (nightly)

**What it does.** `clear` deletes what Airflow remembers of runs once it is due by the rule `logs` (11 days 23 hours old): runs,
tasks, XComs, events, audit entries, human decisions. It runs `airflow db clean` with the identity `airflow_metadata`, then
deletes what that leaves: runs that never started, the last run of a paused DAG, copies (`_airflow_deleted__…`). Promise: clause
`logs` (§8).
`create` makes empty partitions of log tables for the next 7 days.
`look_for_identifiers` searches our own tables, Airflow's records (such as XCom and rendered templates) and its task logs of the
last two days for e-mail addresses, telephone numbers, IP addresses and IBANs: none may be there.
`prune` deletes our own records (results, reports, plans, what went, ended holds) at the end of the third year after their own, by
`include/records/own.yaml`, with an entry in the ledger. The ledger itself stays whole. None of the four waits for
another.

**What it does not guarantee.** Task logs in files are disposed of with the category's other log files. A DAG with
`catchup=True` keeps its last run, because it would otherwise begin again at its start; the check reports it. A legal hold on
the category, or one that these records may fall under, keeps everything that began in its period: single runs can't be held. A
run that has been at work, or has waited for a person, for 12 days is deleted with the rest. Our ledger lies in our own database
and stays.
In mode `observe` nothing is deleted, and `clear` says what would go; in mode `off` it is skipped.

**When it fails.**
- *records past their due time that are left*: a DAG with catchup; set `catchup=False`, or run it more often than every 12 days.
- *`airflow db clean` ended with 1*: usually a right is missing after an upgrade of Airflow: run `include/sql/roles/airflow.sql`
  in its database again. `RETENTION_DEBUG=1 airflow tasks test …` shows its output.
- *identifiers: found*: the message says where and how many, never which. Look there, mend what wrote it, then delete the runs
  concerned in Airflow's UI; what stands in our own tables needs their owner. `python -m retention hygiene` looks again.
- *identifiers: unknown*: a database or folder could not be read; after an upgrade of Airflow usually a right is missing.
- *days have no partition of their own*: rows of those days lie in the default partition already and go one by one; to
  give a day its partition, move its rows first (docs/stores.md).
- *tasks stay scheduled or queued*: the pool `retention` is missing or full: see the page of `dispose_audio`.
"""

from retention.orchestration.dags import maintenance_dag  # Airflow reads only files that name it and a DAG

dag = maintenance_dag("airflow_maintenance", category="logs", days_ahead=7, schedule="40 2 * * *", doc=__doc__)
