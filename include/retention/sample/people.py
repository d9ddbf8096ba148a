"""Callers: invented names, telephone numbers and addresses that can't belong to anybody.

Numbers are the ones that the Bundesnetzagentur reserves for films and books (Mitteilung 148/2021, Amtsblatt 7/2021);
e-mail addresses end in example.com (RFC 2606).
"""

from __future__ import annotations

import random
from datetime import datetime
from uuid import UUID

from retention.sample.rows import Caller

# fmt: off
FIRST_NAMES = (
    "Adele", "Alwin", "Anneliese", "Berta", "Bodo", "Carla", "Corvin", "Dagny", "Edda", "Egon", "Elfi", "Enno",
    "Erna", "Falk", "Fenja", "Frido", "Gesa", "Gisbert", "Hanno", "Hedda", "Ilka", "Imke", "Jorin", "Käthe", "Kuno",
    "Levke", "Linus", "Malte", "Meta", "Neele", "Nils", "Okka", "Ottilie", "Piet", "Quirin", "Rieke", "Ruben",
    "Söhnke", "Svea", "Tamme", "Thea", "Uwe", "Veit", "Wiebke", "Xaver", "Yorick", "Zita",
)
LAST_NAMES = (
    "Ackerwind", "Birkenfink", "Brombeer", "Dachsbau", "Distelmoor", "Eibenschütz", "Fadenlauf", "Fliederbusch",
    "Gänseblum", "Haselgrund", "Hummelflug", "Igelsbach", "Kieselstein", "Kornblum", "Lerchenau", "Löwenzahn",
    "Marderhaar", "Mondkalb", "Nachtigal", "Nussknack", "Pfifferling", "Quellmoos", "Regenpfeif", "Rotkehl",
    "Sanddorn", "Schlehenhag", "Seegras", "Sommerwies", "Storchennest", "Tannenzapf", "Uferschwalb", "Veilchenau",
    "Wackelstein", "Wiesenschaum", "Zaunkönig", "Zimtapfel",
)
# fmt: on

_LANDLINES = ("+49 30 23125", "+49 69 90009", "+49 40 66969", "+49 221 4710", "+49 89 99998")  # each with 000 to 999
_MOBILES = (
    "+49 152 28817386",
    "+49 152 54599371",
    "+49 172 9968532",
    "+49 172 9973185",
    "+49 172 9980752",
    "+49 174 9091317",
    "+49 174 9464308",
)

_SPELLED_OUT = {ord("ä"): "ae", ord("ö"): "oe", ord("ü"): "ue", ord("ß"): "ss"}

_UNKNOWN_CALLER_SHARE = 0.08
_NO_EMAIL_SHARE = 0.3


def invent_caller(caller_id: UUID, tenant_id: str, called_at: datetime) -> Caller:
    """The caller that belongs to this id; some withhold their number and stay nameless."""
    draw = random.Random(caller_id.int)
    if draw.random() < _UNKNOWN_CALLER_SHARE:
        return Caller(caller_id, tenant_id, None, None, None, called_at)
    first, last = draw.choice(FIRST_NAMES), draw.choice(LAST_NAMES)
    email = None if draw.random() < _NO_EMAIL_SHARE else f"{_ascii(first)}.{_ascii(last)}@example.com"
    return Caller(caller_id, tenant_id, f"{first} {last}", _phone(draw), email, called_at)


def invent_person(draw: random.Random, number: int) -> tuple[str, str]:
    """A name, and an address that no other `number` has."""
    first, last = draw.choice(FIRST_NAMES), draw.choice(LAST_NAMES)
    return f"{first} {last}", f"{_ascii(first)}.{_ascii(last)}.{number}@example.com"


def landline(number: int) -> str:
    """One of 5,000 reserved landline numbers."""
    return f"{_LANDLINES[number // 1000 % len(_LANDLINES)]}{number % 1000:03d}"


def _phone(draw: random.Random) -> str:
    if draw.random() < 0.5:
        return f"{draw.choice(_LANDLINES)}{draw.randrange(1000):03d}"
    number = draw.randrange(100 + len(_MOBILES))
    return f"+49 171 39200{number:02d}" if number < 100 else _MOBILES[number - 100]


def _ascii(name: str) -> str:
    return name.lower().translate(_SPELLED_OUT)
