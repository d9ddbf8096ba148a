"""What is said beside a kept report, as (English, German)."""

from __future__ import annotations

KEPT: dict[str, tuple[str, str]] = {
    "now.unchecked": ("Now: {}. No check is recorded any more.", "Jetzt: {}. Es ist keine Prüfung mehr erfasst."),
    "now.stopped": ("All deletion is stopped since {}.", "Alle Löschungen sind ausgesetzt seit {}."),
    "now.restored": (
        "All deletion is stopped since {}: our own database was restored; nobody has confirmed yet that no hold is missing.",
        "Alle Löschungen sind ausgesetzt seit {}: Die eigene Datenbank wurde wiederhergestellt; bestätigt ist das noch nicht.",
    ),
    "now.resumed": (
        "The stop of which this report tells ended on {}.",
        "Die Aussetzung, von der dieser Bericht spricht, endete am {}.",
    ),
    "now.newer": ("Now: {}, by the check of {}.", "Jetzt: {}, laut Prüfung vom {}."),
    "now.doubted": (
        "Now: {}. The newest proof, of {}, is no longer valid because {}.",
        "Jetzt: {}. Der neueste Nachweis, vom {}, gilt nicht mehr, denn {}.",
    ),
    "now.unreadable": (
        "Now: Unknown. The promises or the data map of now can't be read; `python -m retention policy check` says why.",
        "Jetzt: Nicht bekannt. Zusagen oder Datenlandkarte sind nicht lesbar; Grund: `python -m retention policy check`.",
    ),
    "now.not_run": (
        "A newer check should exist by now: `verify_retention` has finished none.",
        "Inzwischen sollte eine neuere Prüfung vorliegen: `verify_retention` hat keine beendet.",
    ),
}
