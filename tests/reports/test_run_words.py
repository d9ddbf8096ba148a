"""A run in one line, in both languages: singular and plural, breaches ahead and past, trouble with its next step."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from tests.reports.test_report_verdict import COMPLIANT, finding

from retention.reports.answer import because
from retention.reports.run import DisposalRun, RunState
from retention.reports.run_words import describe, notices

NOW = datetime(2026, 3, 15, 10, 0, tzinfo=UTC)
DONE = DisposalRun(
    UUID(int=1), "rows", at=NOW, as_of=NOW, state=RunState.DONE, considered=9, due=3, gone=3, failed=0, spared={}
)
BLOCKED = replace(DONE, state=RunState.BLOCKED, gone=0, failed=None, spared=None)


def said(run: DisposalRun, language: str) -> str:
    """The line without its head, which names coverage and instant."""
    head, _, rest = describe(run, NOW, language, lambda at, _language: f"{at:%d.%m.}").partition(": ")
    assert head == {"en": "Deletion run, 15.03.", "de": "Löschlauf, 15.03."}[language]
    return rest


@pytest.mark.parametrize(
    ("run", "en", "de"),
    [
        pytest.param(DONE, "done; 3 of 3 due items gone", "abgeschlossen; 3 von 3 fälligen Elementen gelöscht", id="many"),
        pytest.param(
            replace(DONE, due=1, gone=1), "done; 1 of 1 due item gone", "abgeschlossen; 1 von 1 fälligem Element gelöscht",
            id="one",
        ),
        pytest.param(replace(DONE, due=0, gone=0), "done; nothing was due", "abgeschlossen; nichts war fällig", id="idle"),
        pytest.param(
            replace(DONE, gone=1, already_gone=1, spared={"legal_hold": 1}),
            "done; 1 of 3 due items gone; 1 already gone (another run); 1 spared at the last moment",
            "abgeschlossen; 1 von 3 fälligen Elementen gelöscht; 1 bereits weg (anderer Lauf); 1 im letzten Moment verschont",
            id="gone_to_another_run",
        ),
        pytest.param(
            replace(DONE, state=RunState.FAILED, due=1, gone=0, failed=1, parts_removed=1),
            "failed; 0 of 1 due item gone; 1 failed; 1 stored part removed. Its log says why.",
            "fehlgeschlagen; 0 von 1 fälligem Element gelöscht; 1 fehlgeschlagen; 1 gespeicherter Teil entfernt. "
            "Den Grund nennt sein Protokoll.",
            id="bytes_went_alone",
        ),
    ],
)  # fmt: skip
def test_a_run_reads_in_one_line(run: DisposalRun, en: str, de: str) -> None:
    assert (said(run, "en"), said(run, "de")) == (en, de)


ANONYMISED = replace(DONE, anonymises=True)


@pytest.mark.parametrize(
    ("run", "en", "de"),
    [
        pytest.param(
            replace(ANONYMISED, gone=1, already_gone=2),
            "done; 1 of 3 due items anonymised; 2 already anonymised or gone (another run)",
            "abgeschlossen; 1 von 3 fälligen Elementen anonymisiert; 2 bereits anonymisiert oder weg (anderer Lauf)",
            id="done",
        ),
        pytest.param(
            replace(ANONYMISED, state=RunState.OBSERVED, considered=9, gone=0),
            "observed, nothing anonymised; 3 of 9 items due",
            "beobachtet, nichts anonymisiert; 3 von 9 Elementen fällig",
            id="observed",
        ),
        pytest.param(
            replace(ANONYMISED, state=RunState.PLANNED, gone=0, breaches_at=NOW + timedelta(hours=25)),
            "planned, not executed yet; 3 of 9 items due; first breach on 16.03. unless they are anonymised",
            "geplant, noch nicht ausgeführt; 3 von 9 Elementen fällig; erste Überschreitung am 16.03., wenn nichts anonymisiert "
            "wird",
            id="planned",
        ),
        pytest.param(
            replace(ANONYMISED, state=RunState.FAILED, due=None, gone=0),
            "failed; nothing was planned and nothing anonymised. Its log says why.",
            "fehlgeschlagen; nichts wurde geplant und nichts anonymisiert. Den Grund nennt sein Protokoll.",
            id="failed",
        ),
    ],
)  # fmt: skip
def test_a_run_that_anonymises_says_so(run: DisposalRun, en: str, de: str) -> None:
    for language, expected, head in (("en", en, "Anonymisation run"), ("de", de, "Anonymisierungslauf")):
        line = describe(run, NOW, language, lambda at, _language: f"{at:%d.%m.}")
        assert line == f"{head}, 15.03.: {expected}"


@pytest.mark.parametrize(
    ("hours", "en", "de"),
    [
        pytest.param(25, "first breach on 16.03. unless they go", "erste Überschreitung am 16.03.", id="ahead"),
        pytest.param(0, "first breach was on 15.03.", "erste Überschreitung war am 15.03.", id="now"),
        pytest.param(-24, "first breach was on 14.03.", "erste Überschreitung war am 14.03.", id="past"),
    ],
)
def test_a_breach_that_came_is_no_conditional(hours: int, en: str, de: str) -> None:
    run = replace(BLOCKED, breaches_at=NOW + timedelta(hours=hours))
    assert en in said(run, "en")
    assert de in said(run, "de")


def test_only_trouble_is_noticed() -> None:
    fine = [
        replace(DONE, state=state) for state in (RunState.DONE, RunState.RUNNING, RunState.PLANNED, RunState.OBSERVED)
    ]
    expired = replace(BLOCKED, state=RunState.EXPIRED)
    assert notices([*fine, replace(expired, due=0)], NOW) == ()
    assert len(notices([BLOCKED, expired], NOW)) == 2


@pytest.mark.parametrize(
    ("count", "en", "de"),
    [
        pytest.param(1, "1 item stays longer", "1 Element bleibt", id="one"),
        pytest.param(2, "2 items stay longer", "2 Elemente bleiben", id="many"),
    ],
)
def test_what_stays_is_counted_in_its_number(count: int, en: str, de: str) -> None:
    looked_at = {"noncurrent_versions": count}
    sentences = because(COMPLIANT, [replace(finding("exception"), count=count)], looked_at, [])
    assert sentences[2].en.startswith(en)
    assert sentences[2].de.startswith(de)
    assert sentences[1].de == f"Sie betrachtete {count} frühere Version{'' if count == 1 else 'en'}."
