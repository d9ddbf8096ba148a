"""What each kind of finding is called and means, for lawyers and for whoever is on call, in English and German."""

from __future__ import annotations

from retention.verification.wording_coverage import COVERAGE_WORDING
from retention.verification.wording_own import OWN_WORDING, Wording
from retention.verification.wording_records import RECORD_WORDING

__all__ = ["WORDING", "Wording"]

WORDING: dict[str, Wording] = {
    "past_cap": Wording(
        "Past the limit of age",
        "Höchstfrist überschritten",
        "What is stored (an object's version, delete marker or unfinished upload, a row, a partition, a log file) is older than "
        "promised by the oldest evidence of its age, and nothing keeps it: no duty, no hold, no restriction, no consent. A file "
        "or partition is as old as its oldest record. Noncurrent versions, data behind a delete marker, orphans and copies "
        "count.",
        "Gespeichertes (Version, Löschmarkierung oder unfertiger Upload eines Objekts, Zeile, Partition, Logdatei) ist nach dem "
        "ältesten Beleg älter als zugesagt, und nichts hält es: weder Aufbewahrungspflicht noch Löschsperre, Einschränkung oder "
        "Einwilligung. Eine Datei oder Partition ist so alt wie ihr ältester Eintrag. Auch nicht aktuelle Versionen, Daten "
        "hinter einer Löschmarkierung, verwaiste Objekte und Kopien zählen.",
        "Look at the last disposal run, its mode and the global stop; what only a full listing finds goes with the nightly one.",
        "Letzten Löschlauf, Modus und globalen Stopp prüfen; was nur die Vollauflistung findet, geht mit der nächtlichen.",
    ),
    "transcribed_but_present": Wording(
        "Transcribed, but still there",
        "Transkribiert, aber noch vorhanden",
        "The transcription succeeded, or a hold or exemption ended, longer ago than the allowed latency, and the recording is "
        "still there.",
        "Die Transkription war erfolgreich oder eine Löschsperre oder Einwilligung endete, länger her als die erlaubte "
        "Verzögerung, und die Aufnahme ist noch da.",
        "Look at the last hourly disposal run: did it run, was it blocked, did deletions fail?",
        "Letzten stündlichen Löschlauf prüfen: Lief er, war er blockiert, sind Löschungen gescheitert?",
    ),
    "kept_without_reason": Wording(
        "Kept without a sufficient reason",
        "Ohne ausreichenden Grund behalten",
        "Overdue, although there is a consent that does not suffice (one-sided, wrong scope, given or recorded late, withdrawn, "
        "ended, contract ended, review lapsed) or a hold that holds nothing. `detail.reasons` says which. These items are also "
        "counted under the limit that they are past.",
        "Überfällig, obwohl es eine Einwilligung gibt, die nicht genügt (einseitig, falscher Zweck, zu spät erteilt oder "
        "erfasst, widerrufen, beendet, Vertrag beendet, Überprüfung versäumt), oder eine Löschsperre, die nichts sperrt. "
        "Dieselben Elemente zählen auch bei der Frist, die sie überschreiten.",
        "Delete, or mend the reason where that is lawful: approve the hold by a second person; a late consent can't be mended.",
        "Löschen oder, wo zulässig, den Grund heilen: Löschsperre durch eine zweite Person genehmigen; eine verspätete "
        "Einwilligung lässt sich nicht heilen.",
    ),
    "protected_missing": Wording(
        "Protected, but gone",
        "Geschützt, aber verschwunden",
        "An item that a statutory duty, a hold or the consent of all parties keeps is gone: of its object no version is left "
        "and its row stands alone, or it was there at the last check and what protected it is still in force. Reported until "
        "that protection ends.",
        "Etwas, das durch Aufbewahrungspflicht, Löschsperre oder Einwilligung aller Beteiligten zu behalten ist, ist weg: Von "
        "seinem Objekt gibt es keine Version mehr, und die Zeile steht allein; oder es war bei der letzten Prüfung noch da, und "
        "der Schutz gilt weiter. Gemeldet, bis der Schutz endet.",
        "Treat as over-deletion: stop disposal, find the writer in the ledger and the store's log, restore from a backup.",
        "Wie eine Überlöschung behandeln: Löschung anhalten, Verursacher in Löschprotokoll und Speicherprotokoll suchen, aus "
        "der Datensicherung wiederherstellen.",
    ),
    "exception_hold": Wording(
        "Exception: kept by a legal hold",
        "Ausnahme: durch Löschsperre behalten",
        "Past its promised end and lawfully kept by a hold in force. `detail` gives the first and the last end of the holds.",
        "Nach der zugesagten Frist rechtmäßig durch eine geltende Löschsperre behalten. `detail` nennt erstes und letztes Ende.",
        "Nothing, as long as the hold's reason lasts; end it when it is gone.",
        "Nichts, solange der Grund besteht; danach die Löschsperre beenden.",
    ),
    "exception_consent": Wording(
        "Exception: kept by consent",
        "Ausnahme: durch Einwilligung behalten",
        "Past its promised end and lawfully kept by the archiving consent of all parties. `detail` gives the first and last end.",
        "Nach der zugesagten Frist rechtmäßig durch die Einwilligung aller Beteiligten behalten. `detail` nennt erstes und "
        "letztes Ende.",
        "Nothing. Withdrawals and missed reviews end the exception by themselves.",
        "Nichts. Widerruf und versäumte Überprüfung beenden die Ausnahme von selbst.",
    ),
    "invalid_hold": Wording(
        "A hold that holds nothing",
        "Unwirksame Löschsperre",
        "A hold that nobody, or its own requester, approved covers stored items; or one whose end or review date has passed "
        "covers items that are overdue. It protects nothing.",
        "Eine Löschsperre, die niemand oder nur die beantragende Person genehmigt hat, erfasst vorhandene Daten; oder ihr Ende "
        "oder Überprüfungstermin ist vorbei, und sie erfasst überfällige Daten. Sie schützt nichts.",
        "Have a second person approve it, set a new one, or end it.",
        "Durch eine zweite Person genehmigen lassen, neu setzen oder beenden.",
    ),
    "endless_hold": Wording(
        "A hold without an end",
        "Löschsperre ohne Ende",
        "A hold whose end is infinite or beyond any date covers stored items: nobody would look at it again. It holds, until its "
        "review date where it has one.",
        "Eine Löschsperre, deren Ende unendlich oder jenseits jedes Datums liegt, erfasst vorhandene Daten: Niemand sähe sie je "
        "wieder an. Sie wirkt, mit Überprüfungstermin bis zu diesem.",
        "End it, and set one with an end or a review date (`hold add` takes no other).",
        "Beenden und eine mit Ende oder Überprüfungstermin setzen (`hold add` nimmt keine andere).",
    ),
    "review_lapsed": Wording(
        "Yearly review of a consent is overdue",
        "Jährliche Überprüfung einer Einwilligung versäumt",
        "Kept by a consent whose yearly review lapsed less than 30 days ago. After these 30 days it exempts no more.",
        "Durch eine Einwilligung behalten, deren jährliche Überprüfung vor weniger als 30 Tagen fällig war. Danach wirkt sie "
        "nicht mehr.",
        "Review the consent now, or let the items go.",
        "Einwilligung jetzt überprüfen oder löschen lassen.",
    ),
    "unexplained_gone": Wording(
        "Gone without explanation",
        "Ungeklärt verschwunden",
        "Protected at the last check; gone now, and so are holds or consents that protected it. Reported for 30 days.",
        "Bei der letzten Prüfung geschützt; jetzt verschwunden, und mit ihm die Löschsperren oder Einwilligungen, die es "
        "schützten. 30 Tage lang gemeldet.",
        "Find out who deleted both. A customer whose data was erased as a whole is the harmless case.",
        "Klären, wer beides gelöscht hat. Harmlos ist der Kunde, dessen Daten insgesamt gelöscht wurden.",
    ),
    "orphan_object": Wording(
        "Object without a row",
        "Objekt ohne Zeile",
        "An object, marker or upload that no row names, not past its limit. An object older than the allowed latency counts as "
        "`event_unknown`, too.",
        "Ein Objekt, eine Löschmarkierung oder ein Upload, zu dem es keine Zeile gibt, noch innerhalb der Höchstfrist. Ein "
        "Objekt, älter als die erlaubte Verzögerung, zählt auch als `event_unknown`.",
        "Some minutes after it was stored this is normal. Otherwise find out what writes objects without rows.",
        "Wenige Minuten nach dem Speichern normal. Sonst klären, was Objekte ohne Zeile schreibt.",
    ),
    "row_without_object": Wording(
        "Row without an object",
        "Zeile ohne Objekt",
        "A row, older than two hours, whose object has no version.",
        "Eine Zeile, älter als zwei Stunden, deren Objekt keine Version hat.",
        "Disposal removes rows of deleted objects; if it stays, find out who deletes objects.",
        "Die Löschung entfernt Zeilen gelöschter Objekte; bleibt sie, klären, wer Objekte löscht.",
    ),
    "ambiguous_object": Wording(
        "Several rows share one object",
        "Mehrere Zeilen für ein Objekt",
        "It can't be said whose it is, so that disposal keeps it. Its oldest dates count.",
        "Es ist nicht feststellbar, wessen es ist; die Löschung lässt es stehen. Die ältesten Daten zählen.",
        "Correct the rows.",
        "Zeilen berichtigen.",
    ),
    "fallback_dated": Wording(
        "Dated by other evidence",
        "Hilfsweise datiert",
        "The own date of a row or log record is missing, lies before 1990 or in the future, or is later than other evidence by "
        "more than a day; the oldest other evidence counts.",
        "Das eigene Datum einer Zeile oder eines Log-Eintrags fehlt, liegt vor 1990, in der Zukunft oder mehr als einen Tag nach "
        "anderen Belegen; der älteste andere Beleg zählt.",
        "Correct the date at its source.",
        "Datum an der Quelle berichtigen.",
    ),
    "future_dated": Wording(
        "Dated in the future",
        "In die Zukunft datiert",
        "A date of the row or log record, of the object's metadata or of its key lies in the future.",
        "Ein Datum der Zeile oder des Log-Eintrags, der Metadaten oder des Schlüssels liegt in der Zukunft.",
        "Correct the clock that wrote it.",
        "Die Uhr berichtigen, die es geschrieben hat.",
    ),
    "undated": Wording(
        "No evidence of its age",
        "Alter nicht belegt",
        "Nothing says how old it is, or only the time of the last write, which a copy resets: it may be past its limit.",
        "Kein Beleg für das Alter, oder nur der letzte Schreibzeitpunkt, den jede Kopie neu setzt: Die Frist kann überschritten "
        "sein.",
        "Find out where it comes from, and give it its date: a row in its column, a log record at its beginning, an object in "
        "its metadata (`recorded-at`) or its key.",
        "Herkunft klären und das Datum ergänzen: in der Spalte der Zeile, am Anfang des Log-Eintrags, in Metadaten "
        "(`recorded-at`) oder Schlüssel des Objekts.",
    ),
    "unmapped_bucket": Wording(
        "Bucket that the data map doesn't know",
        "Nicht kartierter Bucket",
        "The connection sees a bucket that is neither mapped nor declared free of personal data; nobody looked into it. `place` "
        "is the connection and the bucket.",
        "Die Verbindung sieht einen Bucket, der weder kartiert noch als frei von Personendaten erklärt ist; niemand hat "
        "hineingesehen. `place` nennt Verbindung und Bucket.",
        "Map it, or declare it under `not_personal` with reason and owner.",
        "Kartieren oder unter `not_personal` mit Grund und verantwortlicher Person erklären.",
    ),
    "unmapped_prefix": Wording(
        "Objects outside all mapped prefixes",
        "Objekte außerhalb kartierter Präfixe",
        "A mapped bucket holds objects under no prefix of the map that are not declared free of personal data either. `place` "
        "is the connection and the bucket: folders are not named, as they may be called after somebody.",
        "In einem kartierten Bucket liegen Objekte unter keinem kartierten und keinem erklärten Präfix. `place` nennt Verbindung "
        "und Bucket; Ordner werden nicht genannt, denn sie können nach jemandem heißen.",
        "List the bucket; map the prefix, declare it, or remove the objects.",
        "Bucket auflisten; Präfix kartieren, erklären oder die Objekte entfernen.",
    ),
    "unmapped_row": Wording(
        "Rows that name no mapped place",
        "Zeilen ohne kartierten Ort",
        "Rows name a bucket or prefix that is no place of the map: what they describe was not looked at. `detail.reasons` counts "
        "them by bucket; one that neither the map nor a store's list knows is not named.",
        "Zeilen nennen einen Bucket oder ein Präfix, das kein kartierter Ort ist: Was sie beschreiben, wurde nicht geprüft. "
        "`detail.reasons` zählt sie je Bucket; einer, den weder Karte noch Bucket-Liste kennt, bleibt ungenannt.",
        "Map the place or correct the rows.",
        "Ort kartieren oder Zeilen berichtigen.",
    ),
    "unreadable_place": Wording(
        "Place that could not be read",
        "Nicht lesbarer Ort",
        "A bucket, the list of buckets, a table, a folder or a file did not answer, not to its end, or not without hiding "
        "something. "
        "`detail.reasons` gives the store's own word, `detail.explanation` where it was and what was expected.",
        "Ein Bucket, die Bucket-Liste, eine Tabelle, ein Ordner oder eine Datei antwortete nicht, nicht vollständig oder nicht "
        "ungefiltert. "
        "`detail.reasons` nennt das Wort des Speichers, `detail.explanation` (englisch) Ort und Erwartung.",
        "Mend the connection, the verifying role's rights or the map's check SQL, and run the check again.",
        "Verbindung, Rechte der prüfenden Rolle oder Prüf-SQL der Karte berichtigen und die Prüfung wiederholen.",
    ),
    "replica_lags": Wording(
        "Replica that lags",
        "Nachhinkende Replik",
        "The verifying connection leads to a replica that is more than five minutes behind its primary, or can't say how far: "
        "what it shows may have gone since, and what came since it doesn't show. The place was not read. `detail.explanation` "
        "says how far it is behind. A replica of a replica can't tell that the one before it lags.",
        "Die prüfende Verbindung führt zu einer Replik, die mehr als fünf Minuten hinter ihrem Original zurückliegt oder nicht "
        "sagen kann, wie weit: Was sie zeigt, kann inzwischen weg sein, und Neues zeigt sie nicht. Der Ort wurde nicht gelesen. "
        "`detail.explanation` (englisch) nennt den Rückstand. Die Replik einer Replik merkt nicht, dass die vor ihr nachhinkt.",
        "Let the replica catch up (replay paused, primary out of reach, or a query in its way?), or let the connection lead to "
        "the primary, and run the check again.",
        "Replik aufholen lassen (Wiedergabe angehalten, Original nicht erreichbar, Abfrage im Weg?) oder die Verbindung zum "
        "Original führen lassen und die Prüfung wiederholen.",
    ),
    "kept_in_doubt": Wording(
        "Kept by a hold or consents that may not mean it",
        "Behalten durch Löschsperre oder Einwilligungen, die vielleicht nicht gemeint sind",
        "Past its promised end and kept by nothing but a hold that may mean it (no row says whose it is, the row names no "
        "customer or another than the key, or its date is not certain), or by consents of several rows that share the object. "
        "Disposal keeps it to be safe; whether it may be kept nobody can tell.",
        "Nach der zugesagten Frist nur durch eine Löschsperre behalten, unter die es fallen kann (keine Zeile sagt, wessen es "
        "ist, die Zeile nennt keinen Kunden oder einen anderen als der Schlüssel, oder ihr Datum ist nicht sicher), oder durch "
        "Einwilligungen mehrerer Zeilen, die sich das Objekt teilen. Die Löschung behält es vorsichtshalber; ob zu Recht, ist "
        "nicht feststellbar.",
        "Find out whose it is and write one row for it; or name the customer, the item or the period more exactly in the hold.",
        "Klären, wessen es ist, und eine Zeile dafür schreiben; oder in der Löschsperre Kunde, Element oder Zeitraum genauer "
        "nennen.",
    ),
    "event_unknown": Wording(
        "Nobody knows whether the need ended",
        "Unbekannt, ob der Zweck entfallen ist",
        "Older than the allowed latency, and no row says whether what ends the need has happened (the transcription, an "
        "instruction, a withdrawal): it may have had to go at once. `detail.reasons`: `no_row` (an object that no row names), "
        "`row_is_silent`.",
        "Älter als die erlaubte Verzögerung, und keine Zeile sagt, ob eingetreten ist, was den Zweck beendet (Transkription, "
        "Weisung, Widerruf): Es wäre vielleicht sofort zu löschen gewesen. `detail.reasons`: `no_row` (ein Objekt ohne Zeile), "
        "`row_is_silent`.",
        "Find out what writes objects without rows or rows without a state, and mend them; without that the item stays until "
        "another limit, or for ever.",
        "Klären, was Objekte ohne Zeile oder Zeilen ohne Zustand schreibt, und berichtigen; sonst bleibt das Element bis zu "
        "einer anderen Frist oder für immer.",
    ),
    "unknown_tenant": Wording(
        "Rows of a customer whom nobody knows",
        "Zeilen eines unbekannten Kunden",
        "Rows name a customer of whom the source has no contract: it was deleted, or the id is misspelt. No contract of theirs "
        "can ever end and no request can mean them, so they would stay for ever without being late.",
        "Zeilen nennen einen Kunden, zu dem die Quelle keinen Vertrag hat: Er wurde gelöscht, oder die Kennung ist falsch "
        "geschrieben. Kein Vertrag kann für sie enden und kein Verlangen sie meinen; sie blieben für immer, ohne je überfällig "
        "zu sein.",
        "Correct the customer's id, or restore the contract with its end. Contracts stay as long as what depends on them.",
        "Kennung des Kunden berichtigen oder den Vertrag mit seinem Ende wiederherstellen. Verträge bleiben so lange wie "
        "das, was an ihnen hängt.",
    ),
    "event_dated_ahead": Wording(
        "An event that is dated in the future",
        "Ereignis mit einem Datum in der Zukunft",
        "Nothing but its time says that an instruction, a request or a withdrawal has come, and that time lies in the future or "
        "is infinite: a wish for then, or a mistyped year. Nothing goes for it before, as what is deleted can't be brought back, "
        "and nobody can claim that nothing has to go. `detail.reasons` names the event.",
        "Nur ein Zeitpunkt sagt, dass eine Weisung, ein Verlangen oder ein Widerruf eingegangen ist, und er liegt in der Zukunft "
        "oder ist unendlich: ein Wunsch für später oder ein falsch getipptes Jahr. Vorher wird deswegen nichts gelöscht, denn "
        "Gelöschtes kommt nicht wieder, und niemand kann behaupten, dass nichts zu löschen ist. `detail.reasons` nennt das "
        "Ereignis.",
        "Correct the time in the source (NULL where nothing has come), or let the SQL say by `happened_<event>` whether it came.",
        "Zeitpunkt in der Quelle berichtigen (NULL, wo nichts einging), oder das SQL mit `happened_<event>` sagen lassen, ob es "
        "eingegangen ist.",
    ),
    "objects_missing": Wording(
        "Too many rows without an object",
        "Zu viele Zeilen ohne Objekt",
        "There are rows but not one object, or more than twenty rows and more than a tenth stand alone: a wrong, an empty or "
        "a half-read bucket looks like that.",
        "Es gibt Zeilen, aber kein einziges Objekt, oder mehr als zwanzig Zeilen und mehr als ein Zehntel stehen allein: So "
        "sieht ein falscher, leerer oder halb gelesener Bucket aus.",
        "Compare the map's bucket and the connection's account with what the application uses; look for who deleted objects.",
        "Bucket der Karte und Konto der Verbindung mit denen der Anwendung vergleichen; klären, wer Objekte gelöscht hat.",
    ),
}
WORDING |= RECORD_WORDING | COVERAGE_WORDING | OWN_WORDING
