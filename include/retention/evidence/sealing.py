"""Sealed documents: JSON whose every byte is signed, and whose parts are digested one by one, so that a change can be named.

A sealed document has one form only: JSON with sorted keys, two blanks of indent, letters as they are, one line break at the end.
Its `seal` holds the SHA-256 of each part (`name`, and `name/inner` where a part is an object or a list) and an Ed25519 signature
over them all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from retention.errors import RequestError
from retention.evidence.signing import PublicKeys, Signer

SEAL = "seal"


def seal(document: Mapping[str, Any], signer: Signer) -> str:
    """The document, which holds JSON values only, as a sealed text."""
    body = {name: value for name, value in document.items() if name != SEAL}
    assert not any("/" in name for name in body)  # a part's name would be another's inner one
    signed = {"key": signer.key_id, "parts": dict(_digests(body))}
    return _text(body | {SEAL: signed | {"signature": signer.sign(_statement(signed))}})


def unsealed(text: str, source: str) -> dict[str, Any]:
    """The document of a sealed text, unchecked. Raises RequestError for a text that is none."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    seal_of = document.get(SEAL) if isinstance(document, dict) else None
    if not isinstance(seal_of, dict) or not isinstance(seal_of.get("parts"), dict):
        raise RequestError(f"{source}: found no sealed JSON document; expected a certificate as it was issued")
    return dict(document)


def differences(text: str, document: Mapping[str, Any], keys: PublicKeys) -> list[str]:
    """What differs from what was signed, in words; nothing where every byte is as it was."""
    seal_of = document[SEAL]
    signed = {"key": seal_of.get("key"), "parts": seal_of["parts"]}
    body = {name: value for name, value in document.items() if name != SEAL}
    found = list(_changed(seal_of["parts"], dict(_digests(body))))
    found += [f"{_shown(name)} was added" for name in document if "/" in name]
    found += [f"seal/{_shown(name)} was added" for name in seal_of.keys() - {"key", "parts", "signature"}]
    if signed["key"] not in keys.keys:
        known = ", ".join(keys.keys)
        found.append(f"it was signed by key {_shown(signed['key'])}; expected one of the given keys ({known})")
    elif not keys.fits(str(signed["key"]), _statement(signed), str(seal_of.get("signature"))):
        found.append("the signature does not fit the list of digests: seal")
    if not found and _text(document) != text:
        found.append(
            f"the text has another form than it was written in, from byte {_first_difference(text, document)} on"
        )
    return found


def _changed(signed: Mapping[str, Any], now: Mapping[str, str]) -> Iterator[str]:
    """The innermost parts that differ: of `a` and `a/b`, `a/b` alone."""
    changed = sorted(name for name in {*signed, *now} if signed.get(name) != now.get(name))
    for name in changed:
        if not any(other.startswith(f"{name}/") for other in changed):
            how = (
                "was added"
                if name not in signed
                else "is missing"
                if name not in now
                else "differs from what was signed"
            )
            yield f"{_shown(name)} {how}"


def _shown(text: object) -> str:
    """A name out of a file that anybody may have written: short, and without control characters."""
    shown = str(text)
    return "".join(letter if letter.isprintable() else "?" for letter in shown[:80]) + ("…" if len(shown) > 80 else "")


def _digests(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in body.items():
        yield name, _digest(value)
        for inner, part in _inner(value):
            yield f"{name}/{inner}", _digest(part)


def _inner(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from ((str(number), part) for number, part in enumerate(value))


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _statement(signed: Mapping[str, Any]) -> bytes:
    return json.dumps(signed, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(
        "utf-8", "surrogatepass"
    )


def _text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def _first_difference(text: str, document: Mapping[str, Any]) -> int:
    given, expected = text.encode("utf-8", "surrogatepass"), _text(document).encode("utf-8", "surrogatepass")
    return next(
        (at for at, (one, other) in enumerate(zip(given, expected, strict=False)) if one != other),
        min(len(given), len(expected)),
    )
