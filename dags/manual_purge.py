"""
# Purge something now (manual, four eyes)

**What it does.** Deletes what a person asks for before its rule would: one customer's, one person's or one item's data of
one category, or those of a period. *Trigger* opens the form; by default it shows a **preview** only: how much would go of
which place,
the oldest and the newest, what stays and why, under a digest. Without *preview only* it then waits up to 4 hours for **another
person** of on-call to approve exactly that digest (*Required actions*); two others where it is above the volume limit. Then it
deletes, proves, and writes the report. The ledger has all of it: who asked, why, who approved, what went.

**What it does not guarantee.** It never deletes what a legal hold, a statutory duty or minimum, a restriction or a consent
keeps, and nobody can approve that. Objects without a row, logs and usage data are not purged here. What came after the preview
stays. One purge is of one category: a whole call is a recording, a transcript and perhaps a lead. Backups are not touched.

**When it fails.**
- *found nothing that … name*: the id is not what the source has. *not under this customer*: the item is another customer's.
- *0 of 1 approvals*: somebody marked the approval as done. That approves nothing; ask again.
- *expired*: the plan is valid as long as its rule says. Trigger it again.
- *mode*, *stopped*: as on the page of `dispose_audio`.
- Rejected, or nobody answered: the run ends with skipped tasks, and nothing was deleted.
- Deleted too much? `python -m retention stop --reason …` first, then call the data protection officer.
"""

from retention.orchestration.purge_dag import purge_dag  # Airflow reads only files that name it and a DAG

dag = purge_dag("manual_purge", categories=("audio", "transcript", "leads", "marketing"), doc=__doc__)
