"""Each data category in one line, and all of them in one picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from markupsafe import Markup

from retention.reports import charts, formats
from retention.reports.document import CategoryReport, CheckOnPlace, Report
from retention.reports.runs import newest_counted
from retention.reports.wording import counted, say
from retention.verification.result import Verdict

_WORST_OUTCOME = ("unknown", "failed", "passed")


def limit_in_short(category: CategoryReport, language: str) -> str:
    """`14 days`, `30 days, or at once after an event`, `3 days to 30 days after an event`."""
    if category.cap_s is not None:
        cap = formats.age(category.cap_s, language)
        return f"{cap}, {say('limit.at_once', language)}" if any(one.at_once for one in category.limits) else cap
    limits = sorted({one.limit_s for one in category.limits})
    first, last = (formats.age(limits[position], language) for position in (0, -1))
    span = first if first == last else say("limit.span", language).format(first, last)
    return say("limit.by_events", language).format(span)


def kept_in_short(category: CategoryReport, language: str) -> str:
    """`180 by consent, 34 by legal hold`; unknown where not everything was seen."""
    found = Counter[str]()
    for exception in category.exceptions:
        found[exception.kind] += exception.count
    if not found:
        return say("kept.none", language) if category.seen_completely else formats.unknown(language)
    return ", ".join(
        f"{formats.number(count, language)} {say(f'kept.{kind}', language)}" for kind, count in found.most_common()
    )


def oldest_age(category: CategoryReport, language: str, *, plain: bool = False) -> str:
    """Age of the oldest item of all, or (`plain`) of those that nothing keeps."""
    if category.kept_by_others:
        return say("elsewhere", language)
    if category.nothing_stored:
        return say("nothing_stored", language)
    return formats.age(category.oldest_plain_age_s if plain else category.oldest_age_s, language)


def headroom(category: CategoryReport, language: str) -> tuple[str, str, str]:
    """Label, value and note of the time to the first deadline. That it passed is a breach only where the check found one."""
    label, value, note = _headroom(category, language)
    return say(label, language), value, say(note, language)


def _headroom(category: CategoryReport, language: str) -> tuple[str, str, str]:
    room_s, breached = category.headroom_s, category.verdict is Verdict.BREACH
    if category.kept_by_others:
        return "headroom", say("elsewhere_headroom", language), "elsewhere_note"
    if room_s is not None and room_s < 0:
        key, note = ("headroom_none", "headroom_note") if breached else ("headroom_passed", "headroom_passed_note")
        return "headroom", say(key, language), note
    # Beside a breach of another kind than a deadline, such as something that had to stay and is gone.
    label, note = ("next_deadline", "next_deadline_note") if breached else ("headroom", "headroom_note")
    if category.nothing_stored:
        return label, say("nothing_stored" if breached else "nothing_due", language), note
    if room_s is None and category.verdict is Verdict.COMPLIANT:
        # A check that found all well has read and dated everything: no deadline is known because none is running.
        return label, say("no_deadline", language), "no_deadline_note"
    return label, formats.age(room_s, language), note


def next_due(category: CategoryReport, language: str) -> str:
    """When the next item falls due; a run that counted and found none waiting knows that none is."""
    if category.kept_by_others:
        return "–"
    counted_run = newest_counted(category.runs, "rows")
    if category.next_due_at is None and counted_run is not None:
        return say("next_due_none", language)
    return formats.instant(category.next_due_at, language)


def share_plot(category: CategoryReport, language: str) -> Markup | None:
    """How much of its limit the category's oldest item has used up; None where nothing goes by age, or others keep it."""
    if category.cap_s is None or category.due_after_s is None or category.kept_by_others:
        return None
    oldest_s = 0 if category.nothing_stored else category.oldest_plain_age_s
    title = f"{category.title.in_language(language)}: {share_in_words(category, language)}"
    return charts.share_of_limit(oldest_s, category.due_after_s, category.cap_s, title=title)


def share_in_words(category: CategoryReport, language: str) -> str:
    """What stands beside the bar, or in its place: `26 days 22 h, limit 30 days`."""
    if category.kept_by_others:
        return say("elsewhere", language)
    if category.cap_s is not None:
        age, limit = oldest_age(category, language, plain=True), formats.age(category.cap_s, language)
        return say("share", language).format(age, limit) if not category.nothing_stored else age
    room_s = category.headroom_s
    if room_s is None:
        _label, said, _note = _headroom(category, language)
    else:
        said = say("share.next" if room_s >= 0 else "share.passed", language).format(formats.age(abs(room_s), language))
    return f"{say('share.by_events', language)}; {said}"


def coverage_seen(report: Report, language: str) -> str:
    """`31 tables, 12 columns by a sample`: what the check saw that looked for what nobody mapped."""
    looked_at = report.coverage_looked_at
    names = [name for name in ("tables", "columns_sampled", "columns_not_sampled") if looked_at.get(name)]
    return ", ".join(counted(f"counted.{name}", looked_at[name], language) for name in names or ["tables"])


def checks_by_kind(checks: Sequence[CheckOnPlace]) -> list[tuple[CheckOnPlace, int]]:
    """One line for each check over all places that it looked at, and how many these are; the worst outcome counts."""
    groups: dict[tuple[str, str], list[CheckOnPlace]] = {}
    for check in checks:
        groups.setdefault((check.name, check.title.en), []).append(check)
    return [(_joined(group), len(group)) for group in groups.values()]


def _joined(group: Sequence[CheckOnPlace]) -> CheckOnPlace:
    first = group[0]
    outcome = next(one for one in _WORST_OUTCOME if any(check.outcome == one for check in group))
    return CheckOnPlace(
        name=first.name,
        kind=first.kind,
        title=first.title,
        place=first.place if len(group) == 1 else None,
        looked_at=_sum([check.looked_at for check in group]),
        found=_sum([check.found for check in group]),
        outcome=outcome,
    )


def _sum(counts: Sequence[int | None]) -> int | None:
    """None as soon as one of them is not known."""
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None
