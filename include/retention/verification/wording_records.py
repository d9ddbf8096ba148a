"""What the kinds of finding are called and mean that came with categories of rows, files and other people's copies."""

from __future__ import annotations

from retention.verification.wording_own import Wording

RECORD_WORDING: dict[str, Wording] = {
    "protected_shrunk": Wording(
        "Protected, and gone in part",
        "Geschützt, aber teilweise verschwunden",
        "Of something that a statutory duty, a hold or the consent of all parties keeps, less is left than a check saw under "
        "that protection: rows of a partition, rows that belong to a row, bytes of a log file. Reported until the protection "
        "ends.",
        "Von etwas, das durch Aufbewahrungspflicht, Löschsperre oder Einwilligung aller Beteiligten zu behalten ist, ist weniger "
        "da als bei einer früheren Prüfung unter diesem Schutz: Zeilen einer Partition, Zeilen, die zu einer Zeile gehören, "
        "Bytes einer Logdatei. Gemeldet, bis der Schutz endet.",
        "Treat as over-deletion: stop disposal, find the writer in the ledger and the store's log, restore from a backup.",
        "Wie eine Überlöschung behandeln: Löschung anhalten, Verursacher in Löschprotokoll und Speicherprotokoll suchen, aus "
        "der Datensicherung wiederherstellen.",
    ),
    "canary_late": Wording(
        "Canary that did not go on time",
        "Prüfdatensatz nicht rechtzeitig gelöscht",
        "An invented item that was due, or whose hold had ended, is still there after the run that should have taken it: "
        "disposal does not work here. No promise is broken by it yet; the first real item that fell due with it breaks one at "
        "`detail.earliest_end`.",
        "Ein erfundener Datensatz, der fällig war oder dessen Löschsperre endete, ist nach dem Lauf, der ihn hätte löschen "
        "müssen, noch da: Die Löschung arbeitet hier nicht. Eine Zusage bricht er noch nicht; der erste echte, der mit ihm "
        "fällig wurde, bricht sie zum Zeitpunkt `detail.earliest_end`.",
        "Look at the category's last disposal (blocked, stopped, failed, in mode observe?) and run it before that time.",
        "Letzten Löschlauf der Datenart ansehen (blockiert, angehalten, gescheitert, im Modus observe?) und vor diesem Zeitpunkt "
        "ausführen.",
    ),
    "canary_lost": Wording(
        "Canary that had to stay and is gone",
        "Prüfdatensatz zu früh gelöscht",
        "An invented item is gone although a hold or consents keep it, or before it was due. What took it takes what must stay, "
        "too. "
        "`detail.reasons` says which.",
        "Ein erfundener Datensatz ist weg, obwohl eine Löschsperre oder Einwilligungen ihn halten oder bevor er fällig war. Was "
        "ihn gelöscht hat, löscht auch, was bleiben muss. `detail.reasons` nennt den Fall.",
        "Stop disposal, and find out from the ledger and the store's log who deleted it.",
        "Löschung anhalten und anhand von Löschprotokoll und Speicherprotokoll klären, wer ihn gelöscht hat.",
    ),
    "canary_missing": Wording(
        "No new canary",
        "Kein neuer Prüfdatensatz",
        "Invented items were planted in this place, and none for longer than is foreseen: that disposal works is not shown ahead "
        "of time any more.",
        "An diesem Ort wurden erfundene Datensätze angelegt, nun länger als vorgesehen keiner mehr: Dass die Löschung arbeitet, "
        "zeigt sich nicht mehr vorab.",
        "Look at the DAG `plant_canaries`: it plants nothing in a category that is not in mode `enforce`.",
        "DAG `plant_canaries` ansehen: In Datenarten, die nicht im Modus `enforce` sind, legt er nichts an.",
    ),
    "past_event": Wording(
        "Event passed, but still there",
        "Ereignis eingetreten, aber noch vorhanden",
        "An event that ends the need (end of the contract, instruction, request, withdrawal, suppression) is further "
        "back than the promise allows, and neither duty nor hold nor consent keeps the item. What customer or person "
        "decided goes before consents and, where we are the processor, before holds of ours. `detail.reasons` names "
        "the event.",
        "Ein Ereignis, das den Zweck beendet (Vertragsende, Weisung, Löschwunsch, Widerruf, Werbesperre), liegt "
        "länger zurück als zugesagt; weder Aufbewahrungspflicht noch Löschsperre noch Einwilligung hält die Daten. "
        "Was Kunde oder Person entschieden hat, geht Einwilligungen vor und, wo wir Auftragsverarbeiter sind, eigenen "
        "Löschsperren. `detail.reasons` nennt das Ereignis.",
        "Look at the last disposal run of the category, its mode and the global stop.",
        "Letzten Löschlauf der Datenart, Modus und globalen Stopp prüfen.",
    ),
    "half_anonymised": Wording(
        "Half anonymised",
        "Nur teilweise anonymisiert",
        "In one row some columns are anonymised and others still tell whom it is about, whatever its age.",
        "In einer Zeile sind manche Spalten anonymisiert, andere nennen weiterhin die Person, gleich welchen Alters.",
        "Run disposal again; compare the place's `anonymise` with what writes such rows.",
        "Löschung erneut laufen lassen; `anonymise` des Orts mit dem vergleichen, was solche Zeilen schreibt.",
    ),
    "orphan_dependent": Wording(
        "Parts of rows that are gone",
        "Reste gelöschter Zeilen",
        "Rows of a dependent table whose own row is gone, or that name none: they outlived what they belong to, and "
        "nobody can tell whose they are. `detail.reasons` counts them by table.",
        "Zeilen einer abhängigen Tabelle, deren Hauptzeile fehlt oder die keine nennen: Sie haben überlebt, wozu sie "
        "gehören, und niemand kann sagen, wessen sie sind. `detail.reasons` zählt sie je Tabelle.",
        "Delete them, and find out what deletes rows without their parts or writes parts without a row.",
        "Löschen und klären, was Zeilen ohne ihre Teile löscht oder Teile ohne Zeile schreibt.",
    ),
    "exception_duty": Wording(
        "Exception: kept by a statutory duty",
        "Ausnahme: durch Aufbewahrungspflicht behalten",
        "Past its promised end and lawfully kept, because it is flagged with a statutory duty. `detail.reasons` names "
        "the paragraph, `detail` the first and the last end.",
        "Nach der zugesagten Frist rechtmäßig behalten, weil es mit einer Aufbewahrungspflicht gekennzeichnet ist. "
        "`detail.reasons` nennt den Paragraphen, `detail` erstes und letztes Ende.",
        "Nothing until the duty ends.",
        "Nichts, bis die Pflicht endet.",
    ),
    "exception_restriction": Wording(
        "Exception: kept restricted",
        "Ausnahme: eingeschränkt behalten",
        "Past its promised end and kept, not to be used, because its processing is restricted (Art. 18 GDPR, `in_force`). "
        "No source says when a restriction was lifted: from the last check that saw it there is the time to delete that the "
        "promise gives after any protection (`time_to_delete`; `detail` gives its end). What was overdue before it was "
        "restricted is overdue again at once.",
        "Nach der zugesagten Frist behalten, ohne verwendet zu werden, weil die Verarbeitung eingeschränkt ist (Art. 18 "
        "DSGVO, `in_force`). Keine Quelle sagt, wann eine Einschränkung aufgehoben wurde: Ab der letzten Prüfung, die sie sah, "
        "gilt die Löschdauer, die die Zusage nach jedem Schutz lässt (`time_to_delete`; `detail` nennt ihr Ende). Was schon "
        "vor der Einschränkung überfällig war, ist danach sofort wieder überfällig.",
        "Decide what the restriction waits for, and lift it.",
        "Klären, worauf die Einschränkung wartet, und sie aufheben.",
    ),
    "exception_waits": Wording(
        "Exception: kept, waits for what has to go first",
        "Ausnahme: behalten, wartet auf Vorrangiges",
        "Past its promised end and kept, because something else has to go first, such as a call's recording that a hold or "
        "consents keep (`in_force`). If that is late, it is said of it, not of what waits. From the last check that saw it "
        "wait there is the time to delete that the promise gives after any protection (`time_to_delete`; `detail` gives its "
        "end). What was overdue before it waited is overdue again at once.",
        "Nach der zugesagten Frist behalten, weil zuerst etwas anderes gehen muss, etwa die Aufnahme eines Gesprächs, die eine "
        "Löschsperre oder Einwilligungen halten (`in_force`). Ist dieses überfällig, wird es dort gemeldet, nicht bei dem, was "
        "wartet. Ab der letzten Prüfung, die es warten sah, gilt die Löschdauer, die die Zusage nach jedem Schutz lässt "
        "(`time_to_delete`; `detail` nennt ihr Ende). Was schon vor dem Warten überfällig war, ist danach sofort wieder "
        "überfällig.",
        "Nothing, as long as what it waits for is lawfully there.",
        "Nichts, solange das, worauf es wartet, rechtmäßig da ist.",
    ),
    "kept_for_long": Wording(
        "Restricted or waiting for more than 90 days",
        "Seit über 90 Tagen eingeschränkt oder wartend",
        "Checks have seen it kept past its promised end for more than 90 days, by a restriction (`restriction`) or because it "
        "waits (`waits`). Neither has an end that anybody wrote down. Where one stretch follows another within the time to "
        "delete, they count as one.",
        "Prüfungen sehen es seit mehr als 90 Tagen nach der zugesagten Frist behalten, durch eine Einschränkung "
        "(`restriction`) oder weil es wartet (`waits`). Für beides ist kein Ende eingetragen. Folgt eine Zeitspanne "
        "innerhalb der Löschdauer auf eine andere, zählen sie als eine.",
        "Find out what it waits for, and whether that still may be; lift the restriction, or set a legal hold with an end.",
        "Klären, worauf es wartet und ob das noch zulässig ist; Einschränkung aufheben oder eine befristete Löschsperre setzen.",
    ),
    "protected_gone_unproven": Wording(
        "Protected and gone; whether lawfully nobody can tell",
        "Geschützt und verschwunden; ob rechtmäßig, ist nicht feststellbar",
        "It was protected at the last check by nothing but a hold of ours at a place of which we are the processor, or by "
        "consents; what the customer or person decides goes before that. It is gone, and the data map names no `check_requests` "
        "by which verification could look for that decision, or nobody noted whose the item was. Reported until the protection "
        "ends. Or it was restricted (Art. 18), and by nothing else protected (`restriction`): whether that had been lifted "
        "before it went, no source says. Reported for 30 days. That disposal says it had to go is no proof.",
        "Es war bei der letzten Prüfung nur durch eine eigene Löschsperre an einem Ort geschützt, an dem wir Auftragsverarbeiter "
        "sind, oder durch Einwilligungen; was Kunde oder Person entscheiden, geht vor. Es ist weg, und die Datenkarte nennt kein "
        "`check_requests`, mit dem die Prüfung diese Entscheidung suchen könnte, oder niemand hat vermerkt, wessen es war. "
        "Gemeldet, bis der Schutz endet. Oder seine Verarbeitung war eingeschränkt (Art. 18) und es war sonst durch nichts "
        "geschützt (`restriction`): Ob das vorher aufgehoben war, sagt keine Quelle. Gemeldet für 30 Tage. Dass die Löschung "
        "angibt, es habe gehen müssen, beweist nichts.",
        "Show the instruction, and name `check_requests` in the data map; show who lifted the restriction and when, and let a "
        "check run between that and the next deletion. Without either treat it as over-deletion.",
        "Weisung vorlegen und `check_requests` in der Datenkarte nennen; zeigen, wer die Einschränkung wann aufgehoben hat, und "
        "zwischen dem und der nächsten Löschung prüfen lassen. Ohne beides wie eine Überlöschung behandeln.",
    ),
    "oldest_unknown": Wording(
        "Begins with a record of unknown age",
        "Beginnt mit einem Eintrag unbekannten Alters",
        "A log file or log object whose first record has no time that can be read. Its own date is that of the last write: it "
        "says nothing about the oldest record, which may be past its limit.",
        "Eine Log-Datei oder ein Log-Objekt, dessen erster Eintrag keine lesbare Zeit trägt. Das eigene Datum ist das des "
        "letzten Schreibens: Es sagt nichts über den ältesten Eintrag, dessen Frist überschritten sein kann.",
        "Let the program write ISO 8601 times at the beginning of each line, also of the first; rotate the file, and delete what "
        "was rotated 14 days later.",
        "Das Programm Zeiten nach ISO 8601 an den Anfang jeder Zeile schreiben lassen, auch der ersten; die Datei rotieren und "
        "das Rotierte nach 14 Tagen löschen.",
    ),
    "leftover_partition": Wording(
        "Partition or copy left behind",
        "Zurückgebliebene Partition oder Kopie",
        "A table that was a partition of a log and is detached (`detached`), or a copy that `airflow db clean` made "
        "(`copy`): whoever goes through the log doesn't see it. What is past its limit in it is a breach besides.",
        "Eine Tabelle, die Partition eines Logs war und abgehängt ist (`detached`), oder eine Kopie von `airflow db "
        "clean` (`copy`): Wer das Log durchgeht, sieht sie nicht. Was darin über die Frist ist, ist zusätzlich eine "
        "Fristüberschreitung.",
        "Run disposal: it drops what it detached itself, and copies. Drop the others, attach them again, or map them.",
        "Löschung laufen lassen: Sie entfernt, was sie selbst abgehängt hat, und Kopien. Andere entfernen, wieder "
        "anhängen oder in die Datenkarte aufnehmen.",
    ),
    "duty_without_end": Wording(
        "Statutory duty without an end",
        "Aufbewahrungspflicht ohne Ende",
        "Flagged with a statutory duty of which nobody said when it ends: it keeps the item for ever.",
        "Mit einer Aufbewahrungspflicht gekennzeichnet, von der niemand gesagt hat, wann sie endet: Sie hält die "
        "Daten für immer.",
        "Write down when the duty ends (`duty_until`).",
        "Ende der Pflicht eintragen (`duty_until`).",
    ),
    "owner_unknown": Wording(
        "Nobody can tell whose it is",
        "Zuordnung unbekannt",
        "Rows that name no customer (`no_tenant`), or of which the source can't say which person they are about "
        "(`no_person`): no customer's limit, request or hold can be sure to mean them.",
        "Zeilen ohne Kunden (`no_tenant`) oder solche, deren Person die Quelle nicht nennen kann (`no_person`): Keine "
        "Frist, kein Antrag und keine Löschsperre eines Kunden erfasst sie sicher.",
        "Write down whose they are.",
        "Zuordnung eintragen.",
    ),
    "agreement_binds_nobody": Wording(
        "An agreement with a customer of whom there is nothing",
        "Vereinbarung mit einem Kunden, von dem nichts da ist",
        "Shorter limits were agreed with a customer, and no place that they are about has anything of one with this id: it is "
        "misspelt, so that the customer's data get the longer limits, or all of it is gone.",
        "Mit einem Kunden sind kürzere Fristen vereinbart, und kein Ort, den sie betreffen, hat etwas von einem mit dieser "
        "Kennung: Sie ist falsch geschrieben, so dass für seine Daten die längeren Fristen gelten, oder alles ist gelöscht.",
        "Compare the file under `tenants/` with the ids in the source; take out an agreement with a customer who has gone.",
        "Datei unter `tenants/` mit den Kennungen der Quelle vergleichen; die eines Kunden, der gegangen ist, entfernen.",
    ),
    "unreadable_identifier": Wording(
        "Identifiers that name nobody",
        "Angaben, die niemanden bezeichnen",
        "Rows with a text where an e-mail address or a telephone number should stand, and none that is valid in it "
        "(`k.A.`, `-`, `0000`, a local number without its dialling code). It identifies nobody: by that column such a row is "
        "neither put on the suppression list nor found on it. A contact that withdrew, and whose text may be somebody's all the "
        "same, is not deleted before that is mended. How many, never which text.",
        "Zeilen mit einem Text, wo eine E-Mail-Adresse oder Telefonnummer stehen sollte, und ohne gültige darin (`k.A.`, `-`, "
        "`0000`, eine Ortsnummer ohne Vorwahl). Er bezeichnet niemanden: Über diese Spalte kommt eine solche Zeile weder auf die "
        "Werbesperrliste, noch wird sie dort gefunden. Ein Kontakt, der widerrufen hat und dessen Text doch jemanden bezeichnen "
        "könnte, wird erst gelöscht, wenn das berichtigt ist. Nur die Zahl, nie der Text.",
        "Correct the text, or empty the column; look by hand whether one of these persons has withdrawn.",
        "Text berichtigen oder die Spalte leeren; von Hand prüfen, ob eine dieser Personen widerrufen hat.",
    ),
    "withdrawn_unlisted": Wording(
        "Withdrew, and is not on the suppression list",
        "Widerrufen und nicht auf der Werbesperrliste",
        "A contact whose row is lawfully kept, such as by a legal hold, withdrew longer ago than the promise allows for "
        "deletion. Marketing stops all the same; but by one of its identifiers that can be read it is not on the suppression "
        "list, or only since before the last withdrawal, so that an import would bring it back.",
        "Ein Kontakt, dessen Zeile rechtmäßig behalten wird, etwa wegen einer Löschsperre, hat vor längerer Zeit widerrufen, "
        "als die Zusage für die Löschung lässt. Werbung endet trotzdem; aber mit einer seiner lesbaren Angaben steht er nicht "
        "auf der Werbesperrliste oder nur mit einem Datum vor dem letzten Widerruf, so dass ein Import ihn zurückbrächte.",
        "Run disposal of the category: it lists whom it keeps. Look at the last run, the mode and the global stop.",
        "Löschlauf der Datenart starten: Er trägt ein, wen er behält. Letzten Lauf, Modus und globalen Stopp prüfen.",
    ),
    "deleted_unlisted": Wording(
        "Withdrew, deleted, and not on the suppression list",
        "Widerrufen, gelöscht und nicht auf der Werbesperrliste",
        "A contact that had withdrawn when a check last saw it was deleted by a disposal run, and by one of the identifiers that "
        "it had then it is not on the suppression list, or only since before the withdrawal: the next import brings it back, and "
        "marketing with it. Checks remember keyed hashes of such contacts from one to the next. Reported until it is on the "
        "list, for at most 30 days.",
        "Ein Kontakt, der bei der letzten Prüfung widerrufen hatte, wurde von einem Löschlauf gelöscht und steht mit einer "
        "seiner damaligen Angaben nicht auf der Werbesperrliste oder nur mit einem Datum vor dem Widerruf: Der nächste Import "
        "brächte ihn zurück und die Werbung mit ihm. Prüfungen merken sich schlüsselgebundene Hashwerte solcher Kontakte von "
        "einer zur nächsten. Gemeldet, bis er eingetragen ist, höchstens 30 Tage.",
        "Stop imports of contacts; find the run in the ledger, and mend why it listed nobody; then restore the contacts from a "
        "backup and let disposal delete them again, which lists them.",
        "Importe von Kontakten anhalten; den Lauf im Löschprotokoll suchen und beheben, warum er nichts eintrug; dann die "
        "Kontakte aus einer Sicherung wiederherstellen und erneut löschen lassen, was sie einträgt.",
    ),
    "vanished_unlisted": Wording(
        "Withdrew, gone by another hand, and not on the suppression list",
        "Widerrufen, von anderer Hand entfernt und nicht auf der Werbesperrliste",
        "A contact that had withdrawn when a check last saw it is gone, and no disposal run says that it took it: somebody else "
        "deleted it, and put it on no list. Its data are gone as promised; an import would bring it back. Reported for 30 days.",
        "Ein Kontakt, der bei der letzten Prüfung widerrufen hatte, ist weg, und kein Löschlauf hat ihn nach eigenen Angaben "
        "gelöscht: Jemand anderes hat ihn entfernt und nicht eingetragen. Die Daten sind wie zugesagt weg; ein Import brächte "
        "ihn zurück. 30 Tage lang gemeldet.",
        "Find out who deletes contacts, and let disposal do it: it lists them. Watch the next imports for these persons.",
        "Klären, wer Kontakte löscht, und es dem Löschlauf überlassen: Er trägt sie ein. Auf die nächsten Importe achten.",
    ),
    "unseen_row": Wording(
        "Rows that the check SQL leaves out",
        "Zeilen, die das Prüf-SQL auslässt",
        "The place's table has rows that its `check_items` does not return (a join that drops some, a condition): "
        "nobody looked at them, and disposal's SQL may leave them out, too. Wholly anonymised rows don't count.",
        "Die Tabelle des Orts hat Zeilen, die `check_items` nicht liefert (ein Join, der welche verwirft, eine "
        "Bedingung): Niemand hat sie geprüft, und auch die Löschung lässt sie womöglich aus. Vollständig "
        "anonymisierte zählen nicht.",
        "Correct the SQL: one row for each of the table's rows (docs/data-map.md).",
        "SQL berichtigen: eine Zeile je Zeile der Tabelle (docs/data-map.md).",
    ),
    "external_unattested": Wording(
        "Copies elsewhere, without an attestation",
        "Kopien bei Dritten ohne Nachweis",
        "Somebody else keeps copies, and nobody has attested that nothing stays past its limit. Nothing of ours can "
        "look there.",
        "Dritte halten Kopien, und niemand hat bestätigt, dass nichts über die Frist hinaus bleibt. Prüfen können wir "
        "dort nicht.",
        "Ask the holder for proof and enter it in the data map (`attestation`: day, role, document).",
        "Nachweis anfordern und in der Karte eintragen (`attestation`: Tag, Rolle, Dokument).",
    ),
    "attestation_old": Wording(
        "Attestation older than a year",
        "Nachweis älter als ein Jahr",
        "The holder of copies elsewhere attested more than 365 days ago that nothing stays past its limit.",
        "Die Bestätigung Dritter, dass nichts über die Frist hinaus bleibt, ist älter als 365 Tage.",
        "Ask for a new one.",
        "Neuen Nachweis anfordern.",
    ),
}
