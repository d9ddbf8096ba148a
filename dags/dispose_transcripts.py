"""
# Dispose of transcripts and all that was made of them (nightly)

**What it does.** Finds every transcript whose customer has no open contract any more (27 days after the last one ended),
or asked for it, and deletes it with its segments, summaries, embeddings and messages, these first, in one transaction.
Age alone makes nothing due. Promise: clause `transcript` (§8); rule: `include/policies/transcript.yaml`.

**What it does not guarantee.** A transcript waits for the recording of its call, which `dispose_audio` deletes. One whose
customer can't be told stays; the check report lists it. A statutory duty counts only where it is flagged on the
transcript, with its paragraph; a hold of ours does not keep what the customer wants deleted.

**When it fails.** As for `dispose_audio`: blocked, mode, stopped, unreadable, items that could not be deleted.
- *23503*: something that the data map does not name refers to the row. Map it as a dependent, or give it a rule of its
  own.
- *55P03*: the application kept rows locked for longer than 5 s; the retry finds them free.
"""

from retention.orchestration.dags import disposal_dag  # Airflow reads only files that name it and a DAG

# In one part: a call waits for its transcript, and both are in one plan.
dag = disposal_dag("dispose_transcripts", category="transcript", coverage="rows", schedule="40 1 * * *", doc=__doc__)
