"""The form of a manual purge. What is left empty is not asked for; a purge that asks for nothing is refused."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Param

_WHAT, _WHY = "What is to go", "Why"


def _optional(title: str, description: str, **more: Any) -> Param:
    # A Param("") of type string would disable the form's button.
    return Param(None, type=["null", "string"], title=title, description_md=description, section=_WHAT, **more)


def purge_form(categories: tuple[str, ...]) -> dict[str, Any]:
    """The fields by name; `categories` are offered, others may be entered."""
    return {
        "category": Param(
            categories[0],
            type="string",
            examples=list(categories),
            title="Data category",
            description_md="One category; ask once for each. Logs and usage data go by age alone and can't be purged.",
            section=_WHAT,
        ),
        "tenant_id": _optional("Customer", "The customer's internal id, as the source has it."),
        "person_id": _optional("Person", "The person's internal id. Never a name, an address or a number."),
        "item_id": _optional("One item", "The id of one recording, transcript or lead, or an object's whole key."),
        "started_from": _optional(
            "From", "Items whose own start is at or after this (with offset).", format="date-time"
        ),
        "started_before": _optional("Before", "Items that started before this; not in the future.", format="date-time"),
        "reason": Param(
            "",
            type="string",
            minLength=5,
            title="Reason",
            description_md="Goes into the ledger for ever: no name, no address, no number of anybody.",
            section=_WHY,
        ),
        "ticket": Param(
            "", type="string", minLength=1, title="Ticket", description_md="Where it was asked for.", section=_WHY
        ),
        "preview_only": Param(
            True,
            type="boolean",
            title="Preview only",
            description_md="Show what would go and what stays. Without this, another person is asked to approve exactly that.",
            section=_WHY,
        ),
    }
