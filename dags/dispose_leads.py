"""
# Dispose of customers' leads (nightly)

**What it does.** Deletes leads 27 days after all contracts of their customer have ended, and at once when the customer
instructed us to. With a customer a shorter limit may be agreed (`include/policies/tenants/`), never a longer one.
Promise: clause `leads` (§1, §8); rule: `include/policies/leads.yaml`.

**What it does not guarantee.** The leads are the customers': a hold of ours does not keep what a customer instructed us
to delete. A lead whose customer can't be told stays; the check report lists it.

**When it fails.** As for `dispose_audio`: blocked, mode, stopped, unreadable, items that could not be deleted.
- *23503*: something that the data map does not name refers to the row. Map it as a dependent, or give it a rule of its
  own.
"""

from retention.orchestration.dags import disposal_dag  # Airflow reads only files that name it and a DAG

dag = disposal_dag("dispose_leads", category="leads", coverage="rows", schedule="0 2 * * *", doc=__doc__)
