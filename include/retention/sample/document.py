"""Writes the generated parts of `docs/sample.md`: tables, customers, cases; a test fails when they differ from the code.

`python -m retention.sample.document docs/sample.md` brings the file up to date.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

from retention.sample.cases import CASES
from retention.sample.everyday import SHARES
from retention.sample.record_cases import RECORD_CASES
from retention.sample.rows_categories import COMPANY_TABLES
from retention.sample.tenants import PROFILES


def case_table() -> str:
    """Every named case and everyday group with its meaning, expected decision and number of items."""
    lines = ["| case | what it is | expected | items |", "|---|---|---|---|"]
    for case in CASES:
        basis = " (fallback)" if case.fallback else ""
        lines.append(f"| `{case.name}` | {case.meaning} | {case.expected}{basis} | {case.count} |")
    lines.extend(f"| `{share.name}` | {share.meaning} | {share.expected} | the rest |" for share in SHARES)
    return "\n".join(lines)


def record_table(place: str) -> Callable[[], str]:
    """Makes the table of one place's named cases, as `case_table`."""

    def table() -> str:
        lines = ["| case | what it is | expected | items |", "|---|---|---|---|"]
        for case in RECORD_CASES:
            if case.place == place:
                basis = " (fallback)" if case.fallback else ""
                lines.append(f"| `{case.name}` | {case.meaning} | {case.expected}{basis} | {case.count} |")
        return "\n".join(lines)

    return table


def column_table() -> str:
    """The company's tables with their columns, in the order in which rows can be inserted."""
    lines = ["| table | what a row is | columns |", "|---|---|---|"]
    for row_type in COMPANY_TABLES:
        name = row_type.table.removeprefix("public.")  # another schema is said
        columns = ", ".join(f"`{field.name}`" for field in fields(row_type))
        lines.append(f"| `{name}` | {row_type.__doc__} | {columns} |")
    return "\n".join(lines)


def tenant_table() -> str:
    """The customers, their own consent to archiving, and what they told us to delete."""
    lines = [
        "| tenant_id | name | contracts | customer's consent to archiving | told us to delete |",
        "|---|---|---|---|---|",
    ]
    for profile in PROFILES:
        ends = [_contract(terms.ended_ago.days if terms.ended_ago is not None else None) for terms in profile.contracts]
        consent = profile.archiving
        given = "none" if consent is None else f"{consent.given_ago.days} days old"
        reviewed = f", reviewed {consent.reviewed_ago.days} days ago" if consent and consent.reviewed_ago else ""
        asked = ", ".join(f"{request.scope} {_ago(request.received_ago)} ago" for request in profile.requests)
        cells = (f"`{profile.tenant_id}`", profile.name, ", ".join(ends) or "none", given + reviewed, asked)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _ago(span: timedelta) -> str:
    return f"{span.days} days" if span.days else f"{span.seconds // 3600} hours"


def _contract(ended_days_ago: int | None) -> str:
    if ended_days_ago is None:
        return "running"
    return f"ended {ended_days_ago} days ago" if ended_days_ago > 0 else f"ends in {-ended_days_ago} days"


_PARTS: dict[str, Callable[[], str]] = {
    "cases": case_table,
    "columns": column_table,
    "tenants": tenant_table,
    **{place: record_table(place) for place in dict.fromkeys(case.place for case in RECORD_CASES)},
}


def render(text: str) -> str:
    """The document with its generated parts, each between `<!-- NAME: generated -->` and `<!-- end -->`, made anew.

    Raises ValueError when a part's marks are missing: a table that nobody generates would go stale unseen.
    """
    for name, generate in _PARTS.items():
        before, start, rest = text.partition(f"<!-- {name}: generated -->\n")
        _, end, after = rest.partition("<!-- end -->")
        if not start or not end:
            raise ValueError(
                f"found no marks of the generated part {name!r}; expected both, as in render()'s docstring"
            )
        text = f"{before}{start}{generate()}\n{end}{after}"
    return text


if __name__ == "__main__":
    document = Path(sys.argv[1])
    document.write_text(render(document.read_text(encoding="utf-8")), encoding="utf-8")
