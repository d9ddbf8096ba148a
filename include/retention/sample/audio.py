"""Short, playable WAV files: two synthetic voices that take turns, in syllables and pauses (8 kHz, 16 bit, mono).

A few dozen different files are enough for any number of recordings, and they are made only once per process.
"""

from __future__ import annotations

import io
import math
import random
import wave
from array import array
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from sys import byteorder

SAMPLES_PER_S = 8000
BODY_COUNT = 24

_PITCHES_HZ = (110, 195)
_SYLLABLE_S = 0.16
_PAUSE_S = 0.05
_PEAK = 9000  # of 32767: loud enough to hear, far from clipping


@dataclass(frozen=True, slots=True)
class Sound:
    """One WAV file and its length in seconds."""

    body: bytes
    duration_s: Decimal


@cache
def sound(number: int) -> Sound:
    """The WAV file number `number` (any whole number; they repeat after BODY_COUNT), 1 to 3 s long."""
    if not 0 <= number < BODY_COUNT:
        return sound(number % BODY_COUNT)
    draw = random.Random(number)
    length = draw.randrange(SAMPLES_PER_S, 3 * SAMPLES_PER_S)
    samples = array("h")
    turn = 0
    while len(samples) < length:
        for _ in range(draw.randrange(2, 6)):
            samples.extend(_syllable(turn % 2, draw.randrange(3)))
        samples.extend([0] * int(draw.uniform(0.1, 0.3) * SAMPLES_PER_S))
        turn += 1
    return Sound(_wav(samples[:length]), Decimal(length) / SAMPLES_PER_S)


@cache
def _syllable(voice: int, stress: int) -> array[int]:
    """One rising and falling tone with two overtones, then a short pause."""
    pitch_hz = _PITCHES_HZ[voice] * (1 + 0.08 * stress)
    count = int(_SYLLABLE_S * SAMPLES_PER_S)
    samples = array("h")
    for index in range(count):
        phase = 2 * math.pi * pitch_hz * index / SAMPLES_PER_S
        tone = math.sin(phase) + 0.5 * math.sin(2 * phase) + 0.25 * math.sin(3 * phase)
        envelope = math.sin(math.pi * index / count)
        samples.append(int(_PEAK * envelope * tone / 1.75))
    samples.extend([0] * int(_PAUSE_S * SAMPLES_PER_S))
    return samples


def _wav(samples: array[int]) -> bytes:
    if byteorder == "big":  # WAV is little-endian
        samples.byteswap()
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(SAMPLES_PER_S)
        out.writeframes(samples.tobytes())
    return file.getvalue()
