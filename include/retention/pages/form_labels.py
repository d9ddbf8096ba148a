"""The words of forms, and of the pages around them, as (English, German)."""

from __future__ import annotations

FORMS: dict[str, tuple[str, str]] = {
    "form.reason": ("Reason", "Begründung"),
    "form.reason_hint": (
        "It stays in the ledger for ever: no names, e-mail addresses or telephone numbers.",
        "Sie bleibt für immer im Löschprotokoll: keine Namen, E-Mail-Adressen oder Telefonnummern.",
    ),
    "form.not_yours": (
        "Your roles do not give the right to this.",
        "Ihre Rollen geben dieses Recht nicht.",
    ),
    # legal holds
    "hold.what": (
        "While a hold is in force, nothing that it covers is deleted. It holds once a second person has approved it.",
        "Solange eine Löschsperre in Kraft ist, wird nichts davon gelöscht. Sie gilt, sobald eine zweite Person sie freigibt.",
    ),
    "hold.open": ("In force, or to come", "In Kraft oder ausstehend"),
    "hold.past": ("Ended", "Beendet"),
    "hold.none": ("No hold is in force, and none waits.", "Keine Löschsperre ist in Kraft, keine wartet."),
    "hold.why": ("why", "warum"),
    "hold.why_hidden": ("not shown here", "steht nicht hier"),
    "hold.since": ("Since", "Seit"),
    "hold.people": ("requested by {}, approved by {}", "beantragt durch {}, freigegeben durch {}"),
    "hold.nobody": ("nobody", "niemand"),
    "hold.do": ("Do", "Tun"),
    "hold.approve": ("Approve", "Freigeben"),
    "hold.end": ("End", "Beenden"),
    "hold.set": ("Set the hold", "Löschsperre setzen"),
    "hold.new": ("A new hold", "Neue Löschsperre"),
    "hold.new_what": (
        "You request it; somebody else approves it. Until then it holds nothing.",
        "Sie beantragen sie; jemand anderes gibt sie frei. Bis dahin hält sie nichts.",
    ),
    "hold.all_match": (
        "Fill in at least one; what is filled in must all match.",
        "Mindestens ein Feld ausfüllen; alles Ausgefüllte muss zutreffen.",
    ),
    "hold.tenant": ("Customer, by internal id", "Kunde, als interne Kennung"),
    "hold.person": ("Person, by internal id", "Person, als interne Kennung"),
    "hold.ids_hint": (
        "The source's own id: no name, e-mail address or telephone number.",
        "Die Kennung der Quelle: kein Name, keine E-Mail-Adresse, keine Telefonnummer.",
    ),
    "hold.place": ("Place (with an item)", "Speicherort (mit einem Element)"),
    "hold.item": ("Item, by id or key", "Element, als Kennung oder Schlüssel"),
    "hold.started_from": ("Began on this day or later", "Begonnen an diesem Tag oder später"),
    "hold.started_before": ("Began before this day", "Begonnen vor diesem Tag"),
    "hold.how_long": ("How long", "Wie lange"),
    "hold.ends": ("Ends with this day", "Endet mit diesem Tag"),
    "hold.review": ("Review by this day", "Überprüfung bis zu diesem Tag"),
    "hold.review_hint": (
        "Without an end it ends then, unless it is reviewed.",
        "Ohne Ende endet sie dann, wenn niemand sie überprüft.",
    ),
    "scope_of.category": ("data category", "Datenart"),
    "scope_of.tenant_id": ("customer", "Kunde"),
    "scope_of.person_id": ("person", "Person"),
    "scope_of.place": ("place", "Speicherort"),
    "scope_of.item_id": ("item", "Element"),
    "scope_of.started_from": ("begun from", "begonnen ab"),
    "scope_of.started_before": ("begun before", "begonnen vor"),
    "hold_state.in force": ("in force", "in Kraft"),
    "hold_state.ended": ("ended", "beendet"),
    "hold_state.expired": ("expired", "abgelaufen"),
    "hold_state.review missed": ("holds nothing: review missed", "hält nichts: Überprüfung versäumt"),
    "hold_state.not approved": ("holds nothing: not approved yet", "hält nichts: noch nicht freigegeben"),
    "hold_state.approved by its requester": (
        "holds nothing: approved by its requester",
        "hält nichts: durch die beantragende Person freigegeben",
    ),
    "hold_state.not yet in force": ("not yet in force", "noch nicht in Kraft"),
    "done.hold_set": (
        "Hold `{}` is set. It holds nothing until a second person approves it. Gone before: {}; perhaps: {}.",
        "Löschsperre `{}` ist gesetzt. Sie hält nichts, bis eine zweite Person sie freigibt. Zuvor weg: {}; vielleicht: {}.",
    ),
    "done.hold_approved": (
        "Hold `{}` is approved and in force. Of its scope had gone before: {}; perhaps: {}.",
        "Löschsperre `{}` ist freigegeben und in Kraft. Aus ihrem Umfang zuvor weg: {}; vielleicht: {}.",
    ),
    "done.hold_ended": (
        "Hold `{}` has ended; what it kept falls due at once.",
        "Löschsperre `{}` ist beendet; was sie hielt, wird sofort fällig.",
    ),
    "refused.hold": ("Nothing was done:", "Nichts wurde getan:"),
    "refused.hold_busy": (
        "Deletion was at work for too long. Whether it was written is shown in the list below; if not, try again.",
        "Die Löschung war zu lange beschäftigt. Ob es geschrieben wurde, zeigt die Liste; wenn nicht, bitte noch einmal.",
    ),
}
