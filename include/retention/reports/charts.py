"""The report's plots as inline SVG. They stretch with the page, so every word stands in the HTML beside them, not inside."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

from retention.reports.document import DayCount, DayRoom
from retention.reports.formats import age, day, number

_WIDTH = 1_000
_BAR_HEIGHT = 30
_DAYS_HEIGHT = 100
_ROOM_PAST_LIMIT = 1.12
"""The axis ends this far past the limit, so that a bar that crosses it is seen to cross it."""
_LIMIT_AT, _EDGE = 880, 1.1
"""Where the limit is in a plot of shares, and how many limits the longest bar shows."""


def age_against_limit(oldest_s: int | None, due_after_s: int, limit_s: int, *, title: str) -> Markup:
    """A bar as long as the oldest item is old, on a track up to the limit; dashed where jobs start to act.

    Without an age (`None`) there is no bar but a hatched track: unknown must not look like young.
    """
    end_s = max(limit_s * _ROOM_PAST_LIMIT, (oldest_s or 0) * 1.02)

    def x(seconds: float) -> float:
        return round(_WIDTH * seconds / end_s, 1)

    limit_x, due_x = x(limit_s), x(due_after_s)
    shapes = [f'<rect class="track" x="0" y="9" width="{limit_x}" height="12"/>']
    if oldest_s is None:
        shapes += [_line("hatch", start, 21, start + 18, 9) for start in range(0, int(limit_x) - 18, 30)]
    else:
        state = "past" if oldest_s > limit_s else "within"
        shapes.append(f'<rect class="bar {state}" x="0" y="9" width="{x(max(oldest_s, 0))}" height="12"/>')
    shapes.append(_line("due", due_x, 4, due_x, 26))
    shapes.append(_line("limit", limit_x, 0, limit_x, _BAR_HEIGHT))
    return _svg(shapes, _BAR_HEIGHT, title, "age")


def share_of_limit(oldest_s: int | None, due_after_s: int, limit_s: int, *, title: str) -> Markup:
    """The same bar for plots that stand below each other: the limit is at the same place in each of them, whatever it is. A bar
    far past it ends at the edge, in a point."""

    def x(seconds: float) -> float:
        return round(_LIMIT_AT * min(seconds / limit_s, _EDGE), 1)

    limit_x = x(limit_s)
    shapes = [f'<rect class="track" x="0" y="9" width="{limit_x}" height="12"/>']
    if oldest_s is None:
        shapes += [_line("hatch", start, 21, start + 18, 9) for start in range(0, int(limit_x) - 18, 30)]
    else:
        state = "past" if oldest_s > limit_s else "within"
        shapes.append(f'<rect class="bar {state}" x="0" y="9" width="{x(max(oldest_s, 0))}" height="12"/>')
        if oldest_s > limit_s * _EDGE:
            end = round(_LIMIT_AT * _EDGE, 1)
            shapes.append(f'<path class="bar past" d="M{end} 5 L{_WIDTH} 15 L{end} 25 Z"/>')
    shapes.append(_line("due", x(due_after_s), 4, x(due_after_s), 26))
    shapes.append(_line("limit", limit_x, 0, limit_x, _BAR_HEIGHT))
    return _svg(shapes, _BAR_HEIGHT, title, "share")


def deletions_per_day(days: Sequence[DayCount], language: str, *, title: str) -> Markup:
    """One bar per day; each tells its day and number on pointing. A day before the first record is a grey field, no bar."""
    top = max((entry.gone or 0 for entry in days), default=0)
    step = _WIDTH / max(len(days), 1)
    shapes = []
    for position, entry in enumerate(days):
        label = escape(f"{day(entry.day, language)}: {number(entry.gone, language)}")
        left = position * step
        if entry.gone is None:
            shapes.append(_rect("unrecorded", left, 0, step, _DAYS_HEIGHT - 1, label))
            continue
        height = _height(entry.gone, top)
        shapes.append(_rect("bar day", left + step * 0.12, _DAYS_HEIGHT - 1 - height, step * 0.76, height, label))
    shapes.append(_line("axis", 0, _DAYS_HEIGHT - 0.5, _WIDTH, _DAYS_HEIGHT - 0.5))
    return _svg(shapes, _DAYS_HEIGHT, title, "days")


def headroom_over_time(days: Sequence[DayRoom], language: str, *, title: str) -> Markup:
    """One bar per day, up from the line where a deadline passes; down from it where one had passed. Grey where none is known."""
    rooms = [entry.headroom_s for entry in days if entry.headroom_s is not None]
    top, bottom = max([0, *rooms]), min([0, *rooms])
    scale = (_DAYS_HEIGHT - 4) / max(top - bottom, 1)
    zero, step = 2 + top * scale, _WIDTH / max(len(days), 1)
    shapes = []
    for position, entry in enumerate(days):
        label = escape(f"{day(entry.day, language)}: {age(entry.headroom_s, language)}")
        left, room_s = position * step, entry.headroom_s
        if room_s is None:
            shapes.append(_rect("unrecorded", left, 0, step, _DAYS_HEIGHT, label))
            continue
        height = max(abs(room_s) * scale, 2.0)
        kind = "bar within" if room_s >= 0 else "bar past"
        shapes.append(
            _rect(kind, left + step * 0.12, zero - height if room_s >= 0 else zero, step * 0.76, height, label)
        )
    shapes.append(_line("axis", 0, round(zero, 1), _WIDTH, round(zero, 1)))
    return _svg(shapes, _DAYS_HEIGHT, title, "room")


def _rect(kind: str, x: float, y: float, width: float, height: float, label: str) -> str:
    place = " ".join(
        f'{name}="{round(value, 1)}"' for name, value in (("x", x), ("y", y), ("width", width), ("height", height))
    )
    return f'<rect class="{kind}" {place}><title>{label}</title></rect>'


def _height(count: int, top: int) -> float:
    """Height of a bar; one item on a day beside thousands must still be seen."""
    return 0 if count == 0 else round(max(2.0, (_DAYS_HEIGHT - 6) * count / top), 1)


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{kind}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'


def _svg(shapes: Sequence[str], height: int, title: str, kind: str) -> Markup:
    # Safe: every shape above is made of numbers and of texts that were escaped there.
    label = escape(title)
    return Markup(  # noqa: S704
        f'<svg class="plot {kind}" viewBox="0 0 {_WIDTH} {height}" preserveAspectRatio="none" role="img" '
        f'aria-label="{label}"><title>{label}</title>{"".join(shapes)}</svg>'
    )
