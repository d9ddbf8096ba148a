"""The report's answer: the verdict over everything that was seen, and in sentences how we know it.

A check's own verdict is never improved here, only worsened: by a place that could not be read, a category that nobody
checked, a check that did not finish, or a breach among its findings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from retention.reports import formats
from retention.reports.document import Check, Figure, Finding, Text, Verdict
from retention.reports.wording import counted, say

QUESTION = Text("Is anything past its limit, anywhere?", "Ist irgendwo eine Löschfrist überschritten?")
GONE_TOO_EARLY = "protected_missing"
"""The breach of the other side: nothing stayed too long, but something that had to stay is gone."""

WEIGHTS = ("breach", "unknown", "finding", "exception")


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Breach over unknown over compliant; of nothing: unknown."""
    found = set(verdicts)
    for verdict in (Verdict.BREACH, Verdict.UNKNOWN):
        if verdict in found:
            return verdict
    return Verdict.COMPLIANT if found else Verdict.UNKNOWN


def overall(
    check: Check | None, findings: Sequence[Finding], places: Mapping[str, Sequence[str]], changed: Sequence[str] = ()
) -> Verdict:
    """The verdict over all categories that have a rule; `places` are each one's places in the data map.

    `changed` names the documents that are others now than those the check read: it proves nothing about these.
    """
    if check is None:
        return Verdict.UNKNOWN
    unread = [Verdict.UNKNOWN for place in check.places if not place.read]
    categories = [of_category(check, findings, category, names, changed) for category, names in places.items()]
    return worst([_stated(check), *_weights(findings), *unread, *categories])


def of_category(
    check: Check | None, findings: Sequence[Finding], category: str, places: Sequence[str], changed: Sequence[str] = ()
) -> Verdict:
    """The verdict over one category: was it checked, by the promises and map of today, were all its places read, and what was
    found in it.

    Doubt that the check states without showing where it lies falls on every category.
    """
    if check is None or check.finished_at is None:
        return Verdict.UNKNOWN
    doubts = [] if saw_completely(check, category, places) and not changed else [Verdict.UNKNOWN]
    here = (f for f in findings if f.category == category or not _lies_in_a_place(f, check))
    found = worst([Verdict.COMPLIANT, *doubts, *_weights(here)])
    shown = any(not place.read for place in check.places) or _weights(findings)
    return worst([found, _stated(check)]) if not shown else found


def _lies_in_a_place(finding: Finding, check: Check) -> bool:
    """Whether a place of the data map has it. What was found beside all places, such as a bucket that nobody mapped or changed
    evidence, may concern any category."""
    return any(finding.place == place.place for place in check.places)


def saw_completely(check: Check | None, category: str, places: Sequence[str]) -> bool:
    """Whether a finished check read all places of the category, so that finding none of a thing means that there is none."""
    if check is None or check.finished_at is None or category not in check.categories:
        return False
    return not unread_places(check, places)


def unread_places(check: Check, places: Sequence[str]) -> tuple[str, ...]:
    """Places that the check says it failed to read, or says nothing of."""
    read = {place.place for place in check.places if place.read}
    return tuple(place for place in places if place not in read)


def _stated(check: Check) -> Verdict:
    return Verdict(check.verdict) if check.verdict is not None else Verdict.UNKNOWN


def _weights(findings: Iterable[Finding]) -> list[Verdict]:
    weights = {"breach": Verdict.BREACH, "unknown": Verdict.UNKNOWN}
    return [weights[finding.severity] for finding in findings if finding.severity in weights]


def figures(findings: Sequence[Finding], *, complete: bool) -> tuple[Figure, ...]:
    """How much was found of each weight; without a `complete` look nothing found is not known to be nothing."""
    found = {weight: sum(f.count for f in findings if f.severity == weight) for weight in WEIGHTS}
    return tuple(Figure(weight, n if n or complete else None, bool(n) and not complete) for weight, n in found.items())


def answer(verdict: Verdict, check: Check | None, findings: Sequence[Finding], changed: Sequence[str] = ()) -> Text:
    """The question's answer in one or two sentences."""
    if check is None:
        return Text("Not known: no check has run yet.", "Nicht bekannt: Es lief noch keine Prüfung.")
    when = Text(formats.instant(check.as_of, "en"), formats.instant(check.as_of, "de"))
    breaches = [finding for finding in findings if finding.severity == "breach"]
    late = [finding for finding in breaches if finding.kind != GONE_TOO_EARLY]
    if verdict is Verdict.COMPLIANT:
        return Text(
            f"No. Nothing was past its limit on {when.en}.", f"Nein. Am {when.de} war keine Frist überschritten."
        )
    if late or (verdict is Verdict.BREACH and not breaches):
        return Text(
            f"Yes. On {when.en} data was still there past its limit, or kept without a reason.",
            f"Ja. Am {when.de} waren Daten über ihre Frist hinaus oder ohne Grund noch vorhanden.",
        )
    if breaches:
        return Text(
            f"Nothing was found past its limit on {when.en}, but data that had to stay is gone.",
            f"Am {when.de} war keine Frist überschritten, aber Daten fehlen, die hätten bleiben müssen.",
        )
    if changed:
        return Text(
            f"Not known. Changed since the check of {when.en}: {_named(changed, 'en')}. It says nothing about those of now.",
            f"Nicht bekannt. Seit der Prüfung vom {when.de} geändert: {_named(changed, 'de')}. Zu den jetzigen sagt sie nichts.",
        )
    return Text(
        f"Not known. On {when.en} the check found nothing past its limit, but it could not see everything.",
        f"Nicht bekannt. Am {when.de} fand die Prüfung keine überschrittene Frist, konnte aber nicht alles sehen.",
    )


def _named(changed: Sequence[str], language: str) -> str:
    """The documents that have changed since the check, in words."""
    return ", ".join(say(f"changed.{name}", language) for name in changed)


def because(
    check: Check | None, findings: Sequence[Finding], looked_at: Mapping[str, int], unchecked: Sequence[Text]
) -> tuple[Text, ...]:
    """How we know, sentence by sentence: what was read, with what result, and what could not be seen."""
    if check is None:
        return (
            Text(
                "Nobody has looked into the stores yet, so nothing can be said about them. The first check runs after the "
                "first deletion run, or with the command `verify`.",
                "Noch hat niemand in die Speicher gesehen, daher lässt sich nichts über sie sagen. Die erste Prüfung läuft "
                "nach dem ersten Löschlauf oder mit dem Befehl `verify`.",
            ),
        )
    return (
        _what_was_read(check),
        *_what_was_seen(looked_at),
        *_what_stays(findings),
        *_what_is_missing(check, unchecked),
    )


def _what_was_read(check: Check) -> Text:
    read, total = sum(place.read for place in check.places), len(check.places)
    if read == 0:
        return Text(
            "The check could read none of the places of the data map.",
            "Die Prüfung konnte keinen der Speicherorte der Datenlandkarte lesen.",
        )
    if total == 1:
        en, de = "the one place", "den einen Speicherort"
    elif read == total:
        en, de = f"all {total} places", f"alle {total} Speicherorte"
    else:
        en, de = f"{read} of {total} places", f"{read} von {total} Speicherorten"
    version = Text(formats.version(check.policy_version, "en"), formats.version(check.policy_version, "de"))
    return Text(
        f"The check read {en} of the data map from the stores themselves, with its own read-only access and its own queries, "
        f"and compared every item with the promises of the privacy policy of {version.en}.",
        f"Die Prüfung las {de} der Datenlandkarte aus den Speichern selbst, mit eigenem, nur lesendem Zugang und eigenen "
        f"Abfragen, und verglich jedes Element mit den Zusagen der Datenschutzerklärung vom {version.de}.",
    )


COUNTED = ("current_versions", "noncurrent_versions", "delete_markers", "uploads", "rows")
"""What the check may have looked at, in the order in which people read it; its other counts are results, not work."""


def _what_was_seen(looked_at: Mapping[str, int]) -> list[Text]:
    names = [name for name in COUNTED if name in looked_at]
    if not names:
        return []

    en, de = (
        ", ".join(counted(f"counted.{name}", looked_at[name], language) for name in names) for language in ("en", "de")
    )
    return [Text(f"It looked at {en}.", f"Sie betrachtete {de}.")]


def _what_stays(findings: Sequence[Finding]) -> list[Text]:
    count = sum(finding.count for finding in findings if finding.severity == "exception")
    if not count:
        return []
    stay = Text("stays" if count == 1 else "stay", "bleibt" if count == 1 else "bleiben")
    listed = Text("it is listed as an exception, not as a breach", "es steht als Ausnahme, nicht als Überschreitung")
    if count != 1:
        listed = Text(
            "they are listed as exceptions, not as breaches", "sie stehen als Ausnahmen, nicht als Überschreitungen"
        )
    return [
        Text(
            f"{counted('unit.items', count, 'en')} {stay.en} longer for a lawful reason; {listed.en}.",
            f"{counted('unit.items', count, 'de')} {stay.de} aus zulässigem Grund länger; {listed.de} im Bericht.",
        )
    ]


def _what_is_missing(check: Check, unchecked: Sequence[Text]) -> list[Text]:
    sentences = []
    failed = [place.place for place in check.places if not place.read]
    if failed:
        names = ", ".join(failed)
        sentences.append(
            Text(
                f"Not readable: {names}. What lies there is not known.",
                f"Nicht lesbar: {names}. Was dort liegt, ist nicht bekannt.",
            )
        )
    if check.finished_at is None:
        sentences.append(Text("The check did not finish.", "Die Prüfung wurde nicht abgeschlossen."))
    if unchecked:
        sentences.append(
            Text(
                f"Not checked: {', '.join(text.en for text in unchecked)}.",
                f"Nicht geprüft: {', '.join(text.de for text in unchecked)}.",
            )
        )
    return sentences
