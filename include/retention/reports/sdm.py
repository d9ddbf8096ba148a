"""The measures of the SDM's module 60 ("Löschen und Vernichten"), and what our checks say of each.

Cited by number; the words are our own. Measures that no program can check, such as the shredding of media, are named as such.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from retention.reports.document import CheckOnPlace, Finding, Report, Text
from retention.reports.kinds import ASKED_FOR

_UNMAPPED = ("unmapped_bucket", "unmapped_prefix", "unmapped_row", "unmapped_table", "unmapped_file", "personal_column")
_LIMITS = ("past_cap", "past_event", "transcribed_but_present", "kept_without_reason")


@dataclass(frozen=True, slots=True)
class Measure:
    """Measures of the module (`codes`), what they ask for, and the kinds of finding that speak of it."""

    codes: str
    asks: Text
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MeasureResult:
    """One measure: how much was found (None: not known; `at_least`: not everything was seen), and what that comes to."""

    measure: Measure
    found: int | None
    at_least: bool
    outcome: str


MEASURES = (
    Measure(
        "M60.P01, P02",
        Text(
            "every category has a period, and nothing lies beside the map",
            "jede Datenart hat eine Frist, nichts liegt daneben",
        ),
        (*_UNMAPPED, "map_names_nothing", "place_dropped", "declaration_names_nothing"),
    ),
    Measure(
        "M60.P04",
        Text("logs go by rules of their own", "Protokolldaten haben eigene Löschregeln"),
        ("leftover_partition", "oldest_unknown", "zoneless_time", "unseen_row"),
    ),
    Measure(
        "M60.P05, P14",
        Text(
            "copies of processors and others are known and gone", "Kopien bei Auftragnehmern sind bekannt und gelöscht"
        ),
        ("external_unattested", "attestation_old", "ambiguous_object", "owner_unknown", "unknown_tenant"),
    ),
    Measure(
        "M60.P06, S09",
        Text(
            "deletion by time runs by itself, and keeps the limits",
            "zeitgesteuerte Löschung läuft und hält die Fristen",
        ),
        (*_LIMITS, "canary_late", "canary_missing"),
    ),
    Measure(
        "M60.P07",
        Text("the reason decides how it goes", "der Löschgrund bestimmt das Verfahren"),
        ("withdrawn_unlisted", "deleted_unlisted", "vanished_unlisted", "half_anonymised", "agreement_binds_nobody"),
    ),
    Measure(
        "M60.S07",
        Text("limits are watched automatically, everywhere", "Löschfristen werden automatisch überwacht, überall"),
        ("unreadable_place", "check_failed", "inventory_incomplete", "hidden_table", "clocks_differ"),
    ),
    Measure(
        "M60.S08",
        Text(
            "each item has the event from which its period counts",
            "jedes Element hat seinen zeitlichen Anknüpfungspunkt",
        ),
        ("undated", "fallback_dated", "future_dated", "event_unknown", "event_dated_ahead"),
    ),
    Measure(
        "M60.D01, D02",
        Text(
            "single items go, and nothing is left without its owner",
            "Einzelnes lässt sich löschen, nichts bleibt verwaist",
        ),
        ("orphan_dependent", "orphan_object", "row_without_object", "objects_missing"),
    ),
    Measure(
        "M60.S04",
        Text("what has to stay stays", "was bleiben muss, bleibt"),
        (
            "protected_missing",
            "protected_shrunk",
            "gone_under_hold",
            "canary_lost",
            "unexplained_gone",
            "protected_gone_unproven",
            "memory_lost",
        ),
    ),
    Measure(
        "M60.S05, S06",
        Text(
            "deletions are logged, sparingly, and the log is unchanged",
            "Löschungen sind sparsam und unverändert protokolliert",
        ),
        (
            "evidence_changed",
            "evidence_unsigned",
            "evidence_lost",
            "evidence_unanchored",
            "unrecorded_hold",
            "invalid_hold",
        ),
    ),
)
NOT_CHECKED = (
    "M60.P03, P08–P13, S01–S03, S10–S12",
    Text(
        "deletion concept (the command `concept` writes it), restored backups (the command `replay`), keys, publications, "
        "transmissions and recipients, and the destruction of media: no check of this program speaks of them",
        "Löschkonzept (schreibt der Befehl `concept`), Rücksicherungen (Befehl `replay`), Schlüssel, Veröffentlichungen, "
        "Übermittlungen und Empfänger sowie Vernichtung von Datenträgern: darüber sagt keine Prüfung dieses Programms etwas",
    ),
)


def results(report: Report) -> tuple[MeasureResult, ...]:
    """What the report's check says of each measure. Something found weighs more than something unknown, and a measure on which
    nobody looked is unknown."""
    findings = list(dict.fromkeys((one.kind, one.category, one.place, one.count) for one in _found(report)))
    return tuple(
        _result(
            measure,
            [one for one in report.checks if one.kind in measure.kinds],
            sum(count for kind, _category, _place, count in findings if kind in measure.kinds),
            was_asked=report.coverage_at is not None or ASKED_FOR.isdisjoint(measure.kinds),
        )
        for measure in MEASURES
    )


def _found(report: Report) -> tuple[Finding, ...]:
    return (*report.findings, *report.coverage)


def _result(measure: Measure, checks: Sequence[CheckOnPlace], found: int, *, was_asked: bool) -> MeasureResult:
    is_known = was_asked and bool(checks) and all(one.outcome != "unknown" for one in checks)
    outcome = "failed" if found else "passed" if is_known else "unknown"
    return MeasureResult(measure, found if found or is_known else None, not is_known, outcome)
