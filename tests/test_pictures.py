"""Text in the drawn pictures stays in its box, whatever font the reader's machine has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

DOCS = Path(__file__).parents[1] / "docs"
SVG = "{http://www.w3.org/2000/svg}"
SMALL, NORMAL = 13, 16
WIDEST = 0.56
"""Of the font's size, the mean width of a letter in a wide sans-serif such as DejaVu or Verdana."""


def boxes() -> Iterator[tuple[dict[str, float], list[ElementTree.Element]]]:
    picture = ElementTree.parse(DOCS / "architecture.svg")  # noqa: S314  # our own file
    for group in picture.getroot().iter(f"{SVG}g"):
        rect = group.find(f"{SVG}rect")
        assert rect is not None
        yield {name: float(rect.attrib[name]) for name in ("x", "y", "width", "height")}, group.findall(f"{SVG}text")


@pytest.mark.parametrize(
    ("box", "text"), [pytest.param(box, text, id=str(text.text)) for box, texts in boxes() for text in texts]
)
def test_text_fits_its_box(box: dict[str, float], text: ElementTree.Element) -> None:
    size = SMALL if text.get("class") == "s" else NORMAL
    right = float(text.attrib["x"]) + len(text.text or "") * size * WIDEST
    assert right <= box["x"] + box["width"] - 4
    assert box["y"] + size <= float(text.attrib["y"]) <= box["y"] + box["height"] - 8
