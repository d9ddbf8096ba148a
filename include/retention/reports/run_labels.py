"""The words for deletion runs, as (English, German): the one place for status, summary, report and page."""

from __future__ import annotations

RUNS: dict[str, tuple[str, str]] = {
    "run": ("Deletion run", "Löschlauf"),
    "run.rows": ("Deletion run", "Löschlauf"),
    "run.listing": ("Deletion run by the full listing", "Löschlauf anhand der vollständigen Auflistung"),
    "run.replay": ("Deletion run by a replay list", "Löschlauf anhand einer Wiederholungsliste"),
    "run.purge": ("Manual purge", "Manuelle Löschung"),
    "coverage.rows": ("regular run", "regulärer Lauf"),
    "coverage.listing": ("full listing", "vollständige Auflistung"),
    "coverage.replay": ("replay list", "Wiederholungsliste"),
    "coverage.purge": ("manual purge", "manuelle Löschung"),
    "gone_by.purge": ("by a manual purge", "durch manuelle Löschung"),
    "gone_by.rows": ("in regular runs", "in regulären Läufen"),
    "gone_by.replay": ("again by a replay list", "erneut anhand einer Wiederholungsliste"),
    "gone_by.listing": ("by the full listing", "anhand der vollständigen Auflistung"),
    "run.rows.anonymise": ("Anonymisation run", "Anonymisierungslauf"),
    # what state it is in
    "state.planning": ("being planned", "wird geplant"),
    "state.planned": ("planned, not executed yet", "geplant, noch nicht ausgeführt"),
    "state.observed": ("observed, nothing deleted", "beobachtet, nichts gelöscht"),
    "state.observed.anonymise": ("observed, nothing anonymised", "beobachtet, nichts anonymisiert"),
    "state.blocked": ("blocked, waits for approval", "angehalten, wartet auf Freigabe"),
    "state.approved": ("approved, not executed yet", "freigegeben, noch nicht ausgeführt"),
    "state.running": ("running", "läuft"),
    "state.done": ("done", "abgeschlossen"),
    "state.partly_failed": ("partly failed", "teilweise fehlgeschlagen"),
    "state.failed": ("failed", "fehlgeschlagen"),
    "state.stopped": ("stopped", "ausgesetzt"),
    "state.interrupted": ("interrupted", "abgebrochen"),
    "state.expired": ("expired, never executed", "verfallen, nie ausgeführt"),
    # what to do about it
    "next.partly_failed": (
        "The next run tries again; docs/stores.md says what the codes mean.",
        "Der nächste Lauf versucht es erneut; docs/stores.md sagt, was die Codes bedeuten.",
    ),
    "next.failed": ("Its log says why.", "Den Grund nennt sein Protokoll."),
    "next.blocked": (
        "A second person has to approve exactly this run; its log shows the command.",
        "Eine zweite Person muss genau diesen Lauf freigeben; sein Protokoll zeigt den Befehl.",
    ),
    "next.stopped": (
        "A stop or the mode forbids deletion, or did so meanwhile; `resume` and `mode` change that.",
        "Stopp oder Modus verbieten das Löschen oder taten es währenddessen; `resume` und `mode` ändern das.",
    ),
    "next.stopped.anonymise": (
        "A stop or the mode forbids anonymising, or did so meanwhile; `resume` and `mode` change that.",
        "Stopp oder Modus verbieten das Anonymisieren oder taten es währenddessen; `resume` und `mode` ändern das.",
    ),
    "next.interrupted": (
        "It ended without saying how; the next run does what is left, and its log says what hinders it.",
        "Er endete ohne Ergebnis; der nächste Lauf erledigt den Rest, und sein Protokoll nennt, was ihn hindert.",
    ),
    "next.expired": ("The next run plans anew.", "Der nächste Lauf plant neu."),
    # its counts
    "run.went": ("{} of {} due items gone", "{} von {} fälligen Elementen gelöscht"),
    "run.went.one": ("{} of {} due item gone", "{} von {} fälligem Element gelöscht"),
    "run.went.listing": ("{} of {} due stored parts gone", "{} von {} fälligen gespeicherten Teilen gelöscht"),
    "run.went.listing.one": ("{} of {} due stored part gone", "{} von {} fälligem gespeicherten Teil gelöscht"),
    "run.went.anonymise": ("{} of {} due items anonymised", "{} von {} fälligen Elementen anonymisiert"),
    "run.went.anonymise.one": ("{} of {} due item anonymised", "{} von {} fälligem Element anonymisiert"),
    "run.is_due.one": ("{} of {} item due", "{} von {} Element fällig"),
    "run.is_due.listing.one": ("{} of {} stored part due", "{} von {} gespeicherten Teil fällig"),
    "run.is_due.listing": ("{} of {} stored parts due", "{} von {} gespeicherten Teilen fällig"),
    "run.is_due": ("{} of {} items due", "{} von {} Elementen fällig"),
    "run.nothing_due": ("nothing was due", "nichts war fällig"),
    "run.failed": ("{} failed", "{} fehlgeschlagen"),
    "run.already_gone": ("{} already gone (another run)", "{} bereits weg (anderer Lauf)"),
    "run.already_gone.anonymise": (
        "{} already anonymised or gone (another run)",
        "{} bereits anonymisiert oder weg (anderer Lauf)",
    ),
    "run.waiting": ("{} wait for what has to go first", "{} warten auf Vorrangiges"),
    "run.waiting.one": ("{} waits for what has to go first", "{} wartet auf Vorrangiges"),
    "run.spared": ("{} spared at the last moment", "{} im letzten Moment verschont"),
    "run.not_planned": ("nothing was planned and nothing deleted", "nichts wurde geplant und nichts gelöscht"),
    "run.not_planned.anonymise": (
        "nothing was planned and nothing anonymised",
        "nichts wurde geplant und nichts anonymisiert",
    ),
    "run.breach_comes.anonymise": (
        "first breach on {} unless they are anonymised",
        "erste Überschreitung am {}, wenn nichts anonymisiert wird",
    ),
    "run.breach_comes": ("first breach on {} unless they go", "erste Überschreitung am {}, wenn nichts gelöscht wird"),
    "run.breach_came": ("first breach was on {}", "erste Überschreitung war am {}"),
}
