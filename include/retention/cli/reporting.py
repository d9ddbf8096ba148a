"""The command that writes the check report as files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from retention import database, settings
from retention.cli.controls import own_conninfo
from retention.cli.output import AsJson, AsOf, command, emit
from retention.cli.proof import instant_of
from retention.cli.streams import say
from retention.datamap.loader import load_datamap
from retention.errors import RequestError
from retention.policy.loader import load_policy
from retention.reports import Report, formats, render_html, render_pdf, to_json

FORMATS = ("html", "json", "pdf")


@command("report")
def report(
    format: Annotated[  # noqa: A002  # the option's public name
        list[str] | None, typer.Option(help="html (the default), json or pdf; may stand more than once.")
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="de or en: the PDF's language, and the one in which the HTML opens.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The file to write; default: in the state folder.")] = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Write the check report of the newest verification that had finished at that instant, and print its path. PDFs have one
    language each: without --language and --out, both are written."""
    wanted = _wanted(format or ["html"], language, out)
    document = _build(as_of)
    files = [(path, _content(document, form, spoken)) for form, spoken, path in wanted]
    for path, content in files:
        _write(path, content)
    paths = [str(path.resolve()) for path, _content in files]
    emit("report", {"path": paths[0], "paths": paths}, "\n".join(paths), as_json=as_json)


def _wanted(forms: Sequence[str], language: str | None, out: Path | None) -> list[tuple[str, str, Path]]:
    """Form, language and path of each file to write. Raises RequestError for what can't be."""
    for form in forms:
        if form not in FORMATS:
            raise RequestError(f"--format: found {form!r}; expected {formats.either(FORMATS)}")
    if language is not None and language not in formats.LANGUAGES:
        raise RequestError(f"--language: found {language!r}; expected {formats.either(formats.LANGUAGES)}")
    if out is not None:
        if len(forms) > 1:
            raise RequestError(f"--out: found one file for {len(forms)} formats; expected one --format, or no --out")
        return [(forms[0], language or formats.LANGUAGES[0], out)]
    folder = settings.state_folder() / "reports"
    return [
        (form, spoken, folder / f"check-report{suffix}")
        for form in dict.fromkeys(forms)
        for spoken, suffix in _files(form, language)
    ]


def _files(form: str, language: str | None) -> Iterator[tuple[str, str]]:
    """Language and ending of the files of one form."""
    if form == "pdf":
        yield from ((one, f".{one}.pdf") for one in formats.LANGUAGES if language in (None, one))
    else:
        yield language or formats.LANGUAGES[0], f".{form}"


def _build(as_of: str | None) -> Report:
    from retention import reports
    from retention.reports.checks import last_proof_id

    given = settings.parse_as_of(as_of)
    policy, datamap = load_policy(settings.policies_folder()), load_datamap(settings.datamap_folder())
    with database.connect(own_conninfo()) as own:
        instant = instant_of(own, as_of, given)
        proof = last_proof_id(own, instant)
        if proof is None and as_of is not None:
            raise RequestError(f"--as-of: found no verification that had finished by {as_of}; expected a later instant")
        return reports.build(own, proof, policy, datamap, now=instant)


def _content(document: Report, form: str, language: str) -> bytes:
    if form == "pdf":
        return render_pdf(document, language)
    return (to_json(document) if form == "json" else render_html(document, language)).encode()


def _write(path: Path, content: bytes) -> None:
    try:
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True)
            say(f"made the folder {path.parent.resolve()}, which was not there")
        path.write_bytes(content)
    except OSError as error:
        raise RequestError(f"--out: could not write {path} ({error.strerror}); expected a writable file") from None
