"""What the plots show, and what they must not pretend."""

from datetime import date, timedelta

import pytest

from retention.reports.charts import age_against_limit, deletions_per_day, share_of_limit
from retention.reports.document import DayCount

LIMIT_S = 30 * 86_400
DUE_S = LIMIT_S - 49 * 3_600


@pytest.mark.parametrize(
    ("oldest_s", "shown"),
    [
        pytest.param(0, 'class="bar within"', id="fresh"),
        pytest.param(LIMIT_S, 'class="bar within"', id="ends_exactly"),
        pytest.param(LIMIT_S + 1, 'class="bar past"', id="beyond_end"),
        pytest.param(None, 'class="hatch"', id="unknown"),
    ],
)
def test_bar_says_how_the_oldest_item_stands(oldest_s: int | None, shown: str) -> None:
    svg = age_against_limit(oldest_s, DUE_S, LIMIT_S, title="age")
    kinds = ("bar within", "bar past", "hatch")
    assert [kind for kind in kinds if f'class="{kind}"' in svg] == [shown.removeprefix('class="').rstrip('"')]


def test_bar_far_past_the_limit_stays_inside_the_plot() -> None:
    svg = age_against_limit(40 * LIMIT_S, DUE_S, LIMIT_S, title="age")
    width = float(svg.split('class="bar past" x="0" y="9" width="')[1].split('"')[0])
    assert 900 < width <= 1_000


def test_one_item_is_seen_beside_a_day_of_thousands() -> None:
    days = [DayCount(date(2026, 3, 1), 1), DayCount(date(2026, 3, 2), 100_000), DayCount(date(2026, 3, 3), 0)]
    heights = [float(part.split('"')[0]) for part in deletions_per_day(days, "en", title="days").split('height="')[1:]]
    assert heights[0] >= 2
    assert heights[2] == 0


def test_days_before_the_first_record_are_fields_and_not_bars() -> None:
    days = [DayCount(date(2026, 3, 1) + timedelta(days=n), None) for n in range(3)]
    svg = deletions_per_day(days, "de", title="days")
    assert svg.count('class="unrecorded"') == 3
    assert 'class="bar' not in svg
    assert "01.03.2026: unbekannt" in svg


def test_titles_are_escaped() -> None:
    assert "<script>" not in age_against_limit(1, DUE_S, LIMIT_S, title="<script>")


@pytest.mark.parametrize(
    ("oldest_s", "length"),
    [
        pytest.param(LIMIT_S // 2, 440, id="half"),
        pytest.param(LIMIT_S, 880, id="ends_exactly"),
        pytest.param(40 * LIMIT_S, 968, id="far_beyond"),
    ],
)
@pytest.mark.parametrize("limit_s", [LIMIT_S, LIMIT_S * 10], ids=["short", "long"])
def test_shares_have_their_limit_at_the_same_place(oldest_s: int, length: int, limit_s: int) -> None:
    times = limit_s // LIMIT_S
    svg = share_of_limit(oldest_s * times, DUE_S * times, limit_s, title="share")
    assert float(svg.split('class="bar ')[1].split('width="')[1].split('"')[0]) == length
    assert '<line class="limit" x1="880.0"' in svg
    assert ("<path" in svg) is (length == 968)
