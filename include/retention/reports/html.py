"""The report as one self-contained HTML page: both languages inside, no script, no request to anywhere.

The page shows the language it was rendered in; links (`#de`, `#en`) switch by CSS alone, on the screen and for print.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path

from jinja2 import Environment, Template
from markupsafe import Markup, escape

from retention.reports import charts, formats, kinds, overview, sdm
from retention.reports.document import CategoryReport, Report
from retention.reports.run import NOT_BEGUN, DisposalRun
from retention.reports.run_words import counted_failures
from retention.reports.runs import COVERAGES, newest_counted
from retention.reports.wording import category_title, counted, of_action, of_number, say
from retention.templates import strict_templates

TEMPLATES = Path(__file__).parent / "templates"
NAVIGATION_SLOT = Markup("<!-- navigation -->")
APPENDIX_SLOT = Markup("<!-- appendix -->")
"""Where pages that show a stored report may put their own navigation and their own additions."""


def render_article(report: Report, language: str) -> str:
    """What the report says in one language: the part of the page that paper has, too."""
    other = next(one for one in formats.LANGUAGES if one != language)
    article: Template = environment().get_template("article.html.j2")
    return article.render(report=report, language=language, other=other)


def render_html(report: Report, language: str = "de") -> str:
    """The report as a page that opens in `language` (`de` or `en`) and holds both."""
    other = next(one for one in formats.LANGUAGES if one != language)
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            language=language,
            ordered_languages=(language, other),
            css=stylesheet(),
            navigation_slot=NAVIGATION_SLOT,
            appendix_slot=APPENDIX_SLOT,
        )
    )


def in_language(html: str, language: str) -> str:
    """A rendered page that opens in `language`, whichever it was rendered in; nothing else of it changes."""
    for other in formats.LANGUAGES:
        html = html.replace(f'<html lang="{other}">', f'<html lang="{language}">', 1)
    return html


@cache
def stylesheet() -> Markup:
    """The style sheet, to stand inside the page."""
    return Markup((TEMPLATES / "report.css").read_text(encoding="utf-8"))  # noqa: S704  # our own file


@cache
def environment() -> Environment:
    """The report's templates, with what they call."""
    loaded = strict_templates(TEMPLATES)
    loaded.globals |= {
        "say": say,
        "words": _words,
        "numbers": _numbers,
        "unknown": formats.unknown,
        "age": formats.age,
        "instant": formats.instant,
        "day": formats.day,
        "short_day": formats.short_day,
        "evidence": _evidence,
        "oldest_age": overview.oldest_age,
        "headroom": overview.headroom,
        "age_plot": _age_plot,
        "age_state": _age_state,
        "days_plot": _days_plot,
        "room_plot": _room_plot,
        "least_room": _least_room,
        "has_unknown_room": lambda category: any(entry.headroom_s is None for entry in category.headroom_per_day),
        "total_gone": _total_gone,
        "most_gone": _most_gone,
        "has_unrecorded": lambda category: any(entry.gone is None for entry in category.deletions_per_day),
        "executed": _executed,
        "counted_failures": counted_failures,
        "limit_in_short": overview.limit_in_short,
        "kept_in_short": overview.kept_in_short,
        "next_due": overview.next_due,
        "share_plot": overview.share_plot,
        "share_in_words": overview.share_in_words,
        "coverage_seen": overview.coverage_seen,
        "checks_by_kind": overview.checks_by_kind,
        "to_attend": lambda findings: [finding for finding in findings if finding.kind not in kinds.COVERAGE],
        "done": _done,
        "sdm_results": sdm.results,
        "sdm_not_checked": sdm.NOT_CHECKED,
        "kind_title": lambda kind, language: kinds.title(kind).in_language(language),
        "counted": counted,
        "of_number": of_number,
        "splits": _splits,
        "total_by_coverage": _total_by_coverage,
        "category_title": lambda category, language: category_title(category).in_language(language),
    }
    loaded.filters["code_spans"] = _code_spans
    return loaded


def _code_spans(text: str) -> Markup:
    """Escaped text in which `backticks` set code."""
    parts = [
        f"<code>{escape(part)}</code>" if odd % 2 else str(escape(part)) for odd, part in enumerate(text.split("`"))
    ]
    return Markup("".join(parts))  # noqa: S704  # each part was escaped


def _done(key: str, category: CategoryReport) -> str:
    """The key of the words for what this category's rule does."""
    return of_action(key, category.action)


def _words(language: str) -> Callable[[str], str]:
    return partial(say, language=language)


def _numbers(language: str) -> Callable[[int | None], str]:
    return partial(formats.number, language=language)


def _evidence(report: Report, language: str) -> Iterator[tuple[str, str, bool]]:
    """Label, value, and whether the value is a code to compare."""
    evidence, check = report.evidence, report.check
    digest = partial(formats.digest, language=language)
    yield "policy_version", formats.version(evidence.policy_version, language), False
    yield "promises_digest", digest(evidence.promises_digest), True
    yield "rules_digest", digest(evidence.rules_digest), True
    yield "map_digest", digest(evidence.map_digest), True
    if evidence.changed_since_check:
        yield "changed", ", ".join(say(f"changed.{name}", language) for name in evidence.changed_since_check), False
    yield "code_version", digest(evidence.code_version), True
    yield "ledger_entries", formats.number(evidence.ledger_entries, language), False
    yield "ledger_head", digest(evidence.ledger_head), True
    if evidence.signed_head is None:
        yield "signed_head", say("signed_head.none", language), False
    else:
        head = evidence.signed_head
        when, size = formats.instant(head.at, language), formats.number(head.size, language)
        yield "signed_head", say("signed_head.of", language).format(when, size), False
        yield "signed_root", digest(head.root), True
        yield "signed_key", digest(head.key), True
    if check is not None:
        started, finished = (formats.instant(at, language) for at in (check.started_at, check.finished_at))
        yield "check_time", f"{started} – {finished}", False
        yield "inventory_digest", digest(check.inventory_digest), True
        yield "check_run", str(check.check_run_id), True
    yield "created", formats.instant(report.created_at, language), False
    yield "report_id", str(report.report_id), True


def _age_plot(category: CategoryReport, language: str) -> Markup | None:
    """None where nothing goes by age."""
    if category.cap_s is None or category.due_after_s is None:
        return None
    title = (
        f"{say('age_plot', language)}. {say('legend.oldest', language)}: {overview.oldest_age(category, language, plain=True)}; "
        f"{say('legend.limit', language)}: {formats.age(category.cap_s, language)}"
    )
    oldest_s = 0 if category.nothing_stored else category.oldest_plain_age_s
    return charts.age_against_limit(oldest_s, category.due_after_s, category.cap_s, title=title)


def _age_state(category: CategoryReport) -> str:
    if category.oldest_plain_age_s is None or category.cap_s is None:
        return "hatch"
    return "past" if category.oldest_plain_age_s > category.cap_s else "within"


def _days_plot(category: CategoryReport, language: str) -> Markup:
    total = formats.number(_total_gone(category), language)
    title = f"{say(_done('days_plot', category), language)}. {say('days_total', language)}: {total}"
    return charts.deletions_per_day(category.deletions_per_day, language, title=title)


def _room_plot(category: CategoryReport, language: str) -> Markup | None:
    """None where no check of those days knew a headroom."""
    known = [entry.headroom_s for entry in category.headroom_per_day if entry.headroom_s is not None]
    if not known:
        return None
    title = f"{say('room_plot', language)}. {say('room_least', language)}: {formats.age(min(known), language)}"
    return charts.headroom_over_time(category.headroom_per_day, language, title=title)


def _least_room(category: CategoryReport, language: str) -> str:
    known = [entry.headroom_s for entry in category.headroom_per_day if entry.headroom_s is not None]
    return formats.age(min(known, default=None), language)


def _known_days(category: CategoryReport) -> list[int]:
    return [entry.gone for entry in category.deletions_per_day if entry.gone is not None]


def _total_gone(category: CategoryReport) -> int | None:
    """The sum over the recorded days; not known where there is none."""
    days = _known_days(category)
    return sum(days) if days else None


def _most_gone(category: CategoryReport) -> int | None:
    return max(_known_days(category), default=None)


def _splits(category: CategoryReport, language: str) -> Iterator[tuple[str, dict[str, int]]]:
    """Caption and counts by reason: what was due and what stayed by the regular run, and what the full listing adds to that."""
    for coverage in COVERAGES:
        run = newest_counted(category.runs, coverage)
        if run is None:
            continue
        kept = {reason: count for reason, count in (run.kept_by_reason or {}).items() if reason not in _JUDGED_BY_ROW}
        for key, counts in (("goes", run.due_by_reason), ("stays", kept), ("spared_why", run.spared)):
            if counts:
                yield say(f"{key}.{coverage}", language), counts


_JUDGED_BY_ROW = ("described_by_row",)
"""Parts that a listing leaves to the regular run: it says nothing new about them."""


def _total_by_coverage(category: CategoryReport, language: str) -> str:
    """`657 (641 in regular runs, 16 by the full listing)`."""
    total = formats.number(_total_gone(category), language)
    parts = [
        f"{formats.number(gone, language)} {say(f'gone_by.{coverage}', language)}"
        for coverage, gone in category.gone_by_coverage.items()
    ]
    return f"{total} ({', '.join(parts)})" if len(parts) > 1 else total


def _executed(run: DisposalRun, count: int | None, language: str) -> str:
    """A count of an execution; a dash where there was none, so that nothing was spared and nothing failed."""
    if count is None and (run.state in NOT_BEGUN or run.plan_id is None):
        return "–"
    return formats.number(count, language)
