"""Read one page of `ListObjectVersions` or `ListMultipartUploads`, straight from its XML.

botocore spends 30–70 µs on every listed version, most of it on timestamps and on members that nobody reads. Its event
`before-parse` hands over the body first, so the listing is read here and botocore is left an empty document.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus
from xml.parsers import expat

from retention.stores.protocol import PartKind, StoredPart

PAGE = "RetentionPage"
"""The member of botocore's response in which the page is found."""

_LISTINGS = {"ListVersionsResult": "ListObjectVersions", "ListMultipartUploadsResult": "ListMultipartUploads"}
_KINDS = {"Version": PartKind.VERSION, "DeleteMarker": PartKind.DELETE_MARKER, "Upload": PartKind.UPLOAD}
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
REPLACEMENT = "\ufffd"
"""What a server writes for a character that XML can't hold, when it does not encode keys."""


class UnreadablePage(Exception):
    """A page that can't be understood; the message holds nothing of its content."""


@dataclass(slots=True)
class Page:
    """One page. `prefixes` are the "directories" that a delimiter rolled up; `next_*` say where the next page starts.

    `etags` are those of the current versions with the id `null`, the only ones whose content can change under their id.
    `encoded` tells whether keys came URL-encoded; if not, some characters could not be written (`as_listed`).
    """

    parts: list[StoredPart] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    etags: dict[str, str] = field(default_factory=dict)
    truncated: bool = False
    next_key: str | None = None
    next_id: str | None = None
    encoded: bool = False


def fits_xml(key: str) -> bool:
    """Whether XML 1.0 can hold this key as it is: no control characters but tab and line breaks."""
    return _NOT_IN_XML.search(key) is None


def as_listed(key: str) -> str:
    """How a server that does not encode keys writes this one in a listing."""
    return _NOT_IN_XML.sub(REPLACEMENT, key)


def install(client: Any) -> None:
    """Let this client's two listings be read here; a second call changes nothing.

    Handlers under a wildcard are called before all others, also before botocore's own, which would parse the body as a
    tree to see whether it is an error.
    """
    for operation in _LISTINGS.values():
        client.meta.events.register(f"before-parse.*.{operation}", _read_body, unique_id=f"retention-page-{operation}")


def _read_body(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
    """Botocore's hook. Errors keep their body: botocore reads them, and retries an error that came with status 200."""
    if response_dict["status_code"] != 200:
        return
    try:
        page = read_page(response_dict["body"])
    except UnreadablePage as problem:
        customized_response_dict[PAGE] = problem
    else:
        if page is None:
            return
        customized_response_dict[PAGE] = page
    response_dict["body"] = b"<Read/>"


def read_page(body: bytes) -> Page | None:
    """The page in this body; None when it is an error document. Raises UnreadablePage for anything else.

    The parser's events are used as they come. A tree of 10,000 elements would cost more in garbage collection than the
    parsing itself.
    """
    root, frame, entries = _read_events(body)
    if root == "Error":
        return None
    if root not in _LISTINGS:
        raise UnreadablePage("another document than a listing")
    if frame.get("IsTruncated") not in {"true", "false"}:
        raise UnreadablePage("a page that does not say whether it is the last")
    try:
        return _page(root, frame, entries)
    except ValueError:
        raise UnreadablePage("a key, time or size that is not what the protocol says") from None


_Entry = tuple[str, str | None, str | None, str | None, str | None, str | None, str | None]
"""Tag, key or prefix, id, time, whether latest, size, ETag: as they are written."""

_FRAME = frozenset({"IsTruncated", "EncodingType", "NextKeyMarker", "NextVersionIdMarker", "NextUploadIdMarker"})


def _read_events(body: bytes) -> tuple[str, dict[str, str], list[_Entry]]:
    """The name of the document, what frames the page, and its entries."""
    names: list[str] = []
    frame: dict[str, str] = {}
    entries: list[_Entry] = []
    fields: dict[str, str] = {}
    text = ""

    def start(name: str, _attributes: dict[str, str]) -> None:
        nonlocal text
        text = ""
        if not names:
            names.append(name)

    def data(more: str) -> None:
        nonlocal text
        text += more

    def end(name: str) -> None:
        if name in _KINDS:
            get = fields.get
            part_id, stamp = get("VersionId") or get("UploadId"), get("LastModified") or get("Initiated")
            entries.append((name, get("Key"), part_id, stamp, get("IsLatest"), get("Size"), get("ETag")))
            fields.clear()
        elif name == "CommonPrefixes":
            entries.append((name, fields.get("Prefix"), None, None, None, None, None))
        elif name in _FRAME:
            frame[name] = text
        else:
            fields[name] = text

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, data
    try:
        parser.Parse(body, True)
    except expat.ExpatError:
        raise UnreadablePage("no well-formed XML") from None
    return names[0], frame, entries


def _page(root: str, frame: dict[str, str], entries: list[_Entry]) -> Page:
    encoded = frame.get("EncodingType") == "url"
    next_id = frame.get("NextVersionIdMarker" if root == "ListVersionsResult" else "NextUploadIdMarker")
    next_key = _decoded(frame.get("NextKeyMarker") or "", encoded)
    page = Page(
        truncated=frame["IsTruncated"] == "true", next_key=next_key or None, next_id=next_id or None, encoded=encoded
    )
    for tag, key, part_id, stamp, latest, size, etag in entries:
        if not key:
            raise ValueError
        if tag == "CommonPrefixes":
            page.prefixes.append(_decoded(key, encoded))
            continue
        if not part_id or not stamp:
            raise ValueError
        part = StoredPart(
            _decoded(key, encoded), part_id, _KINDS[tag], _instant(stamp), latest == "true", int(size or 0)
        )
        page.parts.append(part)
        if part_id == "null" and part.is_latest and etag:
            page.etags[part.key] = etag
    return page


def _instant(stamp: str) -> datetime:
    """Aware, UTC; `fromisoformat` is about ten times as fast as botocore's parser. Raises ValueError."""
    instant = datetime.fromisoformat(stamp)
    if instant.tzinfo is UTC:
        return instant
    return instant.replace(tzinfo=instant.tzinfo or UTC).astimezone(UTC)


def _decoded(text: str, encoded: bool) -> str:
    return unquote_plus(text, errors="strict") if encoded and ("%" in text or "+" in text) else text
