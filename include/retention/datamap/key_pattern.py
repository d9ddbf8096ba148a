"""The regular expressions of `key_date`: what of them Python and PostgreSQL read alike, and the same one for PostgreSQL.

A key is read in Python where objects are listed, and in the database where rows are selected. Both must find the same day, so
a pattern is made of what means the same in both: text, classes, groups, alternatives, greedy repetition, anchors.
"""

from __future__ import annotations

import re
import warnings

from retention.strict import refuse, shown

_DATED = ("year", "month", "day")
_MOST_REPEATS = 255
"""What PostgreSQL takes as a bound."""

_TOKEN = re.compile(
    r"""
      (?P<open>\((?:\?:|\?P<[^>]*>|(?!\?)))
    | (?P<close>\))
    | (?P<bar>\|)
    | (?P<repeat>(?:[*+?]|\{\d+(?:,\d*)?\}))(?P<mode>[?+]?)
    | (?P<class>\[\^?(?:[^\]\\\[]|\\[dwsnt]|\\[!-/:-@\[-`{-~])+\])
    | (?P<dot>\.)
    | (?P<end>\$(?![*+?{]))
    | (?P<anchor>(?:\^|\\[AZ])(?![*+?{]))
    | (?P<short>\\[dws])
    | (?P<literal>\\[nt]|\\[!-/:-@\[-`{-~]|[^\\\[\](){}*+?|^$.\0])
    """,
    re.VERBOSE | re.ASCII,
)
_IN_CLASS = {r"\d": "0-9", r"\w": "A-Za-z0-9_", r"\s": r" \t\n\r\f\v"}
_FIXED = {"dot": r"[^\n]", "end": r"(?=\n?\Z)"}


class UnsharedPattern(ValueError):
    """A pattern with something that the two read differently; the message says what, and where."""


def compile_pattern(text: str) -> re.Pattern[str]:
    """The pattern for Python. Raises re.error for no regular expression, UnsharedPattern for one that only Python reads so."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of `[[`, which is refused right below
        pattern = re.compile(text, re.ASCII)
    for_postgres(text)
    return pattern


def for_postgres(text: str) -> str:
    """The same expression as PostgreSQL writes it; its groups have the same numbers."""
    parts: list[str] = []
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise UnsharedPattern(f"{text[at : at + 3]!r} at character {at + 1}")
        parts.append(_translated(token))
        at = token.end()
    return "".join(parts)


def _translated(token: re.Match[str]) -> str:
    kind, found = str(token.lastgroup), token.group()
    if token["repeat"]:
        if token["mode"] or any(int(bound) > _MOST_REPEATS for bound in re.findall(r"\d+", found)):
            raise UnsharedPattern(f"{found!r} at character {token.start() + 1}")
        return found
    if kind == "open":
        return found if found == "(?:" else "("
    if kind == "short":
        return f"[{_IN_CLASS[found]}]"
    if kind == "class":
        return re.sub(r"\\[\s\S]", lambda escape: _IN_CLASS.get(escape.group(), escape.group()), found)
    return _FIXED.get(kind, found)


def parse_pattern(value: object) -> re.Pattern[str]:
    """The map's text as a pattern with the groups of a day. Raises what the model makes a problem of."""
    if isinstance(value, re.Pattern):
        return value
    if not isinstance(value, str):
        raise refuse(shown(value), "a regular expression in quotes")
    try:
        pattern = compile_pattern(value)
    except re.error as bad:
        raise refuse(
            f"{value!r}, which is no regular expression ({bad})", "one like ^(?P<tenant>[^/]+)/(?P<year>…"
        ) from None
    except UnsharedPattern as bad:
        raise refuse(
            f"{shown(value)}, with {bad}, which Python and PostgreSQL read differently",
            "text, [classes], (groups), alternatives, greedy repetition of at most 255, ^ and $",
        ) from None
    missing = [group for group in _DATED if group not in pattern.groupindex]
    if missing:
        found = f"{shown(value)}, without the group {missing[0]!r}"
        raise refuse(found, "the named groups year, month, day (and tenant), such as (?P<year>[0-9]{4})")
    return pattern
