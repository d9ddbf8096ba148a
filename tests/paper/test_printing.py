"""A page on paper: an archive copy with the same words, whatever they are."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from pypdf import PdfReader

from retention.paper import to_pdf
from retention.paper.columns import widths_of
from retention.paper.tree import tree_of

AT = datetime(2026, 3, 15, 10, 0, tzinfo=UTC)


def printed(html: str, language: str = "de") -> PdfReader:
    return PdfReader(io.BytesIO(to_pdf(html, title="Prüfbericht", language=language, at=AT, foot="Fuß")))


def text_of(reader: PdfReader) -> str:
    return " ".join(page.extract_text() for page in reader.pages)


@pytest.mark.parametrize("language", ["de", "en"])
def test_it_is_a_tagged_archive_copy_in_its_language(language: str) -> None:
    reader = printed("<article><h1>Titel</h1><p>Text</p></article>", language)
    catalogue = reader.trailer["/Root"]
    assert reader.metadata is not None
    assert reader.metadata.title == "Prüfbericht"
    assert reader.metadata.creation_date == AT
    assert catalogue["/Lang"].startswith(language)
    assert catalogue["/MarkInfo"]["/Marked"]
    metadata = catalogue["/Metadata"].get_object().get_data().decode()
    assert "<pdfaid:part>3</pdfaid:part>" in metadata
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in metadata
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
    assert reader.pages[0].mediabox.width == pytest.approx(595.28, abs=0.1)


def test_the_same_page_gives_the_same_bytes() -> None:
    first, second = (to_pdf("<p>Text</p>", title="t", language="de", at=AT) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("#panic() $x$ *b* _i_ @label `code` \\ ~ -- // /* [x] {y}", id="markup_of_the_typesetter"),
        pytest.param('&lt;script&gt;alert("1")&lt;/script&gt;', id="markup_of_the_page"),
    ],
)
def test_texts_are_only_texts(text: str) -> None:
    plain = text.replace("&lt;", "<").replace("&gt;", ">")
    assert "".join(plain.split()) in "".join(text_of(printed(f"<p>{text}</p>")).split())


def test_a_letter_that_no_font_has_does_not_stop_the_report() -> None:
    assert "vorher" in text_of(printed("<p>vorher 漢字 nachher</p>"))


def test_a_table_longer_than_a_page_goes_on_with_its_head() -> None:
    rows = "".join(f"<tr><th scope='row'>Zeile {n}</th><td class='number'>{n}</td></tr>" for n in range(200))
    table = f"<table><thead><tr><th>Name</th><th class='number'>Zahl</th></tr></thead><tbody>{rows}</tbody></table>"
    pages = printed(table).pages
    assert len(pages) > 2
    assert all("Name" in page.extract_text() for page in pages)
    assert f"Seite 2 von {len(pages)}" in pages[1].extract_text()


def test_what_only_a_screen_needs_is_left_out() -> None:
    html = (
        '<p><a class="switch" href="#x">Sprache</a><span aria-hidden="true">!</span> bleibt'
        '<a href="#weg">hier</a></p><details>auf</details>'
    )
    text = text_of(printed(html))
    assert "bleibthier" in text
    assert "Sprache" not in text
    assert "auf" not in text


def test_columns_have_room_for_their_longest_word() -> None:
    cells = "<td>kurz</td><td>" + "viele Worte " * 40 + "</td><td>Aufbewahrungspflicht</td>"
    table = tree_of(f"<table><tbody><tr>{cells}</tr></tbody></table>")["k"][0]
    short, long, word = widths_of(table)
    assert long > word > short
    assert word >= 100 * len("Aufbewahrungspflicht")
