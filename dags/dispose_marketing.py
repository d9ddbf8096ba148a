"""
# Dispose of marketing contacts whose consent is withdrawn (hourly)

**What it does.** Puts keyed hashes of a contact's e-mail address and telephone number on the suppression list and deletes
the contact, when its consent is withdrawn; and again whenever an import brings somebody back who is on the list, unless a
consent that can be proven is newer. Whom a hold keeps is put on the list, too, and stays. Promise: clause `marketing` (§8, §4
lit. a); rule: `include/policies/marketing.yaml`.

**What it does not guarantee.** Who gives another address is somebody else to it. The list can't be read backwards, and
without its hash key it is of no use: the run then stops and says so.

**When it fails.** As for `dispose_audio`: blocked, mode, stopped, unreadable, items that could not be deleted.
- *unreadable_identifier*: a contact withdrew, and nobody can read its address or number; correct or empty the column.
- *another hash key*: put back the key that the suppression list was written with (`RETENTION_HASH_KEY_FILE`).
"""

from retention.orchestration.dags import disposal_dag  # Airflow reads only files that name it and a DAG

dag = disposal_dag("dispose_marketing", category="marketing", coverage="rows", schedule="5 * * * *", doc=__doc__)
