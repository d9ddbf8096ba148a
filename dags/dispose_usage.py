"""
# Anonymise usage data (hourly)

**What it does.** Makes what could name a person anonymous (which columns become what stands in the data map) 11 days 23
hours after the event was collected; the rest of the row stays for statistics. Promise: clause `usage` (§2); rule:
`include/policies/usage.yaml`.

**What it does not guarantee.** Only the columns that the data map names are changed. Whether what is left can be linked
to a person is a question for people. The check looks each day whether another column looks personal, by its name or by a
sample, and asks until somebody declares it (`not_personal` in the data map).

**When it fails.** As for `dispose_audio`: blocked, mode, stopped, unreadable, items that could not be anonymised.
- *42501*: the disposal role may not update one of the columns.
"""

from retention.orchestration.dags import disposal_dag  # Airflow reads only files that name it and a DAG

dag = disposal_dag("dispose_usage", category="usage", coverage="rows", schedule="5 * * * *", doc=__doc__)
