"""docs/findings.md, written from the registry of kinds: `python -m retention.verification.document > docs/findings.md`."""

from __future__ import annotations

import sys

from retention.verification.kinds import KINDS, Kind

_HEAD = """# Findings

What a check (`python -m retention verify`, DAG `verify_retention`) can find. This page is written from the code
(`include/retention/verification/kinds.py`, `wording.py`); a test fails when it differs. Each kind has one definition, an SQL
condition on what was read: `include/sql/verification/kinds/<kind>.sql`. Great Expectations runs it as an expectation, our own
SQL counts it, and where the two disagree the verdict is `unknown`.

| severity | means | verdict |
|---|---|---|
| breach | a promise is broken | `breach`, exit code 1 |
| unknown | something could not be read, or nobody said what it is | `unknown`, exit code 3, unless there is a breach |
| finding | somebody should look at it | no change |
| exception | lawfully kept past its limit, with its end | no change |

Without breach and without unknown the verdict is `compliant`, exit code 0.

## How to read a finding

- `count` is in the kind's unit. An *item* is one object key with all its versions, delete markers and uploads
  (`detail.entries` counts those), one row of a table, one partition, one log file. One item can appear under several kinds: a
  recording past the cap with a one-sided consent is `past_cap` and `kept_without_reason`. `counts.overdue_items` of the check
  counts each overdue item once.
- `detail.reasons` splits the count: by what lies there (`version`, `noncurrent_version`, `delete_marker`, `upload`), by what
  is wrong with a consent or hold, or by the store's own word for why it could not be read.
- `id` is the same in every check, so that one can tell since when a finding has been there.
- `python -m retention explain PLACE ITEM` says for one item what holds; results hold no identifier of an item or a person.
- `checks[]` says for each kind and place how many things were looked at.

## What dates count

- The cap runs from the row's date (`start_<event>`), unless that is missing, before 1990, in the future, or later than other
  evidence by more than 24 hours; then from the oldest of row, call, key day, `recorded-at` metadata and the store's own time.
  A version whose metadata or whose store time is older than the row is as old as that. Metadata cost a request each: they are
  read of objects without a row, of earlier versions, and where the row's date is missing or later than other evidence by more
  than 24 hours.
- A date before 1990 or in the future proves no age. Rows are given ten minutes, for clocks that differ, metadata, key and
  store an hour (a key's day another 24, for time zones); where no other date is left the item is `undated`.
- *At once*, and a limit after an event, run from the event's time; an event that happened at no known or a future time counts
  from the oldest evidence. One that may lie ahead, such as a contract's end, comes when it is dated. Where nobody says
  whether an event happened, the item is `event_unknown`. With a customer's shorter limit (`policies/tenants/`) its items are
  judged by that.
- Where the promise has no limit by age (`dated_by`), only events end anything.
- A statutory duty on an item goes before everything; then holds; then a restriction (Art. 18); then what customer or person
  decided, which no consent puts off and, where we are the processor, no hold of ours; then consents.
- After a hold, an exemption or a duty ended there is time to delete (`after_protection` of the promise, else the shortest
  allowed latency; two hours for recordings), where it began before the item was overdue and means it beyond doubt. What was
  overdue before a hold came is overdue again once that has gone.
- Whoever stands on the suppression list is found by verification itself, from the identifiers that the data map names: the
  event `suppressed` came when the entry was made, or when the row came back, if that is later; a consent that is proven newer
  lifts it.
- Consents must be given and recorded before the item fell due by the promise. Rules act earlier (their lead), and the check
  does not know them: an item whose consents came within the last 72 hours before the cap may stay, and may go.

## The kinds
"""


def render() -> str:
    """The whole page."""
    return _HEAD + "".join(_section(kind) for kind in KINDS.values())


def _section(kind: Kind) -> str:
    words = kind.wording
    return (
        f"\n### `{kind.name}`: {words.title_en} – {words.title_de}\n\n"
        f"Severity **{kind.severity.value}**, counted in {kind.unit}.\n\n"
        f"{words.meaning_en}\n\n"
        f"*What to do:* {words.action_en}\n\n"
        f"> {words.meaning_de}\n>\n"
        f"> *Was zu tun ist:* {words.action_de}\n"
    )


if __name__ == "__main__":
    sys.stdout.write(render())
