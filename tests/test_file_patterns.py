"""Which files a pattern of the data map means."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from retention.file_patterns import UnusablePattern, compile_patterns, require_below


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        pytest.param("*.log", "a.log", True, id="name"),
        pytest.param("*.log", "nginx/a.log", False, id="star_stays_in_one_name"),
        pytest.param("**/*.log", "a.log", True, id="no_folder"),
        pytest.param("**/*.log", "a/b/c.log", True, id="any_folders"),
        pytest.param("a/**/b/*", "a/b/x", True, id="none_between"),
        pytest.param("a/**/b/*", "a/c/d/b/x", True, id="some_between"),
        pytest.param("a/**/b/*", "ax/b/x", False, id="whole_names"),
        pytest.param("**/*.log*", "a.log.1.gz", True, id="rotated"),
        pytest.param("**/*", ".hidden/.x", True, id="hidden"),
        pytest.param("app-?.log", "app-1.log", True, id="one_character"),
        pytest.param("app-?.log", "app-.log", False, id="no_character"),
        pytest.param("app-?.log", "app-/.log", False, id="no_slash"),
        pytest.param("app-[0-9].log", "app-7.log", True, id="range"),
        pytest.param("app-[!0-9].log", "app-7.log", False, id="not_in_range"),
        pytest.param("app-[!0-9]x", "app-/x", False, id="no_slash_in_a_class"),
        pytest.param("a[]]b", "a]b", True, id="bracket_in_a_class"),
        pytest.param("a[[]b", "a[b", True, id="open_bracket_in_a_class"),
        pytest.param("a.log", "axlog", False, id="dot_is_a_dot"),
        pytest.param("*.log", "A.LOG", False, id="case"),
        pytest.param("*.log", "a\nb.log", True, id="line_feed"),
        pytest.param("*.log", "a.log\n", False, id="line_feed_behind"),
        pytest.param("*", "ü+(x)", True, id="any_name"),
    ],
)
def test_a_pattern_means_these_files(pattern: str, path: str, fits: bool) -> None:
    assert compile_patterns([pattern])(path) is fits


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "/var/log/*",
        "a//b",
        "../*",
        "a/../b",
        "./a",
        "a/",
        "**",
        "logs/**",
        "a**/b",
        "a[",
        "a[b",
        "a[]",
        "a[z-a]",
        "a[?--]",
    ],
)
def test_a_pattern_that_means_no_files_is_refused(pattern: str) -> None:
    with pytest.raises(UnusablePattern):
        compile_patterns([pattern])


@pytest.mark.parametrize("folder", ["/etc", "..", "a/../..", "a//b", "a/", "./a", ""])
def test_a_folder_that_may_lie_elsewhere_is_refused(folder: str) -> None:
    with pytest.raises(UnusablePattern):
        require_below(folder)


@pytest.mark.parametrize("folder", [".", "nginx", "a/b/c", "..a/.b"])
def test_a_folder_below_is_taken(folder: str) -> None:
    require_below(folder)


@given(st.text(st.characters(codec="utf-8", exclude_characters="/\0*?["), min_size=1, max_size=8))
def test_a_name_without_wildcards_means_itself(name: str) -> None:
    if name in (".", ".."):
        return
    fits = compile_patterns([f"**/{name}"])
    assert fits(name) and fits(f"x/{name}") and not fits(f"{name}x")


@example("[?--]")
@given(st.text("a*?[]!-^\\&|~.b", min_size=1, max_size=8))
def test_whatever_is_accepted_compiles_without_a_warning(pattern: str) -> None:
    try:
        fits = compile_patterns([pattern])
    except UnusablePattern:
        return
    assert fits("a/b/c") is False
