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
}
