"""Whether identifiers of people got where none may be: into the orchestrator's records and logs, and into our own tables.

Says places, columns and counts, never a value. `python -m retention hygiene` and the maintenance DAG look.
"""

from retention.hygiene.look import Hygiene, look

__all__ = ["Hygiene", "look"]
