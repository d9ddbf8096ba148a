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
from xml.etree import ElementTree

from retention.stores.protocol import PartKind, StoredPart

PAGE = "RetentionPage"
"""The member of botocore's response in which the page is found."""

_LISTINGS = {"ListVersionsResult": "ListObjectVersions", "ListMultipartUploadsResult": "ListMultipartUploads"}
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
    """Let this client's two listings be read here; a second call changes nothing."""
    for operation in _LISTINGS.values():
        client.meta.events.register_first(
            f"before-parse.s3.{operation}", _read_body, unique_id=f"retention-page-{operation}"
        )


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
    """The page in this body; None when it is an error document. Raises UnreadablePage for anything else."""
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - from our own store; expat limits entity expansion
    except ElementTree.ParseError:
        raise UnreadablePage("no well-formed XML") from None
    name = _local(root.tag)
    if name == "Error":
        return None
    if name not in _LISTINGS:
        raise UnreadablePage("another document than a listing")
    page, namespace = Page(), root.tag[: -len(name)]
    try:
        _read_frame(root, namespace, page)
        _read_entries(root, namespace, page)
    except ValueError:
        raise UnreadablePage("a key, time or size that is not what the protocol says") from None
    return page


def _read_frame(root: ElementTree.Element, namespace: str, page: Page) -> None:
    """Everything but the entries: it must be known whether the page is the last, and where the next one starts."""
    truncated = root.findtext(f"{namespace}IsTruncated")
    if truncated not in {"true", "false"}:
        raise UnreadablePage("a page that does not say whether it is the last")
    page.truncated = truncated == "true"
    page.encoded = root.findtext(f"{namespace}EncodingType") == "url"
    marker = "NextVersionIdMarker" if root.tag.endswith("ListVersionsResult") else "NextUploadIdMarker"
    page.next_id = root.findtext(f"{namespace}{marker}") or None
    page.next_key = _decoded(root.findtext(f"{namespace}NextKeyMarker") or "", page.encoded) or None


def _read_entries(root: ElementTree.Element, namespace: str, page: Page) -> None:
    kinds = {
        f"{namespace}Version": PartKind.VERSION,
        f"{namespace}DeleteMarker": PartKind.DELETE_MARKER,
        f"{namespace}Upload": PartKind.UPLOAD,
    }
    start, rolled_up = len(namespace), f"{namespace}CommonPrefixes"
    for element in root:
        kind = kinds.get(element.tag)
        if kind is not None:
            fields = {child.tag[start:]: child.text for child in element}
            part = _part(fields, kind, page.encoded)
            page.parts.append(part)
            if part.part_id == "null" and part.is_latest and fields.get("ETag"):
                page.etags[part.key] = str(fields["ETag"])
        elif element.tag == rolled_up:
            prefix = element.findtext(f"{namespace}Prefix")
            if not prefix:
                raise UnreadablePage("a rolled-up prefix without a name")
            page.prefixes.append(_decoded(prefix, page.encoded))


def _part(fields: dict[str, str | None], kind: PartKind, encoded: bool) -> StoredPart:
    upload = kind is PartKind.UPLOAD
    key, part_id = fields.get("Key"), fields.get("UploadId" if upload else "VersionId")
    stamp = fields.get("Initiated" if upload else "LastModified")
    if not key or not part_id or not stamp:
        raise UnreadablePage("an entry without a key, an id or a time")
    return StoredPart(
        _decoded(key, encoded),
        part_id,
        kind,
        _instant(stamp),
        not upload and fields.get("IsLatest") == "true",
        int(fields.get("Size") or 0),
    )


def _instant(stamp: str) -> datetime:
    """Aware, UTC; `fromisoformat` is about ten times as fast as botocore's parser. Raises ValueError."""
    instant = datetime.fromisoformat(stamp)
    if instant.tzinfo is UTC:
        return instant
    return instant.replace(tzinfo=instant.tzinfo or UTC).astimezone(UTC)


def _decoded(text: str, encoded: bool) -> str:
    return unquote_plus(text, errors="strict") if encoded and ("%" in text or "+" in text) else text


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
