"""What names the sample's persons, also those who are gone by now: names that may have been invented, and ids that were made."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import psycopg

from retention.sample.marketing import CASES_NAME
from retention.sample.people import FIRST_NAMES, LAST_NAMES

# What the loader notes of its cases stays when the cases' items have gone.
_IDS = (
    "SELECT caller_id::text FROM callers",
    "SELECT call_id::text FROM calls",
    "SELECT contact_id::text FROM marketing_contacts UNION SELECT contact_id::text FROM marketing_consents",
    "SELECT device_id FROM usage_events WHERE device_id <> 'anonymised'",  # what the map makes of it
    "SELECT recording_id::text FROM sample.items UNION SELECT object_key FROM sample.items",
    "SELECT item_id FROM sample.records WHERE place NOT IN ('server_log_files', 'server_log_objects', 'request_log')",
)


def known_identifiers(company: str) -> Iterator[str]:
    """Full names, and the ids of persons and of what is about them. Raises psycopg.Error."""
    yield CASES_NAME
    yield from (f"{first} {last}" for first, last in product(FIRST_NAMES, LAST_NAMES))
    with psycopg.connect(company) as session:
        for query in _IDS:
            yield from (value for (value,) in session.execute(query) if value)
