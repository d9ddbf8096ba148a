"""What the kinds of finding are called and mean that are about what nobody mapped."""

from __future__ import annotations

from retention.verification.wording_own import Wording

COVERAGE_WORDING: dict[str, Wording] = {
    "zoneless_time": Wording(
        "Times without a time zone",
        "Zeiten ohne Zeitzone",
        "The place's `check_items` makes an instant of a column without a time zone (`timestamp`, a date, a text), as the "
        "session takes it: as UTC. Where the application writes local time, everything is off by its offset, by hours.",
        "`check_items` des Orts macht aus einer Spalte ohne Zeitzone (`timestamp`, Datum, Text) einen Zeitpunkt, wie die Sitzung "
        "ihn versteht: in UTC. Schreibt die Anwendung Ortszeit, ist alles um deren Abstand falsch, um Stunden.",
        "Name the zone in both SQL files: `created_at AT TIME ZONE 'Europe/Berlin'`, or `'UTC'` where it is that.",
        "Zone in beiden SQL-Dateien nennen: `created_at AT TIME ZONE 'Europe/Berlin'`, oder `'UTC'`, wo es diese ist.",
    ),
    "trigger_on_disposal": Wording(
        "Trigger on what is disposed of",
        "Trigger auf dem, was gelöscht wird",
        "A trigger runs when rows of the place, or what belongs to them, are deleted (where they are anonymised: changed). "
        "It may keep the row, or write a copy elsewhere; what it does nobody here knows.",
        "Ein Trigger läuft, wenn Zeilen des Orts oder was dazu gehört gelöscht werden (bei Anonymisierung: geändert). Er kann "
        "die Zeile behalten oder eine Kopie schreiben; was er tut, ist hier nicht bekannt.",
        "Read its function; what it copies is a place of its own, or it has to go.",
        "Seine Funktion lesen; was er kopiert, ist ein eigener Ort, oder er muss weg.",
    ),
    "unmapped_table": Wording(
        "Table that the data map doesn't know",
        "Nicht kartierte Tabelle",
        "The connection sees a table, a materialised view, a foreign table or large objects that are neither in a place "
        "(its table, its dependents, the rows of its objects, its partitions) nor declared free of personal data. `place`"
        " is the connection and the table.",
        "Die Verbindung sieht eine Tabelle, eine materialisierte Sicht, eine Fremdtabelle oder Large Objects, die weder "
        "zu einem Ort gehören (seine Tabelle, deren abhängige, die Zeilen seiner Objekte, seine Partitionen) noch als "
        "frei von Personendaten erklärt sind. `place` nennt Verbindung und Tabelle.",
        "Map it (`map draft` makes a beginning), or declare it under `not_personal` with reason, owner and day.",
        "Kartieren (`map draft` macht einen Anfang) oder unter `not_personal` mit Grund, verantwortlicher Rolle und Tag "
        "erklären.",
    ),
    "personal_column": Wording(
        "Column that looks personal",
        "Spalte, die personenbezogen aussieht",
        "A column that stays (of a table that is declared free of personal data, or beside the anonymised columns of a "
        "row) looks personal by its name, or by what a sample holds: e-mail addresses, telephone numbers, IP addresses, "
        "IBANs. `detail.reasons` names the columns and why; `seen before`: an earlier sample. No value was read out of "
        "the source.",
        "Eine Spalte, die bleibt (einer Tabelle, die als frei von Personendaten erklärt ist, oder neben den "
        "anonymisierten Spalten einer Zeile), sieht personenbezogen aus: dem Namen nach oder nach einer Stichprobe "
        "(E-Mail-Adressen, Telefonnummern, IP-Adressen, IBAN). `detail.reasons` nennt die Spalten und warum; `seen "
        "before`: eine frühere Stichprobe. Kein Wert hat die Quelle verlassen.",
        "Map the table, let `anonymise` cover the column, or declare the column under `not_personal` (`columns`).",
        "Tabelle kartieren, Spalte unter `anonymise` aufnehmen oder unter `not_personal` (`columns`) erklären.",
    ),
    "unmapped_file": Wording(
        "Files that no pattern of the map fits",
        "Dateien, auf die kein Muster der Karte passt",
        "Files under a mapped path that no place's folder and patterns claim and no declaration covers. `place` is the "
        "connection: files are not named, as they may be called after somebody. A link out of all mapped paths counts, "
        "too, whatever it is called: nobody reads what it leads to.",
        "Dateien unter einem kartierten Pfad, die weder Ordner und Muster eines Ortes noch eine Erklärung erfassen. "
        "`place` nennt die Verbindung; Dateien werden nicht genannt, denn sie können nach jemandem heißen. Auch ein "
        "Verweis, der aus allen kartierten Pfaden hinausführt, zählt, wie er auch heißt: Niemand liest, was dort liegt.",
        "List the path; widen the patterns, declare the folder, map the path that a link leads to, or remove the files.",
        "Pfad auflisten; Muster erweitern, Ordner erklären, den Pfad kartieren, auf den ein Verweis führt, oder die Dateien "
        "entfernen.",
    ),
    "hidden_table": Wording(
        "Tables that the check can't look into",
        "Tabellen, in die die Prüfung nicht sehen kann",
        "The map names a table, or declares it free of personal data, and the verifying role can't read what the check needs of "
        "it: a right is missing (`no right`), row security is in force (`row security`), or no sample came to an end "
        "(`no answer`). What it holds is only said, not proven. `detail.reasons` names the table and why.",
        "Die Datenkarte nennt eine Tabelle oder erklärt sie als frei von Personendaten, und die prüfende Rolle kann nicht lesen, "
        "was die Prüfung von ihr braucht: Ein Recht fehlt (`no right`), es gilt Row Security (`row security`), oder keine "
        "Stichprobe wurde fertig (`no answer`). Was sie enthält, ist nur behauptet, nicht bewiesen. `detail.reasons` nennt "
        "Tabelle und Grund.",
        "Grant SELECT to the verifying role, and BYPASSRLS where row security is in force; or declare columns that it may not "
        "read by themselves under `not_personal` (`columns`).",
        "Der prüfenden Rolle SELECT geben, und BYPASSRLS, wo Row Security gilt; oder Spalten, die sie nicht lesen darf, einzeln "
        "unter `not_personal` (`columns`) erklären.",
    ),
    "unnamed_identifier": Wording(
        "Addresses or numbers that `identifiers` don't name",
        "Adressen oder Nummern außerhalb von `identifiers`",
        "A place whose people are on the suppression list has another column with e-mail addresses or telephone numbers, by its "
        "name or by a sample: who comes back with one of these only is not found. `detail.reasons` names columns and why.",
        "Ein Ort, dessen Personen auf der Werbesperrliste stehen, hat eine weitere Spalte mit E-Mail-Adressen oder "
        "Telefonnummern, nach ihrem Namen oder einer Stichprobe: Wer nur damit wiederkommt, wird nicht "
        "gefunden. `detail.reasons` nennt Spalten "
        "und Grund.",
        "Name the column under `identifiers`, or declare it under `not_personal` (`columns`).",
        "Spalte unter `identifiers` nennen oder unter `not_personal` (`columns`) erklären.",
    ),
    "map_names_nothing": Wording(
        "The map names what isn't there",
        "Die Karte nennt, was es nicht gibt",
        "A place names a table or a column that the database doesn't have: it was renamed or dropped, and what the place "
        "is about may lie elsewhere. `detail.reasons` says which.",
        "Ein Ort nennt eine Tabelle oder Spalte, die die Datenbank nicht hat: Sie wurde umbenannt oder gelöscht, und was "
        "gemeint ist, kann anderswo liegen. `detail.reasons` sagt, welche.",
        "Correct the map.",
        "Karte berichtigen.",
    ),
    "declaration_names_nothing": Wording(
        "Declaration of what isn't there",
        "Erklärung über etwas, das es nicht gibt",
        "Something is declared free of personal data that is not there (any more): a table, a column, a bucket or a "
        "folder. If it comes again, the declaration would cover it unseen.",
        "Etwas ist als frei von Personendaten erklärt, das es nicht (mehr) gibt: eine Tabelle, eine Spalte, ein Bucket "
        "oder ein Ordner. Käme es wieder, gälte die Erklärung ungesehen.",
        "Take the declaration out of the map, or correct its name.",
        "Erklärung aus der Karte nehmen oder den Namen berichtigen.",
    ),
    "declaration_old": Wording(
        "Declaration to be looked at again",
        "Erneut zu prüfende Erklärung",
        "It was declared more than two years ago that something holds no personal data, or the declaration is dated in "
        "the future; one of the future declares nothing.",
        "Dass etwas keine Personendaten enthält, wurde vor mehr als zwei Jahren erklärt, oder die Erklärung trägt ein "
        "künftiges Datum; eine künftige erklärt nichts.",
        "Look at it again and write today's day under `declared_on`, or map it.",
        "Erneut prüfen und unter `declared_on` den heutigen Tag eintragen, oder kartieren.",
    ),
}
