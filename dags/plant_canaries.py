"""
# Plant canaries (hourly)

**What it does.** Writes invented items into every place whose entry in the data map says how (`canary`), where the last ones are
old enough: one that is due, one that a legal hold keeps for a while, and where the promise knows consents one that these keep.
The next disposals must take the first and leave the others. A log table in partitions gets one that must go with its partition,
days later. `verify_retention` looks with its own identity whether they did: a canary that is late, or lost, is a breach before
any real item is one (docs/canaries.md).

**What it does not guarantee.** Airflow's own database and copies that others keep get no canaries. A category that is not in mode
`enforce` gets none, nor does any while everything is stopped. It deletes nothing: canaries go as all other items do.

**When it fails.** *the canary's SQL was refused*: the identity `planting` lacks a right, or a table has changed: correct the
file that the map names. *no `planting` identity*: name one in the map's `connections`. Disposal goes on without canaries; after a
day the check says that there are no new ones (`canary_missing`).
"""

from retention.orchestration.dags import canary_dag  # Airflow reads only files that name it and a DAG

dag = canary_dag("plant_canaries", schedule="35 * * * *", doc=__doc__)
