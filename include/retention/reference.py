"""Writes the generated parts of README, `docs/policy.md` and `docs/data-map.md`; a test fails when they differ.

`python -m retention.reference README.md docs/policy.md docs/data-map.md` brings the files up to date.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from retention.datamap import canary, system_map
from retention.datamap import model as datamap
from retention.policy import model as policy
from retention.policy.loader import load_policy
from retention.policy.periods import Day, Elapsed, Years, format_elapsed
from retention.reference_tables import dags_table, promises_table
from retention.sentences import rule_sentence
from retention.settings import INCLUDE
from retention.strict import Count, Exact, Flag, Name, Number, Share, VersionName

_KINDS: tuple[tuple[Any, str], ...] = (
    (Elapsed, "period of elapsed time"),
    (Years, "calendar years, such as `P8Y`"),
    (Day, "calendar day"),
    (Count, "whole number from 0"),
    (Number, "whole number from 1"),
    (Share, "number from 0 to 1"),
    (Flag, "`true` or `false`"),
    (Name, "name"),
    (datamap.PlaceName, "name"),
    (datamap.Replacement, "text or `(null)`"),
    (datamap.TableName, "schema and table"),
    (system_map.DeclaredTable, "schema and table"),
    (datamap.ColumnName, "column"),
    (VersionName, "text or day"),
    (Exact, "text, spaces count"),
    (str, "text"),
    (Path, "file beside the map"),
)
_MODELS: dict[str, tuple[type[BaseModel], ...]] = {
    "policy": (
        *(policy.Promises, policy.Promise, policy.Maximum, policy.RetentionRule, policy.Schedule, policy.VolumeLimit),
        *(
            policy.RuleVersion,
            policy.StartPoint,
            policy.Consents,
            policy.Minimum,
            policy.TenantTerms,
            policy.TenantLimit,
        ),
    ),
    "datamap": (
        *(system_map.SystemMap, datamap.SourceConnection, datamap.S3Place, datamap.Facts, datamap.RowTable),
        *(datamap.TablePlace, datamap.TableFacts, datamap.Dependent, datamap.PartitionedPlace, datamap.FilesPlace),
        *(canary.Canary, datamap.AirflowPlace, datamap.ExternalPlace, datamap.Attestation, system_map.NotPersonal),
    ),
}
_MARKS = re.compile(r"(<!-- (?P<name>[a-z]+): generated -->\n).*?(<!-- end -->)", re.DOTALL)


def key_tables(models: tuple[type[BaseModel], ...]) -> str:
    """Every key of the models: meaning, kind and unit, and whether it must be there."""
    return "\n\n".join("\n".join(_table(model)) for model in models)


def sentences() -> str:
    """The shipped rules as they print themselves."""
    rules = load_policy(INCLUDE / "policies").rules
    return "\n\n".join(
        f"**`{category}`**\n\n> {rule_sentence(rule)}\n\n> {rule_sentence(rule, 'de')}"
        for category, rule in rules.items()
    )


def render(text: str) -> str:
    """The document with its generated parts, each between `<!-- NAME: generated -->` and `<!-- end -->`, made anew."""
    parts = {name: key_tables(models) for name, models in _MODELS.items()}
    parts |= {"sentences": sentences(), "promises": promises_table(), "dags": dags_table()}
    return _MARKS.sub(lambda match: f"{match[1]}\n{parts[match['name']]}\n\n{match[3]}", text)


def _table(model: type[BaseModel]) -> Iterator[str]:
    hints = get_type_hints(model, include_extras=True)
    yield f"### {_title(model)}\n\n{' '.join((model.__doc__ or '').split())}\n"
    yield "| key | meaning | kind | required |"
    yield "|---|---|---|---|"
    for key, field in model.model_fields.items():
        meaning = " ".join((field.description or "").split()).replace("|", "\\|")
        required = "yes" if field.is_required() else _default(field.default)
        yield f"| `{key}` | {meaning} | {_kind(hints[key])} | {required} |"


def _kind(hint: Any) -> str:
    for known, words in _KINDS:
        if hint == known:
            return words
    origin, arguments = get_origin(hint), get_args(hint)
    if get_origin(arguments[0] if arguments else None) in (Union, UnionType) and any(
        "discriminator" in repr(one) for one in arguments[1:]
    ):
        return "a place of one of the kinds below"
    if origin in (Union, UnionType):
        return _kind(next(argument for argument in arguments if argument is not NoneType))
    if origin is Literal:
        return " or ".join(f"`{getattr(value, 'value', value)}`" for value in arguments)
    if origin is tuple:
        return f"list: {_kind(arguments[0])}"
    if origin is dict:
        return f"{_kind(arguments[0])} → {_kind(arguments[1])}"
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return " or ".join(f"`{member.value}`" for member in hint)
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return f"[{_title(hint)}](#{_title(hint).lower().replace(' ', '-')})"
    # Annotated with checks of its own, such as a pattern: the plain type says enough beside the meaning.
    return "regular expression" if arguments and get_origin(arguments[0]) is re.Pattern else _kind(arguments[0])


def _title(model: type[BaseModel]) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", model.__name__).split()
    return " ".join([words[0], *(word.lower() for word in words[1:])])


def _default(default: Any) -> str:
    if default in (None, (), PydanticUndefined):
        return "no"
    if isinstance(default, timedelta):
        return f"no: {format_elapsed(default)}"
    return f"no: `{str(getattr(default, 'value', default)).lower()}`"


def main(paths: list[str]) -> None:
    """Bring the files up to date."""
    for path in map(Path, paths):
        path.write_text(render(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
