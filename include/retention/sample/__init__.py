"""The sample company: an invented customer base with every case of the decision table, loaded into real stores.

Nothing here is needed in production. `docs/sample.md` describes the tables, the bucket and the cases.
"""

from retention.sample.load import load

__all__ = ["load"]
