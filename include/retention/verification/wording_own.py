"""What the kinds of finding are called and mean that are about what a check itself rests on: records, clocks, its own work."""

from __future__ import annotations

from typing import NamedTuple

from retention.verification.anchored import TOLD_FOR


class Wording(NamedTuple):
    """The words of one kind."""

    title_en: str
    title_de: str
    meaning_en: str
    meaning_de: str
    action_en: str
    action_de: str


OWN_WORDING: dict[str, Wording] = {
    "memory_lost": Wording(
        "What was protected before can't be compared",
        "Früher Geschütztes nicht vergleichbar",
        "An earlier check saw protected items that this one can't look for: their place is no longer in the data map, the key of "
        "the keyed hashes was changed, or log files begin alike, or are damaged, so that nobody can tell which they were. "
        "Whether any of them was lost nobody can tell. A place that left the map is reported for 30 days, a damaged file as long "
        "as it is protected, the others once.",
        "Eine frühere Prüfung sah geschützte Elemente, nach denen diese nicht sehen kann: Ihr Ort steht nicht mehr in der "
        "Karte, der Schlüssel der Hashwerte wurde gewechselt, oder Protokolldateien beginnen gleich oder sind beschädigt, sodass "
        "niemand sie zuordnen kann. Ob davon etwas verloren ging, ist nicht feststellbar. Ein entfallener Ort wird 30 Tage lang "
        "gemeldet, eine beschädigte Datei, solange sie geschützt ist, das Übrige einmal.",
        "Give a renamed place its old name again, or the check its old key, and run it once more before changing either.",
        "Umbenanntem Ort seinen alten Namen oder der Prüfung ihren alten Schlüssel wiedergeben und vor dem Wechsel noch einmal "
        "prüfen.",
    ),
    "place_dropped": Wording(
        "Place that left the data map",
        "Aus der Karte entfallener Ort",
        "A check of the last 30 days read it, and it is no longer in the data map; nobody looks there any more. Nothing in it "
        "was protected.",
        "Eine Prüfung der letzten 30 Tage hat ihn gelesen, und er steht nicht mehr in der Karte; niemand sieht mehr hin. "
        "Geschützt war dort nichts.",
        "See that nothing personal is left there, or map it again.",
        "Sicherstellen, dass dort nichts Personenbezogenes verbleibt, oder wieder kartieren.",
    ),
    "hold_on_nothing": Wording(
        "Legal hold on what the map doesn't have",
        "Löschsperre auf etwas, das die Karte nicht kennt",
        "A hold that is in force, or waits for it, names a place or a category of which the data map has nothing, or a "
        "partition without its schema: it holds nothing. Was one renamed, what the hold was about is protected no more.",
        "Eine geltende oder wartende Löschsperre nennt einen Ort oder eine Datenart, die die Karte nicht kennt, oder eine "
        "Partition ohne ihr Schema: Sie sperrt nichts. Wurde umbenannt, ist das Gemeinte nicht mehr geschützt.",
        "Give it its old name again, or set the hold anew under the new one (`hold add`) and end the old one (`hold end`). A "
        "partition is named `schema.name`.",
        "Alten Namen wiedergeben oder die Löschsperre unter dem neuen setzen (`hold add`) und die alte beenden (`hold end`). "
        "Eine Partition heißt `schema.name`.",
    ),
    "unrecorded_hold": Wording(
        "Legal hold without an entry in the ledger",
        "Löschsperre ohne Eintrag im Löschprotokoll",
        "It was written into our own database past `hold add`. It protects what it covers, because deleting too much can't be "
        "undone; but no entry says who set it, when and why.",
        "Sie wurde an `hold add` vorbei in die eigene Datenbank geschrieben. Sie schützt, was sie erfasst, denn zu viel "
        "Gelöschtes kommt nicht wieder; aber kein Eintrag sagt, wer sie wann und warum gesetzt hat.",
        "Ask who wrote it. If it is right, set it again with `hold add` and end the other with `hold end`.",
        "Klären, wer sie geschrieben hat. Ist sie richtig: mit `hold add` neu setzen und die andere mit `hold end` beenden.",
    ),
    "gone_under_hold": Wording(
        "Deleted in spite of a hold",
        "Trotz Löschsperre gelöscht",
        "By disposal's own record an item went after a hold on it was set and before that ended. Only what surely was in the "
        "hold's scope counts, and nothing that customer or person had decided where we are the processor. Also found where hold "
        "and deletion lie between two checks. Reported until 30 days after the hold's end.",
        "Nach dem eigenen Nachweis der Löschung ist etwas gegangen, nachdem eine Löschsperre darauf gesetzt war und bevor sie "
        "endete. Es zählt nur, was sicher erfasst war, und nichts, was Kunde oder Person entschieden hatte, wo wir "
        "Auftragsverarbeiter sind. Auch wenn Sperre und Löschung zwischen zwei Prüfungen liegen. Gemeldet bis 30 Tage nach dem "
        "Ende der Sperre.",
        "Stop disposal and find out why the hold was not read; restore from a backup what it was to keep.",
        "Löschung anhalten und klären, warum die Löschsperre nicht gelesen wurde; was sie halten sollte, aus der Datensicherung "
        "wiederherstellen.",
    ),
    "evidence_changed": Wording(
        "The evidence was changed",
        "Nachweise wurden verändert",
        "The ledger's chain is broken or shorter than an earlier check saw it, or not what was signed or what lies in the "
        "locked bucket, or holds are gone, or "
        "cover something else, or are approved, dated or ended otherwise than their entries say. What was kept or deleted in "
        "between can't be shown. `detail.reasons` says which.",
        "Die Kette des Löschprotokolls ist gebrochen, kürzer, als eine frühere Prüfung sie sah, nicht die signierte oder nicht "
        "die im gesperrten Bucket, oder "
        "Löschsperren sind verschwunden, erfassen anderes oder sind anders genehmigt, datiert oder beendet, als ihre Einträge "
        "sagen. Was dazwischen behalten oder gelöscht wurde, ist nicht belegbar. `detail.reasons` nennt den Fall.",
        "Stop disposal. `ledger verify` names the first entry that does not fit; restore our own database and set lost holds "
        "again.",
        "Löschung anhalten. `ledger verify` nennt den ersten unpassenden Eintrag; eigene Datenbank wiederherstellen und "
        "verlorene Löschsperren neu setzen.",
    ),
    "evidence_unsigned": Wording(
        "The evidence is not signed",
        "Nachweise sind nicht signiert",
        "Entries of the ledger are older than three hours and under no signed tree head: whoever owns our own database could "
        "still rewrite them. The ledger is to be signed hourly.",
        "Einträge des Löschprotokolls sind älter als drei Stunden und stehen unter keinem signierten Stand: Wer die eigene "
        "Datenbank besitzt, könnte sie noch umschreiben. Das Protokoll soll stündlich signiert werden.",
        "Look why the DAG `sign_ledger` fails or does not run; `python -m retention ledger sign` says it, too.",
        "Klären, warum der DAG `sign_ledger` scheitert oder nicht läuft; auch `python -m retention ledger sign` sagt es.",
    ),
    "evidence_lost": Wording(
        "Signed evidence was lost in a restore",
        "Signierte Nachweise gingen bei einer Wiederherstellung verloren",
        "The locked bucket holds signed tree heads that are over entries which the ledger has no more: somebody confirmed in the "
        f"last {TOLD_FOR.days} days that a restore lost them. Whoever owns our own database could claim a restore to hide what "
        "they rewrote.",
        "Im gesperrten Bucket liegen signierte Stände über Einträge, die das Löschprotokoll nicht mehr hat: Jemand hat in den "
        f"letzten {TOLD_FOR.days} Tagen bestätigt, dass eine Wiederherstellung sie verlor. Wer die eigene Datenbank besitzt, "
        "könnte eine Wiederherstellung vorgeben, um Umgeschriebenes zu verbergen.",
        "Ask who restored our own database and who confirmed it (`restore_confirmed` in the ledger), and compare with the "
        f"backup. The finding goes {TOLD_FOR.days} days after the confirmation; `ledger verify` counts all that were lost.",
        "Klären, wer die eigene Datenbank wiederhergestellt und wer das bestätigt hat (`restore_confirmed` im Löschprotokoll), "
        f"und mit der Sicherung vergleichen. Die Feststellung verschwindet {TOLD_FOR.days} Tage nach der Bestätigung; "
        "`ledger verify` zählt alles Verlorene.",
    ),
    "evidence_unanchored": Wording(
        "The evidence could not be held against the locked bucket",
        "Nachweise konnten nicht mit dem gesperrten Bucket verglichen werden",
        "The bucket under object lock could not be read or is connected no more, holds what is no signed tree head, or lacks "
        "heads that were signed more than three hours ago. Whoever owns our own database could have rewritten it whole, and "
        "nobody could tell. `detail.reasons` says which.",
        "Der Bucket mit Objektsperre war nicht lesbar oder ist nicht mehr verbunden, enthält etwas, was kein signierter Stand "
        "ist, oder ihm fehlen Stände, die vor mehr als drei Stunden signiert wurden. Wer die eigene Datenbank besitzt, könnte "
        "sie ganz umgeschrieben haben, und niemand sähe es. `detail.reasons` nennt den Fall.",
        "See that the connection `retention_anchor_verify` names the bucket with an identity that may read it "
        "(include/iam/verification.json), and that the DAG `sign_ledger` runs; `ledger verify` compares everything.",
        "Dafür sorgen, dass die Verbindung `retention_anchor_verify` den Bucket nennt, mit einer Identität, die ihn lesen darf "
        "(include/iam/verification.json), und dass der DAG `sign_ledger` läuft; `ledger verify` vergleicht alles.",
    ),
    "clocks_differ": Wording(
        "Clocks differ",
        "Uhren weichen voneinander ab",
        "This machine, our own database, the stores and the databases of the rows differ by more than ten minutes about the "
        "time, so that nobody can say what is overdue; or a check is recorded that is yet to come. `detail.reasons` names the "
        "clocks that most others contradict, a store or database by its connection.",
        "Dieser Rechner, die eigene Datenbank, die Speicher und die Datenbanken der Zeilen sind sich um mehr als zehn Minuten "
        "über die Zeit uneins, sodass niemand sagen kann, was überfällig ist; oder eine Prüfung ist verzeichnet, die erst noch "
        "kommt. `detail.reasons` nennt die Uhren, denen die meisten anderen widersprechen, Speicher und Datenbanken mit ihrer "
        "Verbindung.",
        "Set the clock right and run the check again. A check of the future was written by a wrong clock, or by somebody: find "
        "out which.",
        "Uhr stellen und Prüfung wiederholen. Eine künftige Prüfung hat eine falsche Uhr geschrieben, oder jemand: klären.",
    ),
    "inventory_incomplete": Wording(
        "The inventory is not what was read",
        "Bestandsliste unvollständig",
        "The inventory lost rows, or has gaps where a date or a hash must stand. Nothing may be claimed from it.",
        "Der Bestandsliste fehlen Zeilen, Daten oder Hashwerte. Aus ihr darf nichts geschlossen werden.",
        "Run the check again; if it stays, it is an error of the check.",
        "Prüfung wiederholen; bleibt es, ist es ein Fehler der Prüfung.",
    ),
    "check_failed": Wording(
        "A check failed itself",
        "Prüfung selbst gescheitert",
        "An expectation could not be evaluated, or disagrees with our own count. `detail.reasons` names it.",
        "Eine Erwartung konnte nicht ausgewertet werden oder widerspricht der eigenen Zählung. `detail.reasons` nennt sie.",
        "Run the check again; if it stays, it is an error of the check.",
        "Prüfung wiederholen; bleibt es, ist es ein Fehler der Prüfung.",
    ),
}
