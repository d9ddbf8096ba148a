"""The words of what spans all data categories: the overview, the places, and what nobody mapped, as (English, German)."""

from __future__ import annotations

OVERVIEW: dict[str, tuple[str, str]] = {
    "overview": ("All data categories", "Alle Datenarten"),
    "limit": ("Limit", "Frist"),
    "limit.at_once": ("or at once after an event", "oder unmittelbar nach Ereignis"),
    "limit.by_events": ("{} after an event", "{} nach Ereignis"),
    "limit.span": ("{} to {}", "{} bis {}"),
    "gone_lately": ("Gone, 24 h / 30 days", "Weg, 24 Std. / 30 Tage"),
    "kept": ("Kept longer, and why", "Länger behalten, und warum"),
    "kept.none": ("none", "nichts"),
    "kept.exception_duty": ("by statutory duty", "durch Aufbewahrungspflicht"),
    "kept.exception_hold": ("by legal hold", "durch Löschsperre"),
    "kept.exception_restriction": ("restricted (Art. 18)", "eingeschränkt (Art. 18)"),
    "kept.exception_waits": ("waits for what goes first", "wartet auf Vorrangiges"),
    "kept.exception_consent": ("by consent", "durch Einwilligung"),
    "only_beside.short": ("by general findings only", "nur wegen allgemeiner Funde"),
    "only_beside": (
        "only because of what may concern any category",
        "nur wegen Funden, die jede Datenart betreffen können",
    ),
    "shares_plot": (
        "Oldest item without an exception, against the limit of its category",
        "Ältestes Element ohne Ausnahme, gemessen an der Frist seiner Datenart",
    ),
    "share": ("{}, limit {}", "{}, Frist {}"),
    "share.limit": ("the limit of each category", "die Frist jeder Datenart"),
    "share.by_events": ("by events, never by age", "nach Ereignissen, nie nach Alter"),
    "share.next": ("next deadline in {}", "nächste Frist: noch {}"),
    "share.passed": ("a deadline passed {} ago", "Frist abgelaufen: {} her"),
    "no_deadline": ("no deadline", "keine Frist läuft"),
    "no_deadline_note": (
        "nothing has happened yet that would end the need",
        "noch ist nichts eingetreten, was den Zweck beendet",
    ),
    "next_due_none": ("none is waiting for a date", "keine steht mit Datum an"),
    "place.never": ("never yet", "noch nie"),
    "elsewhere": ("kept by others", "bei Dritten"),
    "elsewhere_headroom": ("not measurable", "nicht messbar"),
    "elsewhere_note": (
        "nothing of ours can look there: it rests on what the holders attest",
        "dort können wir nicht prüfen: Grundlage ist, was die Stellen bestätigen",
    ),
    "elsewhere_runs": (
        "No deletion run of ours deletes here: others keep all of it, or clear it themselves.",
        "Hier löscht kein eigener Löschlauf: Andere bewahren alles auf oder bereinigen es selbst.",
    ),
    "shorter_agreed.one": (
        "with 1 customer a shorter limit is agreed",
        "mit 1 Kunden ist eine kürzere Frist vereinbart",
    ),
    "shorter_agreed": (
        "with {} customers shorter limits are agreed",
        "mit {} Kunden sind kürzere Fristen vereinbart",
    ),
    # what is done, where it is not deletion
    "gone.anonymise": ("Anonymised", "Anonymisiert"),
    "gone_on_recovery.anonymise": (
        "of these found anonymised after an interruption",
        "davon nach einer Unterbrechung als anonymisiert bestätigt",
    ),
    "already_gone.anonymise": (
        "already anonymised or gone (another run)",
        "bereits anonymisiert oder weg (anderer Lauf)",
    ),
    "days_plot.anonymise": (
        "Items anonymised per day, last 30 days",
        "Anonymisierte Elemente je Tag, letzte 30 Tage",
    ),
    "latency.anonymise": ("Due event to anonymised", "Vom Ereignis bis zur Anonymisierung"),
    "latency_none.anonymise": (
        "no anonymisation is recorded in this time",
        "in dieser Zeit ist keine Anonymisierung erfasst",
    ),
    "next_due.anonymise": ("Next item due", "Nächste Anonymisierung fällig"),
    "legend.due.anonymise": ("anonymisation starts", "Anonymisierung beginnt"),
    # places
    "places": ("Places", "Speicherorte"),
    "kind": ("Kind", "Art"),
    "kind.s3": ("objects described by rows", "Objekte, zu denen es Zeilen gibt"),
    "kind.log_objects": ("log objects", "Log-Objekte"),
    "kind.table": ("rows of a table", "Zeilen einer Tabelle"),
    "kind.partitions": ("partitioned table", "partitionierte Tabelle"),
    "kind.files": ("log files", "Logdateien"),
    "kind.airflow": ("Airflow's own database", "eigene Datenbank von Airflow"),
    "kind.external": ("copies kept by {}", "Kopien bei {}"),
    "role": ("Our role", "Unsere Rolle"),
    "role.controller": ("controller", "Verantwortlicher"),
    "role.processor": ("processor", "Auftragsverarbeiter"),
    "place.canaries": ("canaries show that deletion works", "Prüfdatensätze zeigen, dass die Löschung arbeitet"),
    "place.no_canaries": ("no canaries", "keine Prüfdatensätze"),
    "attested_on": ("attested on {}", "bestätigt am {}"),
    "not_attested": ("not attested", "nicht bestätigt"),
    "place.unseen": ("not by this check", "nicht von dieser Prüfung"),
    "place.attested": ("attested", "bestätigt"),
    "checks_folded": ("Each check on each place", "Jede Prüfung an jedem Ort"),
    "in_places": ("{} places", "{} Orte"),
    # what nobody mapped
    "coverage": ("What nobody has mapped, in all places", "Was niemand kartiert hat, an allen Orten"),
    "coverage_intro": (
        "Whatever the connections can see has to be mapped, or declared free of personal data.",
        "Alles, was die Verbindungen sehen, muss kartiert oder als frei von Personendaten erklärt sein.",
    ),
    "coverage_when": ("Last looked for: {}; it saw {}.", "Zuletzt gesucht: {}; gesehen wurden {}."),
    "coverage_never": (
        "No check has looked for unmapped tables, columns and files yet: whether there are any is not known.",
        "Noch keine Prüfung hat nach nicht kartierten Tabellen, Spalten und Dateien gesucht: Nicht bekannt, ob es sie gibt.",
    ),
    "coverage_none": (
        "Nothing found: all that it saw is mapped or declared.",
        "Ohne Befund: Alles, was sie sah, ist kartiert oder erklärt.",
    ),
    "several_categories": ("{} data categories", "{} Datenarten"),
}
