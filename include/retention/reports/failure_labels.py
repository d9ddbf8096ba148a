"""Words for the codes by which stores and databases say why something could not be deleted, as (English, German).

docs/stores.md says what to do about each.
"""

from __future__ import annotations

import re

from retention.stores.protocol import IN_PART

FAILURES: dict[str, tuple[str, str]] = {
    "AccessDenied": ("a lock, a policy or a missing right", "Sperre, Richtlinie oder fehlendes Recht"),
    "ListedElsewhere": ("the store lists it under another name", "der Speicher führt es unter anderem Namen"),
    "OutsidePlace": ("its key lies outside the place", "sein Schlüssel liegt außerhalb des Ortes"),
    "PreconditionFailed": ("it was written again meanwhile", "es wurde inzwischen neu geschrieben"),
    "SlowDown": ("the store had no time", "der Speicher war überlastet"),
    "InternalError": ("a fault of the store", "ein Fehler des Speichers"),
    "StillOpen": ("a program still writes into it", "ein Programm schreibt noch hinein"),
    "OtherNames": ("it has other names, under which it would stay", "es hat weitere Namen, unter denen es bliebe"),
    "EACCES": ("no right on the folder", "kein Recht am Ordner"),
    "EPERM": ("not permitted, or marked immutable", "nicht erlaubt oder als unveränderlich markiert"),
    "EROFS": ("the folder is mounted read-only", "der Ordner ist nur lesbar eingehängt"),
    "still_there": ("still there after the deletion", "nach der Löschung noch da"),
    "row_still_there": ("its row is still there", "seine Zeile ist noch da"),
    "unknown": ("without a reason", "ohne Grund"),
    # SQLSTATE: whole codes, then their classes
    "23503": ("rows of another table point to it", "Zeilen einer anderen Tabelle verweisen darauf"),
    "42501": ("a right is missing", "ein Recht fehlt"),
    "55P03": ("somebody holds it locked", "jemand hält es gesperrt"),
    "57014": ("it took too long, or was cancelled", "es dauerte zu lange oder wurde abgebrochen"),
    "08": ("the connection was lost", "die Verbindung brach ab"),
    "22": ("the database refused a value", "die Datenbank wies einen Wert zurück"),
    "23": ("a constraint of the database forbids it", "eine Bedingung der Datenbank verbietet es"),
    "25": ("the database is read-only", "die Datenbank lässt nur Lesen zu"),
    "40": ("another session was at it", "eine andere Sitzung war daran"),
    "42": ("a table, a column or a right is missing", "Tabelle, Spalte oder Recht fehlt"),
    "53": ("the database lacks space, memory or connections", "der Datenbank fehlt Platz, Speicher oder Verbindung"),
    "55": ("somebody uses it", "jemand verwendet es"),
    "57": ("the database broke it off", "die Datenbank brach ab"),
    "P0": ("a trigger refuses it", "ein Trigger verweigert es"),
    "XX": ("a fault of the database", "ein Fehler der Datenbank"),
}
_SQLSTATE = re.compile("[0-9A-Z]{5}")
_PARTS_WENT = ("parts of it have gone, or may have", "Teile davon sind gelöscht oder können es sein")


def failure(code: str, language: str) -> str | None:
    """What a code says; of a SQLSTATE without words of its own what its class says. None for a store's other words."""
    of_refusal = code.removesuffix(IN_PART)
    words = FAILURES.get(of_refusal)
    if words is None and _SQLSTATE.fullmatch(of_refusal):
        words = FAILURES.get(of_refusal[:2])
    position = 1 if language == "de" else 0
    said = [words[position]] if words is not None else []
    return "; ".join([*said, _PARTS_WENT[position]] if of_refusal != code else said) or None
