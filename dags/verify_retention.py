"""
# Prove that nothing stays past its limit

**What it does.** After each disposal, and every hour in any case, it lists the stores anew with a read-only identity and
code of its own, and holds them against the promises (`include/policies/promises.yaml`): nothing overdue remains, nothing
protected vanished, and every table, column that looks personal, bucket and log folder is mapped or declared. Great
Expectations runs the checks. `judge` is red unless the verdict is *compliant*; the report is written in any case
(**Retention** in the navigation).

**What it does not guarantee.** It proves what the connections can see. Copies elsewhere (backups, other systems) are not
looked at. What can't be read is *unknown*, never compliant.

**When `judge` fails.**
- *breach*: open the report; each finding says what, where and since when. Usually a disposal failed, was blocked or
  stopped: mend that, let it run, and this DAG runs again by itself.
- *unknown*: a store, table or list could not be read, or something is in nobody's map. Mend the access; map or declare
  it.
- *tasks stay scheduled or queued*: the pool `retention` is missing or full: see the page of `dispose_audio`.
- Nothing here may be acknowledged away; a wrong rule or map is changed in its YAML, by its owner.
"""

from retention.orchestration.dags import verification_dag  # Airflow reads only files that name it and a DAG

dag = verification_dag("verify_retention", schedule="50 * * * *", doc=__doc__)
