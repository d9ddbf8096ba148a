"""The report's question, its answer, and in sentences how we know it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from retention.reports import formats
from retention.reports.document import Check, Finding, PlaceResult, Text
from retention.reports.standing import PROOF_VALID_FOR, Doubt, Standing
from retention.reports.wording import counted, say
from retention.verification.result import Verdict

QUESTION = Text("Is anything past its limit, anywhere?", "Ist irgendwo eine Löschfrist überschritten?")
_IS_GONE = Text("data that had to stay is gone", "Daten fehlen, die hätten bleiben müssen")
NOT_PAST_A_LIMIT: Mapping[str, Text] = {
    "protected_missing": _IS_GONE,
    "protected_shrunk": _IS_GONE,
    "gone_under_hold": _IS_GONE,
    "canary_late": Text(
        "an invented item did not go on time, and nor will real ones",
        "ein erfundener Datensatz ging nicht rechtzeitig, und so auch echte nicht",
    ),
    "canary_lost": Text(
        "an invented item that had to stay is gone", "ein erfundener Datensatz fehlt, der hätte bleiben müssen"
    ),
    "withdrawn_unlisted": Text(
        "who withdrew is not on the suppression list", "wer widerrufen hat, fehlt auf der Werbesperrliste"
    ),
    "deleted_unlisted": Text(
        "who withdrew and was deleted is not on the suppression list",
        "wer widerrufen hat und gelöscht wurde, fehlt auf der Werbesperrliste",
    ),
}
"""The breaches by which nothing stayed too long, and what they say instead."""


def answer(standing: Standing, check: Check | None, findings: Sequence[Finding], now: datetime) -> Text:
    """The question's answer in one or two sentences: what the check found as it looked, and whether that holds at `now`."""
    if check is None:
        return Text("Not known: no check has run yet.", "Nicht bekannt: Es lief noch keine Prüfung.")
    if not standing.doubts:
        return _found(standing.then, check, findings)
    why = Text(because_of(standing.doubts, "en"), because_of(standing.doubts, "de"))
    gone = Text(f"that proof is no longer valid because {why.en}", f"dieser Nachweis gilt nicht mehr, denn {why.de}")
    if standing.then is Verdict.COMPLIANT:
        then, today = _when(check.as_of), _when(now)
        return Text(
            f"Not known on {today.en}. Compliant on {then.en}; {gone.en}.",
            f"Am {today.de} nicht bekannt. Am {then.de} eingehalten; {gone.de}.",
        )
    found, stays = _found(standing.then, check, findings), Text("", "")
    if standing.then is Verdict.BREACH:
        stays = Text(
            "; a breach stays one until a newer check finds none",
            "; eine Überschreitung bleibt eine, bis eine neuere Prüfung keine findet",
        )
    return Text(f"{found.en} T{gone.en[1:]}{stays.en}.", f"{found.de} D{gone.de[1:]}{stays.de}.")


def because_of(doubts: Sequence[Doubt], language: str) -> str:
    """Why a proof is no longer valid: `it is older than 2 h and a deadline has passed since`."""
    age = formats.age(PROOF_VALID_FOR.total_seconds(), language)
    clauses = [say(f"doubt.{doubt}", language).format(age) for doubt in doubts]
    return f" {say('and', language)} ".join([", ".join(clauses[:-1]), clauses[-1]] if clauses[1:] else clauses)


def _when(at: datetime) -> Text:
    return Text(formats.instant(at, "en"), formats.instant(at, "de"))


def _found(then: Verdict, check: Check, findings: Sequence[Finding]) -> Text:
    """What the check found as it looked."""
    when = _when(check.as_of)
    breaches = [finding for finding in findings if finding.severity == "breach"]
    late = [finding for finding in breaches if finding.kind not in NOT_PAST_A_LIMIT]
    if then is Verdict.COMPLIANT:
        return Text(
            f"No. Nothing was past its limit on {when.en}.", f"Nein. Am {when.de} war keine Frist überschritten."
        )
    if late or (then is Verdict.BREACH and not breaches):
        return Text(
            f"Yes. On {when.en} data was still there past its limit, or kept without a reason.",
            f"Ja. Am {when.de} waren Daten über ihre Frist hinaus oder ohne Grund noch vorhanden.",
        )
    if breaches:
        others = dict.fromkeys(NOT_PAST_A_LIMIT[finding.kind] for finding in breaches)
        return Text(
            f"Nothing was found past its limit on {when.en}, but {' and '.join(one.en for one in others)}.",
            f"Am {when.de} war keine Frist überschritten, aber {', und '.join(one.de for one in others)}.",
        )
    return Text(
        f"Not known. On {when.en} the check found nothing past its limit, but it could not see everything.",
        f"Nicht bekannt. Am {when.de} fand die Prüfung keine überschrittene Frist, konnte aber nicht alles sehen.",
    )


def because(
    check: Check | None,
    findings: Sequence[Finding],
    looked_at: Mapping[str, int],
    unchecked: Sequence[Text],
    kept_by_others: Collection[str] = (),
) -> tuple[Text, ...]:
    """How we know, sentence by sentence: what was read, with what result, and what could not be seen. `kept_by_others` are the
    places that nobody of ours can read."""
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
        *_what_was_read(check, kept_by_others),
        *_what_was_seen(looked_at),
        *_what_stays(findings),
        *_what_is_missing(check, unchecked),
    )


def _what_was_read(check: Check, kept_by_others: Collection[str]) -> list[Text]:
    places = [place for place in check.places if place.place not in kept_by_others]
    attested = sum(place.read for place in check.places if place.place in kept_by_others)
    read = [_read_by_us(check, places)] if places or not attested else []
    if not attested:
        return read
    en, de = (counted("unit.places", attested, language) for language in ("en", "de"))
    return [
        *read,
        Text(
            f"Others keep copies in {en}: what these attested stands in for a look of our own.",
            f"Dritte bewahren Kopien auf ({de}): Statt eigener Prüfung zählt, was sie bestätigt haben.",
        ),
    ]


def _read_by_us(check: Check, places: Sequence[PlaceResult]) -> Text:
    read, total = sum(place.read for place in places), len(places)
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


COUNTED = (
    "current_versions",
    "noncurrent_versions",
    "delete_markers",
    "uploads",
    "rows",
    "records",
    "partitions",
    "files",
    "tables",
    "columns_sampled",
    "columns_not_sampled",
)
"""What the check may have looked at, in the order in which people read it; its other counts are results, not work."""


def _what_was_seen(looked_at: Mapping[str, int]) -> list[Text]:
    counted_here = [name for name in COUNTED if name in looked_at]
    if not counted_here:
        return []
    # Nothing of a kind: mostly a kind of place that the map doesn't have.
    names = [name for name in counted_here if looked_at[name]] or counted_here
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
