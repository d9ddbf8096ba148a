"""The files of a certificate: `NAME.json`, `NAME.de.pdf` and `NAME.en.pdf` in one folder, checked together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from retention.certificates.issuing import Issued, digest
from retention.certificates.page import LANGUAGES
from retention.errors import RequestError
from retention.evidence.certificate_check import PAPER, problems, read_certificate
from retention.evidence.signing import PublicKeys
from retention.new_file import write_all_new

_JSON = ".json"


def write(out: Path, issued: Issued) -> list[Path]:
    """Write the sealed JSON to `out` and the papers beside it. Raises RequestError where one of the files is there already: then
    none was written."""
    files: dict[Path, str | bytes] = {out: issued.text}
    files |= {_paper_beside(out, language): pdf for language, pdf in issued.papers.items()}
    write_all_new(files, mode=0o644)
    return list(files)


def check_files(file: Path, keys: PublicKeys) -> tuple[Mapping[str, Any], list[str]]:
    """The certificate that this file is, or is the paper of, and everything that is wrong with it and with its papers, in words.

    A paper is checked with the JSON beside it; a JSON, with the papers that lie beside it. Raises RequestError where a file is
    missing or is none of a certificate.
    """
    sealed = _sealed_of(file)
    text = read_text(sealed)
    document = read_certificate(text, str(sealed))
    found = problems(text, document, keys)
    named = f"{sealed.name}: " if sealed != file else ""
    return document, [*(f"{named}{one}" for one in found), *_papers_wrong(file, sealed, document)]


def _papers_wrong(file: Path, sealed: Path, document: Mapping[str, Any]) -> Iterator[str]:
    signed = _signed_papers(document)
    beside = [_paper_beside(sealed, language) for language in LANGUAGES]
    for paper in dict.fromkeys([*([file] if file != sealed else []), *(one for one in beside if one.exists())]):
        now = digest(_bytes(paper))
        if not signed:
            yield f"{paper.name}: {sealed.name} signs no paper"
        elif now not in signed.values():
            yield (
                f"{paper.name} differs from what was signed: its SHA-256 is {now}, and none of those in {sealed.name}; what was "
                f"certified stands there"
            )


def papers_absent(file: Path, document: Mapping[str, Any]) -> list[str]:
    """The names of the PDFs that were signed and do not lie beside the JSON: nobody could look at them."""
    sealed = _sealed_of(file)
    beside = [_paper_beside(sealed, language) for language in LANGUAGES if language in _signed_papers(document)]
    return [paper.name for paper in beside if not paper.exists()]


def _signed_papers(document: Mapping[str, Any]) -> Mapping[str, Any]:
    signed = document.get(PAPER)
    return signed if isinstance(signed, dict) else {}


def _sealed_of(file: Path) -> Path:
    return _sealed_beside(file) if _is_paper(file) else file


def _is_paper(file: Path) -> bool:
    return file.suffix.lower() == ".pdf" or (file.is_file() and _bytes(file)[:5] == b"%PDF-")


def _paper_beside(sealed: Path, language: str) -> Path:
    name = sealed.name.removesuffix(_JSON)
    return sealed.with_name(f"{name}.{language}.pdf")


def _sealed_beside(paper: Path) -> Path:
    name = paper.name.removesuffix(".pdf")
    for language in LANGUAGES:
        name = name.removesuffix(f".{language}")
    found = [
        one for one in (paper.with_name(f"{name}{_JSON}"), paper.with_name(name)) if one.is_file() and one != paper
    ]
    if not found:
        raise RequestError(
            f"{paper}: found no {name}{_JSON} beside it; expected the sealed JSON that it came with: it has the signature"
        )
    return found[0]


def read_text(file: Path) -> str:
    """The text of a file that somebody gave. Raises RequestError where there is none that can be read."""
    try:
        return _bytes(file).decode("utf-8")
    except UnicodeDecodeError:
        raise RequestError(f"{file}: found no readable text file; expected one in UTF-8") from None


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        raise RequestError(
            f"{file}: found no readable file; expected a certificate, its PDF, or the file of public keys"
        ) from None
