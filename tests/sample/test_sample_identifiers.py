"""What is known of the sample's persons, for the look whether any of it got where it must not be."""

from __future__ import annotations

from tests.sample.stores import Stores

from retention.hygiene.known import KnownValues
from retention.sample.identifiers import known_identifiers


def test_every_name_and_id_of_the_sample_is_known(loaded: Stores) -> None:
    known = KnownValues(known_identifiers(loaded.company))
    for query in (
        "SELECT name FROM callers UNION SELECT name FROM marketing_contacts UNION SELECT name FROM crm_leads",
        "SELECT caller_id::text FROM callers UNION SELECT contact_id::text FROM marketing_contacts",
        "SELECT object_key FROM recordings UNION SELECT call_id::text FROM calls",
    ):
        missed = [value for (value,) in loaded.rows(query) if value and not known.are_in(f"deleted {value} today")]
        assert missed == []
