"""The words of rules, findings, evidence and runs, as (English, German)."""

from __future__ import annotations

PROOFS: dict[str, tuple[str, str]] = {
    "rules.what": (
        "Each promise of the privacy policy, the rule that keeps it, where the data lie, and the checks on it.",
        "Jede Zusage der Datenschutzerklärung, die Regel dazu, wo die Daten liegen, und die Prüfungen darauf.",
    ),
    "rules.check_of": ("Results are those of the check of {}.", "Ergebnisse stammen aus der Prüfung vom {}."),
    "rules.findings": ("What was found", "Was gefunden wurde"),
    "rules.promise": ("Promise", "Zusage"),
    "rules.checks": ("Checks, and their newest result", "Prüfungen und ihr neuestes Ergebnis"),
    "rules.no_checks": (
        "The newest check recorded none on these places.",
        "Die neueste Prüfung hat zu diesen Orten keine erfasst.",
    ),
    "finding.acknowledge": ("Acknowledge", "Zur Kenntnis nehmen"),
    "finding.until": ("Until and with this day, a year at the most", "Bis einschließlich, höchstens ein Jahr"),
    "finding.not_breach": (
        "A breach can't be acknowledged away: it has to be mended.",
        "Eine Überschreitung ist zu beheben, nicht zur Kenntnis zu nehmen.",
    ),
    "finding.not_unknown": (
        "An unknown can't be acknowledged away: somebody has to look.",
        "Unbekanntes ist nachzusehen, nicht zur Kenntnis zu nehmen.",
    ),
    "done.acknowledged": (
        "`{}` is acknowledged. It stays in every report, and changes no verdict.",
        "`{}` ist zur Kenntnis genommen. Es bleibt in jedem Bericht und ändert kein Ergebnis.",
    ),
    "refused.finding": ("Nothing was noted:", "Nichts wurde vermerkt:"),
    # evidence
    "proof.what": (
        "Every deletion and every act of a person is an entry of the ledger, chained to the one before it.",
        "Jede Löschung und jede Handlung einer Person ist ein Eintrag im Löschprotokoll, verkettet mit dem vorigen.",
    ),
    "proof.keys": ("Keys that signed this ledger", "Schlüssel, die dieses Protokoll signierten"),
    "proof.root": ("Merkle root over all entries, computed now", "Merkle-Wurzel über alle Einträge, jetzt berechnet"),
    "proof.now": ("Hold it against all that was signed", "Gegen alles Signierte halten"),
    "proof.now_what": (
        "Recomputes the chain from its first entry, and compares it with every signed head. It changes nothing.",
        "Berechnet die Kette vom ersten Eintrag an neu und vergleicht sie mit allem Signierten. Es ändert nichts.",
    ),
    "proof.button": ("Verify now", "Jetzt prüfen"),
    "proof.fits": (
        "It fits: {} entries, {} signed heads, {} of them in the locked bucket.",
        "Es passt: {} Einträge, {} signierte Köpfe, {} davon im gesperrten Speicher.",
    ),
    "proof.fits_alone": (
        "It fits: {} entries, {} signed heads. No locked bucket is connected: a database rewritten as a whole would fit, too.",
        "Es passt: {} Einträge, {} signierte Köpfe. Ohne gesperrten Speicher passte auch eine ganz umgeschriebene Datenbank.",
    ),
    "proof.lacks": (
        "{} entries fit {} signed heads; the locked bucket has {} and lacks {}: what nobody keeps outside is not proven.",
        "{} Einträge passen zu {} signierten Köpfen; der gesperrte Speicher hat {}, ihm fehlen {}: nicht von außen nachgewiesen.",
    ),
    "proof.bad": (
        "It does not fit, from entry {} on; {} entries fit their chain. Stop deletion, and compare with a backup:",
        "Es passt nicht, ab Eintrag {}; {} Einträge passen zur Kette. Löschungen aussetzen und mit einer Sicherung vergleichen:",
    ),
    "refused.proof": ("Whether it fits is not known:", "Ob es passt, ist nicht bekannt:"),
    "refused.proof_busy": (
        "Somebody is verifying at this moment; try again in a minute.",
        "Gerade prüft schon jemand; bitte in einer Minute noch einmal.",
    ),
    "refused.proof_slow": (
        "It took longer than a page may: whether it fits is not known. `python -m retention ledger verify` takes its time.",
        "Es dauerte zu lange: Ob es passt, ist nicht bekannt. `python -m retention ledger verify` nimmt sich Zeit.",
    ),
    "proof.certificates": ("Certificates", "Bescheinigungen"),
    "proof.certificates_what": (
        "`certificate run PLAN` issues one for a run, `certificate tenant` for a customer; anybody can check it.",
        "`certificate run PLAN` stellt eine für einen Lauf aus, `certificate tenant` für einen Kunden; prüfen kann sie jeder.",
    ),
    # a DAG run
    "run.title": ("What this run did", "Was dieser Lauf getan hat"),
    "run.none": (
        "This run has planned nothing that is still recorded: it deletes nothing, has not come that far, or is too long ago.",
        "Von diesem Lauf ist kein Plan erfasst: Er löscht nichts, kam noch nicht so weit, oder es ist zu lange her.",
    ),
    "run.digest": ("Digest of exactly these items", "Prüfsumme über genau diese Elemente"),
    "run.entries": ("Its entries in the deletion log", "Seine Einträge im Löschprotokoll"),
    "run.no_entries": ("None.", "Keine."),
    "run.number": ("Entry", "Eintrag"),
    "run.at": ("When", "Wann"),
    "run.kind": ("What", "Was"),
    "plan_state.planning": ("is being made", "entsteht"),
    "plan_state.ready": ("ready, not executed", "bereit, nicht ausgeführt"),
    "plan_state.executing": ("being executed, or broken off", "in Ausführung oder abgebrochen"),
    "plan_state.done": ("executed", "ausgeführt"),
    "plan_state.abandoned": ("given up", "aufgegeben"),
    "entry.plan": ("plan frozen", "Plan festgeschrieben"),
    "entry.approval": ("approved", "freigegeben"),
    "entry.intent": ("batch begun", "Schub begonnen"),
    "entry.result": ("batch confirmed gone", "Schub als gelöscht bestätigt"),
    "entry.recovery": ("looked after an interruption", "nach Unterbrechung nachgesehen"),
    "entry.plan_result": ("plan ended", "Plan beendet"),
}
