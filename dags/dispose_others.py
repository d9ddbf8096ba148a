"""
# Dispose of every category without a DAG of its own (hourly)

**What it does.** Looks when it runs which categories have a rule (`include/policies/`) and no DAG of their own, and plans and
disposes of each, as `dispose_audio` does. So a new category needs YAML and SQL, and no Python. Without any, its tasks are
skipped.

**What it does not guarantee.** It goes by the tables and by what log files and partitions hold. Objects that no row leads to
need a DAG with `coverage="listing"`, and a category that works nightly or in parts one of its own, too: copy a file, and name
the category in `WITH_DAG` (`retention/orchestration/dags.py`).

**When it fails.** As for `dispose_audio`: blocked, mode, stopped, unreadable, items that could not be deleted. A new category
starts in mode `observe`: nothing is deleted until somebody sets its mode.
"""

from retention.orchestration.dags import other_disposals_dag  # Airflow reads only files that name it and a DAG

dag = other_disposals_dag("dispose_others", schedule="5 * * * *", doc=__doc__)
