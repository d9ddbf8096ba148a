"""The words of the pages inside Airflow, as (English, German)."""

from __future__ import annotations

PAGES: dict[str, tuple[str, str]] = {
    "navigation": ("Retention pages", "Seiten zur Aufbewahrung"),
    "newest_report": ("Latest report", "Neuester Bericht"),
    "reports": ("All reports", "Alle Berichte"),
    "earlier_reports": ("Earlier reports", "Frühere Berichte"),
    "older_reports": ("Older reports", "Ältere Berichte"),
    "save_html": ("Save as file", "Als Datei speichern"),
    "save_pdf": ("PDF", "PDF"),
    "save_json": ("JSON", "JSON"),
    "verdict": ("Verdict", "Ergebnis"),
    "categories": ("Data categories", "Datenarten"),
    "out_of_date": ("This report is out of date.", "Dieser Bericht ist nicht mehr aktuell."),
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
    "no_reports": ("There is no report yet.", "Es gibt noch keinen Bericht."),
    "no_reports_note": (
        "Nothing was checked so far, so nothing is known. The DAG `verify_retention` writes a report each time it runs.",
        "Bisher wurde nichts geprüft, also ist nichts bekannt. Der DAG `verify_retention` schreibt bei jedem Lauf einen Bericht.",
    ),
    "problem.403": ("Your login is not valid here", "Ihre Anmeldung gilt hier nicht"),
    "problem.403.note": (
        "These reports are for everybody who is logged in to Airflow. Log out, log in again, and come back.",
        "Diese Berichte sind für alle, die in Airflow angemeldet sind. Bitte ab- und wieder anmelden.",
    ),
    "problem.404": ("There is no such page", "Diese Seite gibt es nicht"),
    "problem.404.note": (
        "No report has this address. All reports are listed under the link above.",
        "Unter dieser Adresse liegt kein Bericht. Alle Berichte stehen unter dem Link oben.",
    ),
    "problem.500": ("This page could not be made", "Diese Seite konnte nicht erstellt werden"),
    "problem.500.note": (
        "The cause stands in the log of Airflow's API server.",
        "Die Ursache steht im Protokoll des API-Servers von Airflow.",
    ),
    "problem.503": ("The reports can't be read now", "Die Berichte sind derzeit nicht lesbar"),
    "problem.503.note": (
        "Our own database did not answer, or its schema is missing. Check that it runs, and Airflow's connection `retention_db`.",
        "Die eigene Datenbank antwortete nicht, oder ihr Schema fehlt. Bitte Datenbank und Verbindung `retention_db` prüfen.",
    ),
    "problem.503.more": (
        "The cause stands in the log of the API server. `python -m retention status` answers without Airflow.",
        "Die Ursache steht im Protokoll des API-Servers. `python -m retention status` antwortet auch ohne Airflow.",
    ),
}
