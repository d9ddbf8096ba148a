"""
# Dispose of call recordings that no row leads to (nightly)

**What it does.** Lists every version, delete marker and unfinished upload in the recordings' buckets, and deletes those that
are due by their own evidence: objects without a row, expired older versions under a newer one, uploads nobody finished, and
objects older than their row says (these with their row).
Age is the oldest of the day in the key, the object's `recorded-at`, and the store's own date. Promise: clause `audio`.

**What it does not guarantee.** An object without a row can't be known to be transcribed, so only the 30-day cap applies to it.
Under a hold on a person it stays, because nobody can tell whose it is; the check report lists it.

**When it fails.** As for `dispose_audio`. A broken-off listing deletes nothing; clear the task to list again. A task may take
six hours, and a plan is valid for six from its start: `plan` too is cleared after that.
"""

from retention.orchestration.dags import disposal_dag  # Airflow reads only files that name it and a DAG

dag = disposal_dag(
    "dispose_audio_listing", category="audio", coverage="listing", schedule="20 1 * * *", parts=2, doc=__doc__
)
