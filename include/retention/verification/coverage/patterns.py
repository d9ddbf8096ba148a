"""Patterns of personal data as PostgreSQL matches them: in any text, also that of JSON, arrays and composite types.

They run inside the source, so that values stay there. A pattern that matches too much costs a line in the data map; one that
matches too little costs a person their data: where the two conflict, it matches.
"""

from __future__ import annotations

import re
from functools import cache
from string import ascii_uppercase

from psycopg import sql
from psycopg.types.json import Jsonb

_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_GROUP = "[0-9A-Fa-f]{1,4}"
_BEGINS, _ENDS = r"""(?:^|["{,(])\s*""", r"""\s*(?:$|["},)])"""
"""Around a whole value: of a column, a JSON string, an array's entry, a composite's field."""

EMAIL = r"[[:alnum:]._%+-]@[[:alnum:]](?:[[:alnum:]-]*[.])+[[:alpha:]]{2,}"
"""One character before the sign is enough to tell; any number of them would take for ever on a long word without one."""

PHONE = "|".join(
    (
        r"(?<![[:alnum:]+])[+][1-9](?:[ ./()-]{0,3}[0-9]){6,14}(?![0-9])",  # +49 30 1234567, anywhere
        # 0049…, 030…: many a number begins with a nought, so that only a whole value is taken for one.
        _BEGINS + r"[(]?0[0-9]?[1-9](?:[ ./()-]{0,3}[0-9]){7,13}" + _ENDS,
    )
)
IP = "|".join(
    (
        # Not loopback, not "any"; neither 0.0.0.0 nor version numbers of five parts.
        rf"(?<![0-9.])(?!127[.]|0[.])(?:{_OCTET}[.]){{3}}{_OCTET}(?![0-9]|[.][0-9])",
        rf"(?<![0-9A-Fa-f:.])(?:{_GROUP}:){{7}}{_GROUP}(?![0-9A-Fa-f:])",
        # Shortened: global and local addresses have four digits in their first group; `a::b` is a word of a program.
        rf"(?<![0-9A-Za-z:.])[0-9A-Fa-f]{{4}}(?::{_GROUP}){{0,5}}::(?:{_GROUP}(?::{_GROUP}){{0,5}})?(?![0-9A-Za-z:])",
    )
)
_IBAN_SHAPE = r"\m[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}"

_IBAN = """EXISTS (
    SELECT FROM regexp_matches({value}, {shape}, 'g') AS m (found)
    CROSS JOIN LATERAL (SELECT replace(m.found[1], ' ', '') AS compact) AS c
    CROSS JOIN LATERAL (SELECT left(c.compact, CAST({lengths} ->> left(c.compact, 2) AS integer)) AS iban) AS i
    WHERE i.iban IS NOT NULL AND length(i.iban) = CAST({lengths} ->> left(i.iban, 2) AS integer) AND 1 = (
        -- Country and check digits come last, letters count from 10; what is right leaves 1 when divided by 97.
        SELECT CAST(string_agg(
            CASE WHEN d.digit ~ '[0-9]' THEN d.digit ELSE CAST(ascii(d.digit) - 55 AS text) END, '' ORDER BY d.n
        ) AS numeric) % 97
        FROM regexp_split_to_table(substr(i.iban, 5) || left(i.iban, 4), '') WITH ORDINALITY AS d (digit, n)
    )
)"""

KINDS = ("e-mail", "phone", "IP address", "IBAN")
"""What is looked for, in the order of `conditions`."""
IDENTIFYING = KINDS[:2]
"""Of these, by what the suppression list knows people."""


def conditions(value: sql.Composable) -> list[sql.Composable]:
    """For each of KINDS the SQL condition that this text holds one; looking for signs that it can't do without saves time.

    The conditions have no parameters, and are to be executed without any.
    """
    plain = [
        sql.SQL("CASE WHEN {} LIKE ANY({}) THEN {} ~ {} ELSE FALSE END").format(
            value, sql.Literal(signs), value, sql.Literal(pattern)
        )
        for pattern, signs in ((EMAIL, ["%@%.%"]), (PHONE, ["%+%", "%0%"]), (IP, ["%.%.%.%", "%:%:%"]))
    ]
    lengths, shape = sql.Literal(Jsonb(_iban_lengths())), sql.Literal(f"({_IBAN_SHAPE})")
    return [*plain, sql.SQL(_IBAN).format(value=value, shape=shape, lengths=lengths)]


@cache
def _iban_lengths() -> dict[str, int]:
    """How long an IBAN of each country is, country and check digits included (ISO 13616)."""
    from stdnum import numdb

    registry = numdb.get("iban")
    lengths = {}
    for country in (first + second for first in ascii_uppercase for second in ascii_uppercase):
        for _part, facts in registry.info(country):
            if "bban" in facts:
                lengths[country] = 4 + sum(map(int, re.findall("([0-9]+)!", facts["bban"])))
    return lengths
