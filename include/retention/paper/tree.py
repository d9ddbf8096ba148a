"""An HTML page of ours as a tree for the typesetter: what is read on paper, in its order, and nothing that only a screen needs.

Knows the elements that our templates write and no others. White space is what a browser makes of it.
"""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser
from typing import Any

from retention.paper.columns import widths_of

Node = dict[str, Any]
"""`t` tag, `c` classes, `k` children (nodes and texts), and where there are such: `id`, `to` (the id that a link leads to),
`lang`, `alt` and `svg`; of a table `widths` (`columns.widths_of`)."""

_INLINE = frozenset({"span", "a", "strong", "em", "code", "small"})
_EMPTY = frozenset({"br"})
_ON_SCREEN_ONLY = frozenset({"details", "nav"})
_ON_SCREEN_ONLY_CLASS = "switch"
_OWN_LINE_IN_A_CELL = frozenset({"note", "below"})
_BOXED = frozenset({"weight", "verdict-word"})
"""On the line like a word, yet a box of their own."""


def tree_of(html: str) -> Node:
    """The tree of one page or part of a page. A link to a place that the page doesn't have is no link."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    root = reader.open[0]
    ids = set(_ids(root))
    _settle(root, ids, in_cell=False)
    return root


class _Reader(HTMLParser):
    """Builds the tree; a picture (SVG) is kept as its own text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[Node] = [_node("root")]
        self._skipping: list[str] = []
        self._picture: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if self._picture or tag == "svg":
            self._draw(tag, given)
        elif self._skipping or _is_for_screens(tag, given):
            self._skipping += [tag] if tag not in _EMPTY else []
        else:
            node = _node(tag, given)
            self.open[-1]["k"].append(node)
            if tag not in _EMPTY:
                self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._picture:
            self._picture.append(self.get_starttag_text() or "")
        else:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._picture:
            self._picture.append(f"</{tag}>")
            if tag == "svg":
                self.open[-1]["k"][-1]["svg"] = "".join(self._picture)
                self._picture = []
        elif self._skipping:
            self._skipping.pop()
        elif tag == self.open[-1]["t"]:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if self._picture:
            self._picture.append(escape(data))
        elif not self._skipping:
            self.open[-1]["k"].append(re.sub(r"[ \t\r\n]+", " ", data))

    def _draw(self, tag: str, given: dict[str, str]) -> None:
        text = self.get_starttag_text() or ""  # as written: the parser would lower the letters of viewBox
        if tag == "svg":
            self.open[-1]["k"].append(_node(tag, given) | {"alt": given.get("aria-label", "")})
            text = text.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
        self._picture.append(text)


def _is_for_screens(tag: str, given: dict[str, str]) -> bool:
    """What folds, leads elsewhere, or is a sign beside a word that says the same."""
    is_switch = _ON_SCREEN_ONLY_CLASS in given.get("class", "").split()
    return tag in _ON_SCREEN_ONLY or is_switch or given.get("aria-hidden") == "true"


def _node(tag: str, given: dict[str, str] | None = None) -> Node:
    given = given or {}
    node: Node = {"t": tag, "c": given.get("class", "").split(), "k": []}
    if "id" in given:
        node["id"] = given["id"]
    if "lang" in given:
        node["lang"] = given["lang"]
    if given.get("href", "").startswith("#"):
        node["to"] = given["href"][1:]
    return node


def _ids(node: Node) -> list[str]:
    inner = [found for kid in node["k"] if not isinstance(kid, str) for found in _ids(kid)]
    return [*([node["id"]] if "id" in node else []), *inner]


def _settle(node: Node, ids: set[str], *, in_cell: bool) -> None:
    """Join texts that follow each other, and drop white space at the edges of blocks, and links that lead nowhere."""
    if node.get("to") not in ids:
        node.pop("to", None)
    in_cell = in_cell or node["t"] in ("td", "th")
    kids: list[Any] = []
    for kid in node["k"]:
        if isinstance(kid, str) and kids and isinstance(kids[-1], str):
            kids[-1] = re.sub(r" +", " ", kids[-1] + kid)
        else:
            kids.append(kid)
    for kid in kids:
        if not isinstance(kid, str):
            kid["block"] = _is_block(kid, in_cell=in_cell)
            _settle(kid, ids, in_cell=in_cell)
    node["k"] = [
        text for text in _trimmed(kids, edges=node.get("block", True) or not _BOXED.isdisjoint(node["c"])) if text != ""
    ]
    if node["t"] == "table":
        node["widths"] = widths_of(node)


def _is_block(node: Node, *, in_cell: bool) -> bool:
    own_line = in_cell and node["t"] == "span" and not _OWN_LINE_IN_A_CELL.isdisjoint(node["c"])
    return node["t"] not in _INLINE or own_line


def _trimmed(kids: list[Any], *, edges: bool) -> list[Any]:
    def ends_line(position: int) -> bool:
        if not 0 <= position < len(kids):
            return edges
        return not isinstance(kids[position], str) and kids[position]["block"]

    found = []
    for position, kid in enumerate(kids):
        if isinstance(kid, str):
            kid = kid.lstrip(" ") if ends_line(position - 1) else kid
            kid = kid.rstrip(" ") if ends_line(position + 1) else kid
        found.append(kid)
    return found
