"""The words of a certificate on paper, as (English, German)."""

from __future__ import annotations

LABELS: dict[str, tuple[str, str]] = {
    "title": ("Certificate of deletion", "Löschbescheinigung"),
    "id": ("Certificate", "Bescheinigung"),
    "issued": ("Issued", "Ausgestellt"),
    "run": ("What one run deleted", "Was ein Löschlauf gelöscht hat"),
    "customer": ("What went of one customer (Art. 28 GDPR)", "Was von einem Kunden gelöscht wurde (Art. 28 DSGVO)"),
    "gone": ("Gone", "Gelöscht"),
    "gone.note": ("confirmed to be gone, in the stores themselves", "in den Speichern selbst als gelöscht bestätigt"),
    "planned": ("Planned", "Geplant"),
    "planned.note": ("in the frozen list of the run", "in der festgeschriebenen Liste des Laufs"),
    "recovered": ("Gone on recovery", "Nach Unterbrechung gelöscht"),
    "recovered.note": ("found gone after an interruption", "nach einer Unterbrechung als gelöscht vorgefunden"),
    "failed": ("Failed", "Fehlgeschlagen"),
    "failed.note": ("could not be deleted", "konnte nicht gelöscht werden"),
    "category": ("Data category", "Datenart"),
    "place": ("Place", "Speicherort"),
    "first": ("First gone", "Zuerst gelöscht"),
    "last": ("Last gone", "Zuletzt gelöscht"),
    "tenant": ("Customer", "Kunde"),
    "period": ("Period", "Zeitraum"),
    "until": ("to, exclusively", "bis ausschließlich"),
    "plan": ("Plan", "Plan"),
    "plan_digest": ("Digest of the plan (SHA-256)", "Prüfsumme des Plans (SHA-256)"),
    "as_of": ("Due times judged at", "Fälligkeit beurteilt am"),
    "policy": ("Privacy policy of", "Datenschutzerklärung vom"),
    "rule": ("The rule that was carried out", "Die ausgeführte Löschregel"),
    "spared": ("Spared at the last moment, and why", "Im letzten Moment verschont, und warum"),
    "reason": ("Reason", "Grund"),
    "number": ("Number", "Anzahl"),
    "what": ("The statement", "Die Aussage"),
    "places": ("By category and place", "Nach Datenart und Speicherort"),
    "bears": ("What bears it", "Was sie trägt"),
    "bears.note": (
        "These entries of the ledger come with the certificate, each with a proof that it is in the ledger that was signed.",
        (
            "Diese Einträge des Löschprotokolls liegen der Bescheinigung bei, jeder mit dem Beweis, dass er im signierten "
            "Protokoll steht."
        ),
    ),
    "bears.more": ("{} entries in all; the JSON has every one.", "Insgesamt {} Einträge; das JSON enthält alle."),
    "bears.complete": (
        (
            "They are all entries of the run: its last one counts the others by their numbers, and the check refuses the "
            "certificate where one of them is missing."
        ),
        (
            "Es sind alle Einträge des Laufs: Sein letzter zählt die anderen mit ihren Nummern auf, und die Prüfung weist die "
            "Bescheinigung zurück, wo einer davon fehlt."
        ),
    ),
    "entry": ("Entry", "Eintrag"),
    "at": ("Time", "Zeitpunkt"),
    "kind": ("Kind", "Art"),
    "kind.plan": ("plan", "Plan"),
    "kind.approval": ("approval by a second person", "Freigabe durch eine zweite Person"),
    "kind.intent": ("what is about to be deleted", "was gelöscht werden soll"),
    "kind.result": ("what went", "was gelöscht wurde"),
    "kind.recovery": ("recovery after an interruption", "Wiederaufnahme nach Unterbrechung"),
    "kind.plan_result": ("the run's result", "Ergebnis des Laufs"),
    "check": ("First check afterwards", "Erste Prüfung danach"),
    "check.none": (
        "none was noted under this head: the certificate says what went, not that nothing is left",
        "keine war unter diesem Kopf vermerkt: Bescheinigt ist, was gelöscht wurde, nicht dass nichts übrig ist",
    ),
    "verdict.compliant": ("compliant", "eingehalten"),
    "verdict.breach": ("breach", "Fristüberschreitung"),
    "verdict.unknown": ("not known", "nicht bekannt"),
    "evidence": ("Evidence", "Nachweise"),
    "rules_digest": ("Rules in force (SHA-256)", "Geltende Löschregeln (SHA-256)"),
    "ledger": ("Ledger, signed", "Löschprotokoll, signiert"),
    "ledger.of": ("{} entries on {}", "{} Einträge am {}"),
    "root": ("Merkle root of the ledger", "Merkle-Wurzel des Protokolls"),
    "log": ("Name of the ledger", "Name des Protokolls"),
    "key": ("Key that signed", "Signierender Schlüssel"),
    "how": ("How to check it", "So wird geprüft"),
    "how.1": (
        (
            "Keep this PDF and the JSON that came with it in one folder, with the names they came with. The JSON has the "
            "signature, and in it the SHA-256 of this PDF."
        ),
        (
            "Dieses PDF und das mitgelieferte JSON unter ihren Namen in einem Ordner ablegen. Das JSON trägt die Signatur, "
            "darin die SHA-256 dieses PDFs."
        ),
    ),
    "how.2": (
        (
            "Get the public key by another way than this certificate, and compare its name with the one above: whoever can "
            "forge a certificate can enclose a key."
        ),
        (
            "Den öffentlichen Schlüssel auf anderem Weg beschaffen als diese Bescheinigung und seinen Namen mit dem obigen "
            "vergleichen: Wer eine Bescheinigung fälscht, kann auch einen Schlüssel beilegen."
        ),
    ),
    "how.3": (
        "Check both, without network and without us. Any changed byte is refused:",
        "Beides prüfen, ohne Netz und ohne uns. Jedes veränderte Byte wird zurückgewiesen:",
    ),
    "how.4": (
        "Who wants to write a checker of his own finds the bytes in docs/evidence.md.",
        "Wer ein eigenes Prüfprogramm schreiben will, findet die Bytes in docs/evidence.md.",
    ),
    "limits": ("What it does not say", "Was sie nicht sagt"),
    "limits.run": (
        "It says what this run deleted. That nothing else was left is said by checks, which look into the stores themselves.",
        (
            "Sie sagt, was dieser Lauf gelöscht hat. Dass nichts anderes übrig war, sagen die Prüfungen, die in die Speicher "
            "selbst sehen."
        ),
    ),
    "limits.run.older": (
        (
            "This run's last entry is of an older version and does not count the others. It is proven that the batches make up "
            "the number that went, not that no other entry was left out."
        ),
        (
            "Der letzte Eintrag dieses Laufs stammt aus einer älteren Version und zählt die anderen nicht auf. Bewiesen ist, "
            "dass die Stapel die Zahl des Gelöschten ergeben, nicht dass kein anderer Eintrag fehlt."
        ),
    ),
    "limits.customer": (
        (
            "Each entry bears how much of it was this customer's, so at least so much went. Not proven is that it was no more: "
            "whoever issued this could have left out entries of the period in which more of this customer's data went, and "
            "nothing in this certificate would show it. That nothing is left is said by checks, which look into the stores "
            "themselves."
        ),
        (
            "Jeder Eintrag belegt, wie viel davon diesem Kunden gehörte: Mindestens so viel wurde gelöscht. Nicht bewiesen ist, "
            "dass es nicht mehr war: Wer diese Bescheinigung ausstellt, könnte Einträge des Zeitraums weggelassen haben, mit "
            "denen weitere Daten dieses Kunden gelöscht wurden, ohne dass es ihr anzusehen wäre. Dass nichts übrig ist, sagen "
            "die Prüfungen, die in die Speicher selbst sehen."
        ),
    ),
}
