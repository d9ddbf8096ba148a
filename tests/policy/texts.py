"""A small policy as text, and the problems that the loader finds in a changed copy of it."""

from __future__ import annotations

from pathlib import Path

from retention.errors import PolicyError, Problem
from retention.policy.loader import load_policy

PROMISES = """\
policy_version: "2025-08-03"
policy_title: "Datenschutzerklärung, Stand 3.8.2025"
promises:
  audio:
    section: "§7, §8"
    owner: Data Protection Officer
    reading: Deletion follows the transcription, at the latest after 30 days.
    maxima:
      - event: transcription_succeeded
        allowed_latency: PT2H
      - event: recording_started
        limit: P30D
    exemption: audio-consent
  audio-consent:
    section: "§7"
    owner: Data Protection Officer
    reading: Both parties, in time and in force.
    consents:
      scope: archiving
      parties: [caller, customer]
      review_every: P365D
      review_grace: P30D
  logs:
    section: "§8"
    owner: Data Protection Officer
    reading: Gone after 14 days.
    maxima:
      - event: logged
        limit: P14D
"""
AUDIO = """\
category: audio
clause: audio
owner: Platform Engineering
action: delete
schedule:
  longest_interval: PT1H
  missed_runs_tolerated: 6
  run_time: PT40M
  store_lag: PT10M
  clock_skew: PT10M
volume_limit: {items: 50000, unlinked_items: 500,
  share: 0.9,
  share_above_items: 200
  }
plan_valid_for: PT6H
versions:
  - version: 1
    policy_version: "2025-08-03"
    effective_from: 2025-08-03
    approved_by: Data Protection Officer
    start_points:
      - event: transcription_succeeded
        allowed_latency: PT2H
      - event: recording_started
        every_item: true
        limit: P30D
        lead: PT49H
    exemption:
      scope: archiving
      parties: [caller, customer]
      review_every: P365D
      review_grace: P30D
"""
VERSIONS = AUDIO[AUDIO.index("  - version: 1") :]


def write_policy(folder: Path, audio: str | bytes | None = AUDIO, promises: str | None = PROMISES, **more: str) -> Path:
    """Write the files into a new folder; None leaves one out. `more`: further rules by the stem of their file."""
    folder.mkdir(exist_ok=True)
    texts = {"audio": audio, "promises": promises} | more
    for stem, text in texts.items():
        if text is not None:
            (folder / f"{stem}.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def problems_of(folder: Path) -> list[Problem]:
    """What the loader finds; none when it accepts the folder."""
    try:
        load_policy(folder)
    except PolicyError as error:
        return error.problems
    return []


def changed(text: str, old: str, new: str) -> str:
    """`text` with the first `old` replaced; `old` must be there."""
    assert old in text, old
    return text.replace(old, new, 1)


def line_of(text: str, part: str) -> int:
    """Number of the first line that contains `part`."""
    return 1 + next(number for number, line in enumerate(text.splitlines()) if part in line)
