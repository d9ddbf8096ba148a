"""What all documents that people write have in common: unknown keys are refused, and a refusal says what to do.

The attribute docstrings of the models below `StrictModel` are the texts of docs/policy.md and docs/data-map.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

_SHOWN_CHARACTERS = 80
REFUSED = "refused"
"""The type of the errors that `refuse` makes; their context holds `found`, `expected` and `path`."""


class StrictModel(BaseModel):
    """A frozen document. Unknown keys are refused everywhere: a misspelt limit must never mean "no limit"."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        str_strip_whitespace=True,
        str_min_length=1,
        use_attribute_docstrings=True,
    )


def refuse(found: str, expected: str, *path: str | int) -> PydanticCustomError:
    """The error to raise in a validator; `path` leads from the validated value to what is wrong in it."""
    return PydanticCustomError(REFUSED, "{found}|{expected}", {"found": found, "expected": expected, "path": path})


def shown(value: object) -> str:
    """A value as somebody reads it who knows no Python."""
    if isinstance(value, Mapping):
        return "keys with values"
    if isinstance(value, (list, tuple)):
        return "a list" if value else "an empty list"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def _day_as_text(value: Any) -> Any:
    """YAML reads 2025-08-03 as a day even where a version's name is meant; both spellings name the same version."""
    return value.isoformat() if type(value) is date else value


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""A category, event, scope or party: these become names of SQL columns (`start_<event>`, at most 63 bytes)."""
VersionName = Annotated[str, BeforeValidator(_day_as_text)]
Exact = Annotated[str, StringConstraints(strip_whitespace=False, min_length=1)]
"""A text whose spaces count, such as the beginning of an object's key."""
# Python's and pydantic's own reading would take `true` for 1, "50000" for 50000 and "yes" for true.
Count = Annotated[int, Field(strict=True, ge=0)]
Number = Annotated[int, Field(strict=True, ge=1)]
Share = Annotated[float, Field(strict=True, ge=0, le=1)]
Flag = Annotated[bool, Field(strict=True)]
