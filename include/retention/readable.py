"""Durations and instants as people read them, never finer than a minute where minutes do."""

from __future__ import annotations

from datetime import UTC, datetime

_DAY_S = 86_400
_DAYS_FROM_S = 3 * _DAY_S
_UNITS: dict[str, tuple[tuple[int, str, str], ...]] = {
    "en": ((_DAY_S, "day", "days"), (3_600, "h", "h"), (60, "min", "min"), (1, "s", "s")),
    "de": ((_DAY_S, "Tag", "Tage"), (3_600, "Std.", "Std."), (60, "Min.", "Min."), (1, "Sek.", "Sek.")),
}


def duration(seconds: float, language: str = "en") -> str:
    """A period in its two largest units, rounded down: `4 days 22 h`, `49 h 1 min`, `12 min`; below one minute in seconds.

    Under three days hours read better than days. The sign is left to the words around it.
    """
    rest = abs(int(seconds))
    parts: list[str] = []
    for length, one, many in _UNITS[language]:
        if (length == _DAY_S and rest < _DAYS_FROM_S) or (length == 1 and parts):
            continue
        count, rest = divmod(rest, length)
        if count:
            parts.append(f"{count} {one if count == 1 else many}")
        if len(parts) == 2 or (parts and not count):
            break
    return " ".join(parts) or f"0 {_UNITS[language][-1][1]}"


def utc_minute(at: datetime | None) -> str:
    """An instant to the minute, for lines that machines and people share: `2026-11-23 05:06 UTC`; `never` for None."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if at is not None else "never"
