"""The command that writes the deletion concept; it needs no database."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from retention import settings
from retention.cli.output import AsJson, AsOf, command, emit
from retention.concept import read_concept, render_html, render_pdf
from retention.datamap.loader import load_datamap
from retention.errors import RequestError
from retention.policy.loader import load_policy
from retention.replay.list_file import KEPT, backups_kept
from retention.reports import formats

FORMATS = ("html", "pdf")


@command("concept")
def concept(
    out: Annotated[Path, typer.Option(help="The file to write.")],
    format: Annotated[str, typer.Option(help="html or pdf.")] = "html",  # noqa: A002  # the option's public name
    language: Annotated[str, typer.Option(help="de or en.")] = "de",
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Write the deletion concept (Löschkonzept, ISO/IEC 27555) from promises, rules and data map, with the periods for the record
    of processing (Art. 30)."""
    if format not in FORMATS:
        raise RequestError(f"--format: found {format!r}; expected {formats.either(FORMATS)}")
    if language not in formats.LANGUAGES:
        raise RequestError(f"--language: found {language!r}; expected {formats.either(formats.LANGUAGES)}")
    policy, datamap = load_policy(settings.policies_folder()), load_datamap(settings.datamap_folder())
    kept = backups_kept(None)[1] if os.environ.get(KEPT) else None
    document = read_concept(policy, datamap, written_at=settings.parse_as_of(as_of), backups_kept=kept)
    content = render_pdf(document, language) if format == "pdf" else render_html(document, language).encode()
    try:
        out.write_bytes(content)
    except OSError as error:
        raise RequestError(f"--out: could not write {out} ({error.strerror}); expected a writable file") from None
    emit("concept", {"path": str(out.resolve())}, str(out.resolve()), as_json=as_json)
