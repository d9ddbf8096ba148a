"""The words of the pages inside Airflow, as (English, German)."""

from __future__ import annotations

from retention.pages.form_labels import FORMS
from retention.pages.proof_labels import PROOFS

_TILES: dict[str, tuple[str, str]] = {
    "other_language_short": ("Deutsch", "English"),
    "overview_page": ("Overview", "Überblick"),
    "pages.reports": ("Reports", "Berichte"),
    "pages.rules": ("Rules", "Regeln"),
    "pages.holds": ("Holds", "Löschsperren"),
    "pages.coverage": ("Coverage", "Abdeckung"),
    "pages.evidence": ("Evidence", "Nachweise"),
    "question": ("Is anything past its limit, anywhere?", "Ist irgendwo eine Löschfrist überschritten?"),
    "as_of_now": ("As of {}, from our own records", "Stand {}, aus den eigenen Aufzeichnungen"),
    "answer.compliant": (
        "No. The newest proof of every category is valid, and found nothing.",
        "Nein. Für jede Datenart gilt ein Nachweis, und keiner fand etwas.",
    ),
    "answer.breach": ("Yes, or something that had to stay is gone.", "Ja, oder etwas fehlt, das bleiben musste."),
    "answer.unknown": (
        "Nobody can say: at least one category has no valid proof.",
        "Das ist nicht bekannt: Mindestens für eine Datenart gilt kein Nachweis.",
    ),
    "read_newest": ("Read the newest report", "Neuesten Bericht lesen"),
    "unreadable_documents": (
        "The promises or the data map can't be read; `python -m retention policy check` says why.",
        "Zusagen oder Datenlandkarte sind nicht lesbar. Grund: `python -m retention policy check`.",
    ),
    "breaches_in": ("Breaches in {}", "Überschreitung in {}"),
    "breached_since": ("A deadline passed {} ago", "Eine Frist lief vor {} ab"),
    "at_instant": ("on {}", "am {}"),
    "last_run": ("Last run", "Letzter Lauf"),
    "late": (
        "Late: no regular run for more than a day. Look at the category's DAG.",
        "Verspätet: seit mehr als einem Tag kein regulärer Lauf. Bitte den DAG der Datenart ansehen.",
    ),
    "last_proof": ("Last proof", "Letzter Nachweis"),
    "proof_age": ("{} ago", "vor {}"),
    "proof_never": ("never: nothing is proven", "nie: nichts ist nachgewiesen"),
    "doubt_short.too_old": ("too old", "zu alt"),
    "doubt_short.deadline_passed": ("a deadline has passed since", "seitdem lief eine Frist ab"),
    "doubt_short.promises_changed": ("the promises have changed", "die Zusagen haben sich geändert"),
    "doubt_short.map_changed": ("the data map has changed", "die Datenlandkarte hat sich geändert"),
    "in_report": ("In the newest report", "Im neuesten Bericht"),
    # the global stop
    "stop.title": ("Stop all deletion", "Alle Löschungen aussetzen"),
    "stop.what": (
        "Nothing is deleted any more, in no category, until somebody resumes. A batch that runs now ends first.",
        "Nichts wird mehr gelöscht, in keiner Datenart, bis jemand es wieder aufnimmt. Ein laufender Schub endet zuvor.",
    ),
    "stop.button": ("Stop", "Stopp"),
    "stop.is_set": ("All deletion is stopped", "Alle Löschungen sind ausgesetzt"),
    "stop.by": ("Since {}, by {}.", "Seit {}, durch {}."),
    "stop.why": ("Reason", "Begründung"),
    "stop.why_hidden": (
        "The reason may name somebody, and is not shown here; `python -m retention status` shows it.",
        "Die Begründung nennt womöglich jemanden und steht nicht hier; `python -m retention status` zeigt sie.",
    ),
    "stop.warning": (
        "Deadlines keep running while all is stopped.",
        "Fristen laufen weiter, solange alles ausgesetzt ist.",
    ),
    "resume.title": ("Resume deletion", "Löschungen wieder aufnehmen"),
    "resume.button": ("Resume", "Wieder aufnehmen"),
    "done.stopped": (
        "Stopped: no batch begins from now on, and none is running any more.",
        "Ausgesetzt: Von jetzt an beginnt kein Schub, und es läuft auch keiner mehr.",
    ),
    "done.stopping": (
        "Stopped: no batch begins from now on. One that had begun is still ending; it may take some minutes.",
        "Ausgesetzt: Von jetzt an beginnt kein Schub. Ein schon begonnener endet noch; das kann einige Minuten dauern.",
    ),
    "done.resumed": ("Resumed: batches may begin again.", "Wieder aufgenommen: Schübe dürfen wieder beginnen."),
    "done.was_running": ("Nothing had been stopped.", "Es war nichts ausgesetzt."),
    "refused.stop": ("Nothing was stopped:", "Nichts wurde ausgesetzt:"),
    "refused.resume": ("Nothing was resumed:", "Nichts wurde wieder aufgenommen:"),
}

LABELS = _TILES | FORMS | PROOFS
