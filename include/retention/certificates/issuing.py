"""A certificate is set on paper first; the SHA-256 of each paper is then sealed with it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from retention.certificates.page import LANGUAGES, render_pdf
from retention.evidence.certificate_check import PAPER
from retention.evidence.sealing import seal
from retention.evidence.signing import Signer


@dataclass(frozen=True, slots=True)
class Issued:
    """One certificate: its sealed text, and its papers by language."""

    text: str
    papers: Mapping[str, bytes]


def issue(document: Mapping[str, Any], signer: Signer) -> Issued:
    """Set what was certified on paper, and seal both."""
    papers = {language: render_pdf(document, signer.key_id, language) for language in LANGUAGES}
    return Issued(seal({**document, PAPER: {name: digest(pdf) for name, pdf in papers.items()}}, signer), papers)


def digest(pdf: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(pdf).hexdigest()
