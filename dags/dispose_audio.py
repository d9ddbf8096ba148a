"""
# Dispose of call recordings (hourly)

**What it does.** Finds every recording that is due by its row (transcribed, or 27 days 23 hours old), and deletes all of its
versions, delete markers and unfinished uploads, then its row. Promise: clause `audio` (§7, §8 of the privacy policy);
rule: `include/policies/audio.yaml`; places: `include/datamap/`.
`plan` freezes exactly what is due; the `dispose` tasks share it and delete that or less, batch by batch, and read legal holds and
consents again right before each one; `close` counts all of it. Tasks show their counts in the list and under *XCom*.

**What it does not guarantee.** Objects without a row are not seen here: `dispose_audio_listing` finds them at night.
A version written after the plan stays until the next run. It proves nothing: `verify_retention` does.
In mode `observe` nothing is deleted, and `dispose` says what would go; in mode `off` all tasks are skipped.

**When it fails.**
- *blocked, volume limit*: more is due than usual. Look at the plan's counts; if they are right, a second person runs the
  `approve` command that the log shows, then clear `dispose` within the plan's validity (6 hours, see `expires_at`); after that
  clear `plan` too, and approve the new plan. Who triggered the run by hand can't approve it. The log says when the first
  breach comes.
- *mode*: somebody switched it while items went. The log says when and why; what went until then is in the ledger.
- *tasks stay scheduled or queued*: the pool `retention` is missing or full: `airflow pools list`;
  `airflow pools set retention 4 "deletes and checks at once"` makes it.
- *stopped*: somebody pressed stop; the log says who and why. `python -m retention resume` ends it.
- *unreadable / did not answer*: a store or database is down or a right is missing. Mend it and clear the task.
- *items could not be deleted*: the others are done. The log counts the store's error codes; three retries come by themselves.
- Deleted too much? `python -m retention stop --reason …` first, then call the data protection officer.
"""

from retention.orchestration.dags import disposal_dag  # Airflow reads only files that name it and a DAG

dag = disposal_dag("dispose_audio", category="audio", coverage="rows", schedule="5 * * * *", parts=2, doc=__doc__)
