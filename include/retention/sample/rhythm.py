"""When people call: in German office hours, on weekdays more than on weekends, hardly at night."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

PERIOD = timedelta(days=60)
NEWEST = timedelta(hours=3)
"""No everyday call is younger: the last hours belong to the named cases."""

_BERLIN = ZoneInfo("Europe/Berlin")
_WEEKDAYS = (1.0, 0.95, 0.9, 0.9, 0.75, 0.3, 0.12)  # Monday to Sunday
_HOURS = (
    *(0.02, 0.01, 0.01, 0.01, 0.01, 0.03, 0.1, 0.3),  # 0 to 7 h
    *(0.7, 1.0, 1.0, 0.95, 0.6, 0.65, 0.85, 0.9),  # 8 to 15 h
    *(0.85, 0.7, 0.5, 0.35, 0.2, 0.12, 0.06, 0.03),  # 16 to 23 h
)


def draw_age(draw: random.Random, now: datetime) -> timedelta:
    """How long ago a call of the last 60 days started, drawn with the day's and the week's rhythm."""
    while True:
        age = NEWEST + (PERIOD - NEWEST) * draw.random()
        local = (now - age).astimezone(_BERLIN)
        if draw.random() < _WEEKDAYS[local.weekday()] * _HOURS[local.hour]:
            return timedelta(seconds=round(age.total_seconds()))
