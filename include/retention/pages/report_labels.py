"""The words around kept reports, and of problems, as (English, German)."""

from __future__ import annotations

REPORTS: dict[str, tuple[str, str]] = {
    "navigation": ("Retention pages", "Seiten zur Aufbewahrung"),
    "reports": ("All reports", "Alle Berichte"),
    "earlier_reports": ("Earlier reports", "Frühere Berichte"),
    "older_reports": ("Older reports", "Ältere Berichte"),
    "save_html": ("Save as file", "Als Datei speichern"),
    "save_pdf": ("PDF", "PDF"),
    "save_json": ("JSON", "JSON"),
    "verdict": ("Verdict", "Ergebnis"),
    "categories": ("Data categories", "Datenarten"),
    "out_of_date": ("This report is out of date.", "Dieser Bericht ist nicht mehr aktuell."),
    "no_reports": ("There is no report yet.", "Es gibt noch keinen Bericht."),
    "no_reports_note": (
        "Nothing was checked so far, so nothing is known. The DAG `verify_retention` writes a report each time it runs.",
        "Bisher wurde nichts geprüft, also ist nichts bekannt. Der DAG `verify_retention` schreibt bei jedem Lauf einen Bericht.",
    ),
    "problem.403": ("You may not do this", "Das dürfen Sie nicht"),
    "problem.403.note": (
        "Your login, or your roles in Airflow, do not give the right to it. Log in again, or ask for one of these pages' roles.",
        "Ihre Anmeldung oder Ihre Rollen in Airflow geben dieses Recht nicht. Bitte neu anmelden oder um eine Rolle bitten.",
    ),
    "problem.forged": (
        "Nothing was done: the form was not ours",
        "Nichts wurde getan: Das Formular war nicht von hier",
    ),
    "problem.forged.note": (
        "It was not a form that these pages made for you, or one older than half a day. Open the page again.",
        "Es war kein Formular, das diese Seiten für Sie erstellt haben, oder ein älteres als einen halben Tag. Bitte neu öffnen.",
    ),
    "problem.404": ("There is no such page", "Diese Seite gibt es nicht"),
    "problem.404.note": (
        "Nothing has this address. All pages are linked above.",
        "Unter dieser Adresse liegt nichts. Alle Seiten sind oben verlinkt.",
    ),
    "problem.405": ("This address does not take that", "Diese Adresse nimmt das nicht an"),
    "problem.405.note": (
        "Pages are read; only the forms on them write, each to an address of its own. Nothing was done.",
        "Seiten werden gelesen; nur ihre Formulare schreiben, jedes an seine eigene Adresse. Nichts wurde getan.",
    ),
    "problem.413": ("That was too much", "Das war zu viel"),
    "problem.413.note": (
        "A form holds a reason, a few ids and dates: 64 KiB at the most. Nothing was done.",
        "Ein Formular fasst eine Begründung, einige Kennungen und Daten: höchstens 64 KiB. Nichts wurde getan.",
    ),
    "problem.422": ("The form could not be understood", "Das Formular war nicht zu verstehen"),
    "problem.422.note": (
        "A field held something that it can't hold. Nothing was done.",
        "Ein Feld enthielt etwas, das dort nicht stehen kann. Nichts wurde getan.",
    ),
    "problem.500": ("This page could not be made", "Diese Seite konnte nicht erstellt werden"),
    "problem.500.note": (
        "The cause stands in the log of Airflow's API server.",
        "Die Ursache steht im Protokoll des API-Servers von Airflow.",
    ),
    "problem.503": ("These pages can't be read now", "Diese Seiten sind derzeit nicht lesbar"),
    "problem.503.note": (
        "Our own database did not answer, or its schema is missing. Check that it runs, and Airflow's connection `retention_db`.",
        "Die eigene Datenbank antwortete nicht, oder ihr Schema fehlt. Bitte Datenbank und Verbindung `retention_db` prüfen.",
    ),
    "problem.503.more": (
        "The cause stands in the log of the API server. `python -m retention status` answers without Airflow.",
        "Die Ursache steht im Protokoll des API-Servers. `python -m retention status` antwortet auch ohne Airflow.",
    ),
}
