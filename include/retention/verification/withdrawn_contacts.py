"""Whom contacts named that had withdrawn, remembered from one check to the next.

Once a contact's row has gone, nothing but the suppression list keeps an import from bringing it back, and nobody but the checks
themselves knows who has to stand there. What they remember is keyed hashes. It is forgotten once the contact has gone and is on
the list by all of its identifiers, and after the 30 days in which one that isn't is reported. A contact that withdraws and goes
between two checks is seen by none of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from retention.verification.inventory import Inventory
from retention.verification.memory import LastCheck, forget_older
from retention.verification.place_check import PlaceCheck
from retention.verification.promised import SUPPRESSED
from retention.verification.suppression import unlisted_since
from retention.verification.table_rows import RecordFacts
from retention.verification.vanished import remembered

_RECALL = """
SELECT item_hash, identifiers, withdrawn_at, missing_since
FROM retention.withdrawn_contacts
WHERE check_run_id = %s AND place = %s AND coalesce(missing_since > %s - interval '30 days', TRUE)
"""

# What disposal says it did is no evidence for it; here it is held against it.
_TAKEN = (
    "SELECT DISTINCT item_hash FROM retention.disposed_items WHERE place = %s AND key_id = %s AND item_hash = ANY(%s)"
)

_REMEMBER = """
INSERT INTO retention.withdrawn_contacts (check_run_id, place, item_hash, identifiers, withdrawn_at, missing_since)
SELECT CAST(%s AS uuid), place, item_hash, identifiers, withdrawn_at, missing_since
FROM {withdrawn}
WHERE place = %s
"""

TAKEN, TAKEN_BY_OTHERS = "taken", "taken_by_others"
"""Who took a contact that is on no list, as the entry's note says it."""


class Withdrawal(NamedTuple):
    """Since when a person stays away; `late_at`: the same of what was said longer ago than the promise leaves for deletion."""

    at: datetime
    late_at: datetime | None


class Remembered(NamedTuple):
    """A contact that had withdrawn when it was last seen."""

    identifiers: list[bytes]
    withdrawn_at: datetime
    missing_since: datetime | None


def withdrawals(check: PlaceCheck, records: Sequence[RecordFacts]) -> dict[str, Withdrawal]:
    """Which of these rows say that their person withdrew, by the row's id; none where the promise knows no suppression list."""
    events = check.terms.events
    if all(event.name != SUPPRESSED for event in events):
        return {}
    told = {}
    for record in records:
        of_events = zip(events, record.event_happened, record.event_at, strict=True)
        ends = [
            (at if at is not None else record.clock_at or record.evidence_at, event.ends_after)
            for event, happened, at in of_events
            if happened and event.on_request and event.name != SUPPRESSED
        ]
        if ends:
            ends.append((record.last_withdrawn_at, ends[0][1]))
        dated = [(at, after) for at, after in ends if at is not None and at <= check.around.as_of]
        late = [at for at, after in dated if at + after < check.around.as_of]
        if dated:
            told[record.item_id] = Withdrawal(max(at for at, _after in dated), max(late, default=None))
    return told


class WithdrawnContacts:
    """What the checks of one place remember; `before` is what the last one knew, by the contact's hash."""

    def __init__(self, check: PlaceCheck, last_check: LastCheck | None) -> None:
        self._check = check
        self.before: dict[bytes, Remembered] = {}
        if last_check is None:
            return
        asked = (last_check.check_run_id, check.name, check.around.as_of)
        found = {
            bytes(row["item_hash"]): Remembered(
                [bytes(one) for one in row["identifiers"]], row["withdrawn_at"], row["missing_since"]
            )
            for row in check.inventory.own.execute(_RECALL, asked)
        }
        check.looked_at["withdrawn"] += len(found)
        if last_check.is_comparable(check.around.hasher.key_id):
            self.before = found
            return
        check.looked_at["remembered"] += len(found)
        check.inventory.add([remembered(check.terms.category, check.name, one, "hash_key_changed") for one in found])

    def note(self, seen: Mapping[str, Withdrawal], named: Mapping[str, Collection[bytes]]) -> None:
        """Remember these rows, which are there: who withdrew, and whom each names, by the row's id."""
        present = {
            self._check.item_hash(item_id): Remembered(sorted(hashes), seen[item_id].at, None)
            for item_id, hashes in named.items()
            if hashes
        }
        self._check.inventory.add_withdrawn([(self._check.name, one, *known) for one, known in present.items()])

    def find_gone(self, unseen: Collection[bytes]) -> None:
        """Of those that were there before, enter who has gone and is not on the list, and go on remembering them.

        Call it after the table was read: whoever was taken until then had to be listed before.
        """
        gone = {one: known for one, known in self.before.items() if one in unseen}
        demanded = {one: (known.identifiers, known.withdrawn_at) for one, known in gone.items()}
        unlisted = unlisted_since(self._check, demanded)
        if not unlisted:
            return
        check, now = self._check, self._check.around.as_of
        asked = (check.name, check.around.hasher.key_id, sorted(unlisted))
        taken = {bytes(row["item_hash"]) for row in check.inventory.own.execute(_TAKEN, asked)}
        check.inventory.add(
            [
                check.entry(
                    "unlisted",
                    item_hash=one,
                    clock_at=gone[one].withdrawn_at,
                    note=TAKEN if one in taken else TAKEN_BY_OTHERS,
                )
                for one in sorted(unlisted)
            ]
        )
        check.inventory.add_withdrawn(
            [
                (check.name, one, *gone[one]._replace(missing_since=gone[one].missing_since or now))
                for one in sorted(unlisted)
            ]
        )


def remember_withdrawn(inventory: Inventory, check_run: UUID, place: str, last_check: UUID | None) -> None:
    """Write down for the next check who has withdrawn and is there, or has gone unlisted; forget what older checks knew."""
    inventory.ask(_REMEMBER, (check_run, place))
    forget_older(inventory.own, "withdrawn_contacts", place, keep=(check_run, last_check))
