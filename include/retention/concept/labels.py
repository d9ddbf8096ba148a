"""The words of the deletion concept, as (English, German). Words that the report has, too, are the report's."""

from __future__ import annotations

LABELS: dict[str, tuple[str, str]] = {
    "title": ("Deletion concept", "Löschkonzept"),
    "standard": ("after DIN EN ISO/IEC 27555", "nach DIN EN ISO/IEC 27555"),
    "written": ("Written", "Erstellt"),
    "intro": (
        (
            "This concept is written by the program from the promises, the retention rules and the data map that it "
            "carries out, and is never edited: the digests below name exactly those documents. Whether it is kept is said"
            " by the check report."
        ),
        (
            "Dieses Konzept schreibt das Programm selbst, aus den Zusagen, Löschregeln und der Datenlandkarte, die es "
            "ausführt; von Hand wird nichts geändert. Die Prüfsummen unten benennen genau diese Dokumente. Ob es "
            "eingehalten wird, sagt der Prüfbericht."
        ),
    ),
    "classes": ("Deletion classes", "Löschklassen"),
    "classes.intro": (
        "A class is a kind of start point and a regular deletion period, which includes the time that deletion takes.",
        (
            "Eine Löschklasse ist eine Art von Startzeitpunkt und eine Regellöschfrist; diese schließt die Dauer der "
            "Löschung ein."
        ),
    ),
    "class": ("Class", "Klasse"),
    "start": ("Start point", "Startzeitpunkt"),
    "start.arising": ("when the data arise", "Entstehung der Daten"),
    "start.event": (
        "end of a process, or what somebody decides",
        "Ende eines Vorgangs oder Entscheidung einer Person",
    ),
    "start.relation": ("end of the relation to the customer", "Ende der Beziehung zum Kunden"),
    "period": ("Regular deletion period", "Regellöschfrist"),
    "categories": ("Data categories", "Datenarten"),
    "rules": ("Data categories and deletion rules", "Datenarten und Löschregeln"),
    "policy_says": ("Policy", "Erklärung"),
    "reading": ("Reading that is enforced", "Umgesetzte Lesart"),
    "acts": ("Deletion begins", "Löschung beginnt"),
    "acts.after": ("{} after the event", "{} nach dem Ereignis"),
    "acts.at_once": ("with the event", "mit dem Ereignis"),
    "gone_by": ("Gone at the latest", "Spätestens gelöscht"),
    "minimum": ("Minimum retention period", "Vorhaltefrist"),
    "minimum.none": ("none for all items", "keine für alle Elemente"),
    "minimum.of": (
        "{} calendar years from the end of the year ({}), and until a release is recorded",
        "{} Kalenderjahre ab Jahresende ({}), und bis eine Freigabe vermerkt ist",
    ),
    "minimum.flagged": (
        "as long as a statutory duty is flagged on the item, with its paragraph and its end",
        "solange am Element eine Aufbewahrungspflicht vermerkt ist, mit Paragraph und Ende",
    ),
    "consents": ("Exempt", "Ausgenommen"),
    "consents.none": ("nothing", "nichts"),
    "consents.of": (
        "with consent to {} of all of these: {}; reviewed every {}, and lapsing {} after a missed review",
        "mit Einwilligung in {} aller dieser Stellen: {}; alle {} überprüft, erlischt {} nach versäumter Überprüfung",
    ),
    "action": ("What is done", "Maßnahme"),
    "action.delete": ("deleted, with all that hangs on it", "gelöscht, mit allem, was daran hängt"),
    "action.anonymise": ("anonymised", "anonymisiert"),
    "owner": ("Answers for it", "Zuständig"),
    "owner.promise": ("for the promise: {}", "für die Zusage: {}"),
    "owner.rule": ("for the rule: {}", "für die Regel: {}"),
    "approved": ("Version", "Fassung"),
    "approved.of": ("{}, approved by {}, in force since {}", "{}, freigegeben durch {}, in Kraft seit {}"),
    "released": ("After a hold, consent or duty ends", "Nach Ende von Sperre, Einwilligung, Pflicht"),
    "released.of": ("done within {}", "erledigt binnen {}"),
    "runs": ("Runs", "Löschläufe"),
    "runs.of": (
        "longest gap {}; so many missed runs in a row break no limit: {}",
        "längster Abstand {}; so viele ausgefallene Läufe in Folge verletzen keine Frist: {}",
    ),
    "approval": ("Needs a second person", "Zweite Person nötig"),
    "approval.of": (
        "above {} items, or {} % of all; that person approves exactly that list",
        "ab mehr als {} Elementen oder {} % aller; freigegeben wird genau diese Liste",
    ),
    "places": ("Where they lie", "Wo sie liegen"),
    "kind": ("Kind", "Art"),
    "role": ("Our role", "Unsere Rolle"),
    "no_place": (
        "No place of the data map holds this category.",
        "Kein Speicherort der Datenlandkarte enthält diese Datenart.",
    ),
    "record": (
        "Deletion periods for the record of processing (Art. 30(1)(f) GDPR)",
        "Löschfristen für das Verzeichnis von Verarbeitungstätigkeiten (Art. 30 Abs. 1 lit. f DSGVO)",
    ),
    "record.intro": (
        "To be taken over as it is. As processor we keep the same periods; the customer's record names them (Art. 30(2)).",
        (
            "Zur Übernahme. Als Auftragsverarbeiter gelten dieselben Fristen; benannt werden sie im Verzeichnis des "
            "Kunden (Art. 30 Abs. 2)."
        ),
    ),
    "source": ("Source", "Quelle"),
    "period.after": ("{} after {}", "{} nach {}"),
    "exceptions.title": ("What may be kept longer", "Was länger bleiben darf"),
    "exceptions.hold": (
        (
            "Legal holds: with a reason, a requester, another person who approved, and an end or a day of review. Holds "
            "are read again right before each batch (Art. 17(3)(e) GDPR)."
        ),
        (
            "Löschsperren: mit Grund, antragstellender und davon verschiedener freigebender Person und mit Ende oder "
            "Überprüfungstag. Unmittelbar vor jedem Stapel werden sie erneut gelesen (Art. 17 Abs. 3 lit. e DSGVO)."
        ),
    ),
    "exceptions.duty": (
        "Statutory duties that are flagged on the item, with their paragraph and their end (Art. 17(3)(b) GDPR).",
        "Aufbewahrungspflichten, die am Element vermerkt sind, mit Paragraph und Ende (Art. 17 Abs. 3 lit. b DSGVO).",
    ),
    "exceptions.restriction": (
        "Restricted processing: kept and not used (Art. 18 GDPR).",
        "Eingeschränkte Verarbeitung: aufbewahrt, ohne verwendet zu werden (Art. 18 DSGVO).",
    ),
    "exceptions.consent": (
        "Consents, where the category's rule knows them (Art. 6(1)(a) GDPR).",
        "Einwilligungen, wo die Löschregel sie vorsieht (Art. 6 Abs. 1 lit. a DSGVO).",
    ),
    "exceptions.listed": (
        "Each exception stands in the check report with its reason, its basis and its end, apart from breaches.",
        "Jede Ausnahme steht im Prüfbericht mit Grund, Grundlage und Ende, getrennt von Überschreitungen.",
    ),
    "exceptions.tenants": (
        "With {} customers shorter limits are agreed; longer ones are refused.",
        "Mit {} Kunden sind kürzere Fristen vereinbart; längere werden abgewiesen.",
    ),
    "backups": ("Backups", "Sicherungen"),
    "backups.replay": (
        (
            "What went stays on a list of keyed hashes for as long as the oldest backup lives. After a restore it is "
            "found by that list and goes again by its rule, before the system is used."
        ),
        (
            "Was gelöscht wurde, steht als schlüsselgebundener Hashwert auf einer Liste, so lange die älteste Sicherung "
            "lebt. Nach einer Rücksicherung wird es darüber gefunden und nach seiner Regel erneut gelöscht, bevor das "
            "System benutzt wird."
        ),
    ),
    "backups.kept": ("The oldest backup of a source lives {}.", "Die älteste Sicherung einer Quelle lebt {}."),
    "backups.unknown": (
        (
            "How long the oldest backup of a source lives is not said: RETENTION_BACKUPS_KEPT is not set. Whoever makes "
            "the backups has to say so."
        ),
        (
            "Wie lange die älteste Sicherung einer Quelle lebt, ist nicht angegeben: RETENTION_BACKUPS_KEPT ist nicht "
            "gesetzt. Angeben muss das, wer die Sicherungen macht."
        ),
    ),
    "control": ("How it is checked", "Wie es geprüft wird"),
    "control.check": (
        (
            "Checks read the stores themselves, with other code and another access than deletion has: nothing past its "
            "limit, nothing protected gone, nothing that nobody mapped. What can't be read is unknown, never a pass."
        ),
        (
            "Prüfungen lesen die Speicher selbst, mit anderem Programmcode und anderem Zugang als die Löschung: nichts "
            "über der Frist, nichts Geschütztes verschwunden, nichts Unkartiertes. Was nicht lesbar ist, ist nicht "
            "bekannt, nie bestanden."
        ),
    ),
    "control.ledger": (
        "Each deletion is an entry of a ledger that is chained and signed hourly; it holds no name, only keyed hashes.",
        (
            "Jede Löschung ist ein Eintrag in einem verketteten, stündlich signierten Löschprotokoll; es enthält keine "
            "Namen, nur schlüsselgebundene Hashwerte."
        ),
    ),
    "control.sdm": (
        "The check report relates the measures of the SDM's module 60 to these checks and their latest results.",
        "Der Prüfbericht ordnet die Maßnahmen des SDM-Bausteins 60 diesen Prüfungen und ihren letzten Ergebnissen zu.",
    ),
    "uncovered": ("What this concept does not cover", "Was dieses Konzept nicht abdeckt"),
    "uncovered.only": (
        (
            "Covered are the clauses and places that stand above, and nothing else. Other processing of the company, such"
            " as contracts, invoices and staff, has no rule here."
        ),
        (
            "Abgedeckt sind die oben genannten Klauseln und Speicherorte und sonst nichts. Andere Verarbeitungen des "
            "Unternehmens, etwa Verträge, Rechnungen und Personal, haben hier keine Regel."
        ),
    ),
    "clauses": ("Clauses without a deletion period of their own", "Klauseln ohne eigene Löschfrist"),
    "clause": ("Clause", "Klausel"),
    "places_without_rule": ("Places without a rule", "Speicherorte ohne Löschregel"),
    "declared": ("Declared to hold no personal data", "Als frei von personenbezogenen Daten erklärt"),
    "declared.none": ("Nothing was declared so.", "Nichts wurde so erklärt."),
    "what": ("What", "Was"),
    "why": ("Why", "Warum"),
    "declared_by": ("Declared", "Erklärt"),
    "lenient": ("More lenient than the strictest reading", "Milder als die strengste Lesart"),
    "documents": ("The documents", "Die Dokumente"),
}
