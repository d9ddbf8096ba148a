"""Numbers, ages and instants as people read them, in English and German. Unknown is a word, never a zero."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from retention.policy.periods import BERLIN
from retention.readable import duration

LANGUAGES = ("de", "en")
_UNKNOWN = {"en": "unknown", "de": "unbekannt"}
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]  # not strftime: that follows the machine's locale
_ZONES = {"CET": "MEZ", "CEST": "MESZ"}


def either(names: Sequence[str]) -> str:
    """`html, json or pdf`: what may be chosen, in messages."""
    return " or ".join([", ".join(names[:-1]), names[-1]])


def unknown(language: str) -> str:
    """The word for what could not be told."""
    return _UNKNOWN[language]


def number(value: int | None, language: str) -> str:
    """A count with its thousands apart: `12,345` or `12.345`."""
    if value is None:
        return unknown(language)
    text = f"{value:,}"
    return text.replace(",", ".") if language == "de" else text


def age(seconds: float | None, language: str) -> str:
    """A period in short; a negative one with its sign."""
    if seconds is None:
        return unknown(language)
    return ("−" if seconds <= -1 else "") + duration(seconds, language)


def day(value: date, language: str) -> str:
    """A calendar day: `22 November 2026` or `22.11.2026`."""
    if language == "de":
        return f"{value.day:02}.{value.month:02}.{value.year}"
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def version(value: str, language: str) -> str:
    """A policy's version, which is the day that its text bears; any other text stands as it is."""
    try:
        return day(date.fromisoformat(value), language)
    except ValueError:
        return value


def short_day(value: date, language: str) -> str:
    """A day on an axis: `22 Nov` or `22.11.`."""
    return f"{value.day:02}.{value.month:02}." if language == "de" else f"{value.day} {_MONTHS[value.month - 1][:3]}"


def instant(value: datetime | None, language: str) -> str:
    """A time of day in Berlin, with its zone: `22 November 2026, 23:10 CET` or `22.11.2026, 23:10 Uhr MEZ`."""
    if value is None:
        return unknown(language)
    local = value.astimezone(BERLIN)
    zone = local.tzname() or ""
    if language == "de":
        return f"{day(local.date(), language)}, {local:%H:%M} Uhr {_ZONES.get(zone, zone)}"
    return f"{day(local.date(), language)}, {local:%H:%M} {zone}"


def digest(value: str | None, language: str) -> str:
    """A digest in groups of eight, so that it can be compared by eye and break across lines."""
    if not value:
        return unknown(language)
    return " ".join(value[start : start + 8] for start in range(0, len(value), 8))
