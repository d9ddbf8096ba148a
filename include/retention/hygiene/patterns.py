"""What looks like somebody's address or number, in any text: the patterns by which checks sample the sources, for Python."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator

from stdnum import iban

from retention.verification.coverage import patterns

_OURS = tuple(
    ipaddress.ip_network(one)
    for one in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("::1/128", "fc00::/7", "fe80::/10"),
    )
)
"""Private networks, whose addresses are those of machines of ours. Whoever visits us comes from elsewhere."""
_IBAN = re.compile(r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}\b")


def _for_python(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern.replace("[[:alpha:]]", r"[^\W\d_]").replace("[:alnum:]", r"\w"))


_EMAIL, _PHONE, _IP = (_for_python(one) for one in (patterns.EMAIL, patterns.PHONE, patterns.IP))


def kinds_in(text: str) -> Iterator[str]:
    """The kinds of identifiers (`patterns.KINDS`) that this text holds."""
    for kind, (signs, holds) in _TESTS.items():
        if all(sign in text for sign in signs) and holds(text):
            yield kind


def _names_a_stranger(text: str) -> bool:
    """Whether there is an address that is none of our own machines'."""
    return any(not _is_ours(found.group()) for found in _IP.finditer(text))


def _is_ours(address: str) -> bool:
    try:
        one = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(one in network for network in _OURS if network.version == one.version)


_TESTS: dict[str, tuple[str, Callable[[str], bool]]] = dict(
    zip(
        patterns.KINDS,
        (
            ("@.", lambda text: _EMAIL.search(text) is not None),
            ("", lambda text: _PHONE.search(text) is not None),
            ("", _names_a_stranger),
            ("", lambda text: any(iban.is_valid(found.group()) for found in _IBAN.finditer(text))),
        ),
        strict=True,
    )
)
"""By kind what the text can't do without, and what it must fit."""
