"""What becomes of a transcribed call: the transcript with everything that is derived from it. All words are invented."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from uuid import UUID

from retention.sample.ids import sample_id
from retention.sample.rows import Row
from retention.sample.rows_categories import ChatMessage, Embedding, Segment, Summary, Transcript

_TALKS = (
    (
        "Termin für eine Besichtigung vereinbart.",
        "Guten Tag, Sie sprechen mit der Telefonassistenz. Was kann ich für Sie tun?",
        "Ich möchte die Wohnung mit dem Balkon besichtigen.",
        "Gern. Passt Ihnen Donnerstag um zehn Uhr?",
    ),
    (
        "Rückruf wegen einer Rechnung gewünscht.",
        "Guten Tag, hier ist die Telefonassistenz.",
        "Auf meiner Rechnung fehlt die Anzahlung.",
        "Das gebe ich weiter, man ruft Sie heute noch zurück.",
    ),
    (
        "Öffnungszeiten erfragt.",
        "Willkommen, womit kann ich helfen?",
        "Haben Sie am Samstag geöffnet?",
        "Ja, von neun bis dreizehn Uhr.",
    ),
    (
        "Termin abgesagt und verschoben.",
        "Guten Morgen, Sie sprechen mit der Telefonassistenz.",
        "Ich kann am Freitag leider nicht kommen.",
        "Dann trage ich Sie für den Montag danach ein.",
    ),
)
_QUESTIONS = (
    ("Was wollte der Anrufer?", "Einen Rückruf."),
    ("Fasse das Gespräch zusammen.", "Es ging um einen Termin."),
)
_CHAT_SHARE = 0.12
_DIMENSIONS = 8
_MODEL = "satz-einbettung-2"


def transcript_id_of(call_id: UUID) -> UUID:
    """The id of the one transcript that a call has."""
    return sample_id(call_id, "transcript")


def transcript_rows(
    call_id: UUID, tenant_id: str, created_at: datetime, *, paragraph: str | None = None, until: datetime | None = None
) -> list[Row]:
    """The transcript of a call with segments, their embeddings, a summary and now and then a chat about it."""
    draw = random.Random(call_id.int)
    summary, *turns = draw.choice(_TALKS)
    transcript_id = transcript_id_of(call_id)
    body = "\n".join(turns)
    rows: list[Row] = [
        Transcript(transcript_id, call_id, tenant_id, created_at, "de", body, paragraph, until),
        Summary(sample_id(transcript_id, "summary"), transcript_id, summary),
    ]
    for position, turn in enumerate(turns):
        segment_id = sample_id(transcript_id, "segment", position)
        speaker = "caller" if position % 2 else "agent"
        vector = [round(draw.uniform(-1, 1), 4) for _ in range(_DIMENSIONS)]
        rows.append(Segment(segment_id, transcript_id, position, speaker, turn))
        rows.append(Embedding(sample_id(segment_id, "embedding"), segment_id, _MODEL, vector))
    if draw.random() < _CHAT_SHARE:
        rows.extend(_chat(transcript_id, created_at + timedelta(minutes=20), draw))
    return rows


def _chat(transcript_id: UUID, asked_at: datetime, draw: random.Random) -> list[Row]:
    question, answer = draw.choice(_QUESTIONS)
    said = (("user", question, timedelta()), ("assistant", answer, timedelta(seconds=4)))
    return [
        ChatMessage(sample_id(transcript_id, "chat", author), transcript_id, asked_at + after, author, body)
        for author, body, after in said
    ]
