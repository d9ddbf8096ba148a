"""A certificate on paper: what was certified in words, bound to the sealed JSON by its digest."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pypdf import PdfReader
from tests.evidence.test_certificates import KEYS, SIGNER, of_customer, of_run, own, run  # noqa: F401  # fixtures

from retention.certificates import Issued, check_files, issue, papers_absent, write
from retention.database import OwnConnection
from retention.disposal.plan import PlanSummary
from retention.errors import RequestError
from retention.evidence.noted import note_documents

Files = Callable[[], Path]


@pytest.fixture
def issued(own: OwnConnection, run: PlanSummary) -> Issued:  # noqa: F811
    return issue(of_run(own, run), SIGNER)


@pytest.fixture
def file(issued: Issued, tmp_path: Path) -> Path:
    write(tmp_path / "run.json", issued)
    return tmp_path / "run.json"


def found(file: Path) -> list[str]:
    return check_files(file, KEYS)[1]


def text_of(pdf: bytes) -> str:
    return "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


@pytest.mark.parametrize("name", ["run.json", "run.de.pdf", "run.en.pdf"])
def test_each_file_of_a_certificate_holds(file: Path, name: str) -> None:
    assert found(file.with_name(name)) == []


def test_paper_says_what_was_certified_and_how_to_check_it(issued: Issued) -> None:
    document = json.loads(issued.text)
    for language, words in {
        "de": ("Löschbescheinigung", "Gesprächsaufnahmen", "alleEinträgedesLaufs"),
        "en": ("Certificateofdeletion", "Callrecordings", "allentriesoftherun"),
    }.items():
        text = text_of(issued.papers[language])
        for said in (*words, document["certificate"], SIGNER.key_id, document["subject"]["plan"], "certificateverify"):
            assert said in text
        assert document["statement"]["digest"] in text
        assert document["tree_head"]["root"] in text


def test_paper_of_a_customer(own: OwnConnection, run: PlanSummary) -> None:  # noqa: F811
    document = of_customer(own)
    for language, pdf in issue(document, SIGNER).papers.items():
        text = text_of(pdf)
        assert "t1" in text
        assert ("Nichtbewiesenist" if language == "de" else "Notprovenis") in text
        assert document["statement"]["places"][0]["place"] in text


def test_signed_papers_that_do_not_lie_beside_the_certificate_are_named(file: Path) -> None:
    document = json.loads(file.read_text())
    assert papers_absent(file, document) == []
    file.with_name("run.de.pdf").unlink()
    assert papers_absent(file, document) == ["run.de.pdf"]
    assert papers_absent(file.with_name("run.en.pdf"), document) == ["run.de.pdf"]
    assert papers_absent(file, {**document, "paper": {}}) == [], "none was signed"
    assert found(file) == [], "what was signed holds without it"


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_changed_byte_of_a_paper_is_refused_and_the_paper_is_named(file: Path, language: str) -> None:
    paper = file.with_name(f"run.{language}.pdf")
    good = paper.read_bytes()
    for at in range(0, len(good), max(len(good) // 200, 1)):
        paper.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        for checked in (paper, file):
            [problem] = found(checked)
            assert problem.startswith(f"run.{language}.pdf differs from what was signed")
    paper.write_bytes(good + b"\n")
    assert found(paper) != []
    paper.write_bytes(good[:-1])
    assert found(paper) != []


def test_a_paper_beside_a_changed_json_is_refused(file: Path) -> None:
    file.write_text(file.read_text().replace('"planned": 3', '"planned": 4'))
    problems = found(file.with_name("run.de.pdf"))
    assert any(one.startswith("run.json: statement/planned differs") for one in problems)


@pytest.mark.parametrize("language", ["de", "en"])
def test_another_papers_digest_in_the_json_is_refused(file: Path, language: str) -> None:
    paper = file.with_name(f"run.{language}.pdf")
    signed = json.loads(file.read_text())["paper"][language]
    file.write_text(file.read_text().replace(f'"{language}": "{signed}"', f'"{language}": "{"0" * 64}"'))
    problems = found(paper)
    assert any(f"paper/{language} differs" in one for one in problems)
    assert any(one.startswith(f"run.{language}.pdf differs") for one in problems)


def test_the_paper_of_another_certificate_is_refused(own: OwnConnection, file: Path) -> None:  # noqa: F811
    file.with_name("run.de.pdf").write_bytes(issue(of_customer(own), SIGNER).papers["de"])
    assert [one[:10] for one in found(file)] == ["run.de.pdf"]


def test_a_paper_alone_proves_nothing(file: Path) -> None:
    file.unlink()
    with pytest.raises(RequestError, match=r"run\.json beside it"):
        found(file.with_name("run.en.pdf"))


def test_a_json_alone_holds(file: Path) -> None:
    for language in ("de", "en"):
        file.with_name(f"run.{language}.pdf").unlink()
    assert found(file) == []


def test_nothing_is_written_where_one_of_the_files_is_there(issued: Issued, tmp_path: Path) -> None:
    (tmp_path / "run.en.pdf").write_bytes(b"mine")
    with pytest.raises(RequestError, match=r"run\.en\.pdf"):
        write(tmp_path / "run.json", issued)
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith("run")] == ["run.en.pdf"]


@pytest.mark.parametrize("noted", ["sentences", "sentence"])
def test_paper_has_the_rule_in_its_own_language_where_the_ledger_has(
    own: OwnConnection,  # noqa: F811
    run: PlanSummary,  # noqa: F811
    noted: str,
) -> None:
    """Once, rules were noted in English alone."""
    [plan] = own.execute("SELECT rule_digest FROM retention.plans").fetchall()
    rule = {"sentences": {"de": "Weg nach 30 Tagen.", "en": "Gone after 30 days."}, "sentence": "Gone after 30 days."}
    documents = {"rules_digest": plan["rule_digest"], "rules": {"audio": {noted: rule[noted]}}}
    note_documents(own, documents)
    papers = {language: text_of(pdf) for language, pdf in issue(of_run(own, run), SIGNER).papers.items()}
    assert "Goneafter30days." in papers["en"]
    assert ("Wegnach30Tagen." if noted == "sentences" else "Goneafter30days.") in papers["de"]
