"""
# Dispose of server logs (hourly)

**What it does.** Deletes log records 11 days 23 hours after they were logged, wherever the data map has them: rows of
tables, whole partitions (detached and dropped), log objects in buckets and log files, plain or gz. A file or partition is
as old as its oldest record and goes when its youngest is due. Promise: clause `logs` (§8: 14 days); rule:
`include/policies/logs.yaml`.

**What it does not guarantee.** A file whose records span more than the lead (49 hours) stays until its youngest record is
due, and is then past the promise: `too_wide` in the plan, a breach in the check. Rotate such a log daily. Airflow's own
database is cleared by `airflow_maintenance`.

**When it fails.** As for `dispose_audio`: blocked, mode, stopped, unreadable, items that could not be deleted.
- *55P03*: a partition was in use; the retry detaches it. *42501*: the disposal role is no member of the table's owner.
- *too_wide*: see above. *undated*: nothing in the file or row says when it was logged.
"""

from retention.orchestration.dags import disposal_dag  # Airflow reads only files that name it and a DAG

dag = disposal_dag("dispose_logs", category="logs", coverage="rows", schedule="5 * * * *", parts=2, doc=__doc__)
