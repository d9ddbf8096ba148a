"""A rule prints itself as one sentence in English and one in German."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.policy.situations import DAY, HOUR, SHIPPED, consents, rule, version

from retention.policy.model import Minimum, RetentionRule, StartPoint
from retention.sentences import rule_sentence

AUDIO_EN = (
    "Call recordings are deleted as soon as their transcription has succeeded (gone within 2 hours), or 27 days and 23 hours "
    "after the recording started (gone within 30 days), whichever comes first, unless both the caller and the customer "
    "consented to archiving before that (consents are reviewed every 365 days and lapse 30 days after a missed review); "
    "clause audio, policy of 2025-08-03, in force from 2025-08-03."
)
AUDIO_DE = (
    "Gesprächsaufnahmen werden unmittelbar nach der erfolgreichen Transkription (spätestens nach 2 Stunden entfernt) oder "
    "27 Tage und 23 Stunden nach Beginn der Aufnahme (spätestens nach 30 Tagen entfernt) gelöscht, je nachdem, was früher "
    "eintritt, es sei denn, die anrufende Person und der Kunde haben zuvor in die Archivierung eingewilligt (Einwilligungen "
    "werden alle 365 Tage überprüft und gelten nach versäumter Überprüfung noch 30 Tage); Klausel audio, "
    "Datenschutzerklärung vom 03.08.2025, in Kraft ab 03.08.2025."
)

CAP = StartPoint(event="recording_started", every_item=True, limit=14 * DAY, lead=24 * HOUR)
PLAIN = rule(version(start_points=(CAP,), exemption=None))
ONE_PARTY = rule(version(start_points=(CAP,), exemption=consents(parties=("caller",), review_every=36 * HOUR)))
STATUTE = rule(
    version(
        start_points=(CAP,),
        exemption=None,
        minimum=Minimum(event="document_arose", years="P8Y", paragraph="§147 Abs. 3 AO", release="year_released"),
    )
)


@pytest.mark.parametrize(
    ("one", "english", "german"),
    [
        pytest.param(SHIPPED, AUDIO_EN, AUDIO_DE, id="shipped_audio"),
        pytest.param(
            PLAIN,
            "Call recordings are deleted 13 days after the recording started (gone within 14 days); "
            "clause audio, policy of 2025-08-03, in force from 2025-08-03.",
            "Gesprächsaufnahmen werden 13 Tage nach Beginn der Aufnahme (spätestens nach 14 Tagen entfernt) gelöscht; "
            "Klausel audio, Datenschutzerklärung vom 03.08.2025, in Kraft ab 03.08.2025.",
            id="one_start_point",
        ),
        pytest.param(
            ONE_PARTY,
            "Call recordings are deleted 13 days after the recording started (gone within 14 days), unless the caller consented "
            "to archiving before that (consents are reviewed every 36 hours and lapse 30 days after a missed review); "
            "clause audio, policy of 2025-08-03, in force from 2025-08-03.",
            "Gesprächsaufnahmen werden 13 Tage nach Beginn der Aufnahme (spätestens nach 14 Tagen entfernt) gelöscht, es sei "
            "denn, die anrufende Person hat zuvor in die Archivierung eingewilligt (Einwilligungen werden alle 36 Stunden "
            "überprüft und gelten nach versäumter Überprüfung noch 30 Tage); Klausel audio, Datenschutzerklärung vom "
            "03.08.2025, in Kraft ab 03.08.2025.",
            id="one_party",
        ),
        pytest.param(
            STATUTE,
            "Call recordings are deleted 13 days after the recording started (gone within 14 days), but not before 8 calendar "
            "years have passed since the end of the year of document arose (§147 Abs. 3 AO) and year released is recorded; "
            "clause audio, policy of 2025-08-03, in force from 2025-08-03.",
            "Gesprächsaufnahmen werden 13 Tage nach Beginn der Aufnahme (spätestens nach 14 Tagen entfernt) gelöscht, jedoch "
            "frühestens 8 Kalenderjahre nach Ende des Jahres von document arose (§147 Abs. 3 AO) und erst, wenn year released "
            "vermerkt ist; Klausel audio, Datenschutzerklärung vom 03.08.2025, in Kraft ab 03.08.2025.",
            id="statutory_minimum_with_words_nobody_translated_yet",
        ),
    ],
)
def test_rule_in_words(one: RetentionRule, english: str, german: str) -> None:
    assert rule_sentence(one) == english
    assert rule_sentence(one, "de") == german


def test_sentence_tells_the_newest_version() -> None:
    two = rule(version(), version(2, date(2026, 9, 1), limit=timedelta(days=20)))
    assert "(gone within 20 days)" in rule_sentence(two)
    assert "in Kraft ab 01.09.2026." in rule_sentence(two, "de")


def test_policy_version_that_is_no_day_stands_as_it_is() -> None:
    assert "Datenschutzerklärung vom Entwurf 3," in rule_sentence(rule(version(policy_version="Entwurf 3")), "de")
