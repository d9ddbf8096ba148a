"""YAML that people get wrong: each answered with one clear line, none with a crash, a guess or a silent reading."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import Field

from retention.documents import read_document, read_folder
from retention.errors import PolicyError, Problem
from retention.strict import Count, Exact, Flag, StrictModel
from retention.yaml_text import MAX_BYTES


class Inner(StrictModel):
    name: str
    sizes: tuple[Count, ...] = Field(default=(), min_length=1)


class Outer(StrictModel):
    title: str
    prefix: Exact = "x"
    on: Flag = False
    inner: Inner | None = None
    several: dict[str, Inner] = Field(default_factory=dict)


def problems_of(tmp_path: Path, text: str | bytes) -> list[Problem]:
    """What is wrong with a file of this content, read and built into Outer."""
    path = tmp_path / "rule.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    try:
        read_document(path, PolicyError).build(Outer, PolicyError)
    except PolicyError as error:
        return error.problems
    return []


@pytest.mark.parametrize(
    ("text", "line", "code", "found", "expected"),
    [
        pytest.param("", 1, "empty_document", "an empty file", "keys with their values", id="empty"),
        pytest.param("\n\n  \n", 1, "empty_document", "an empty file", "keys with their values", id="blank"),
        pytest.param("# only this\n", 1, "empty_document", "an empty file", "keys with their values", id="only_a_comment"),
        pytest.param("---\n...\n", 1, "empty_document", "an empty file", "keys with their values", id="only_marks"),
        pytest.param("{}\n", 1, "empty_document", "an empty file", "keys with their values", id="no_keys"),
        pytest.param("- a\n- b\n", 1, "empty_document", "a list", "keys with their values", id="top_level_list"),
        pytest.param("hello\n", 1, "empty_document", "a single value, 'hello'", "keys", id="top_level_text"),
        pytest.param("title: a\n\tb: c\n", 2, "bad_yaml", "a tab", "spaces", id="tab_as_indent"),
        pytest.param("title: a\tb\n", 1, "bad_yaml", "a tab", "spaces", id="tab_in_a_plain_text"),
        pytest.param("title: a: b\n", 1, "bad_yaml", "text that is not YAML", "lines, indented alike", id="two_colons"),
        pytest.param("title: [a\n", 2, "bad_yaml", "text that is not YAML", "indented alike", id="open_bracket"),
        pytest.param('title: "a\n', 2, "bad_yaml", "text that is not YAML", "indented alike", id="open_quote"),
        pytest.param("title: a\n  b: c\n", 2, "bad_yaml", "text that is not YAML", "indented alike", id="odd_indent"),
        pytest.param("title: @a\n", 1, "bad_yaml", "text that is not YAML", "indented alike", id="reserved_character"),
        pytest.param("title: a\n---\ntitle: b\n", 2, "bad_yaml", "a second document", "one document", id="two_documents"),
        pytest.param("%YAML 1.1\n---\non: on\n", 2, "bad_yaml", "a %YAML directive", "YAML 1.2", id="yaml_1_1"),
        pytest.param("title: a\ninner: &i {name: b}\n", 2, "bad_yaml", "an anchor, &i", "written out", id="anchor"),
        pytest.param("title: a\n\ninner: *t\n", 3, "bad_yaml", "an alias, *t", "written out", id="alias"),
        pytest.param("title: a\n<<: {on: true}\n", 2, "bad_yaml", "a merge key, '<<'", "written out", id="merge_key"),
        pytest.param("title: !!str 5\n", 1, "bad_yaml", "a tag, tag:yaml.org,2002:str", "written out", id="tag"),
        pytest.param("a: !!python/object:os.system x\n", 1, "bad_yaml", "a tag", "written out", id="python_object"),
        pytest.param(f"title: {'[' * 200}{']' * 200}\n", 1, "bad_yaml", "more than 20 levels", "by hand", id="deep"),
        pytest.param("title: a\ntitle: b\n", 2, "duplicate_key", "the key 'title' a second time", "once", id="key_twice"),
        pytest.param('title: a\n"title": b\n', 2, "duplicate_key", "the key 'title'", "once", id="key_twice_with_quotes"),
        pytest.param("title: a\ninner: {name: a, name: b}\n", 2, "duplicate_key", "'name'", "once", id="key_twice_inside"),
        pytest.param("title: a\nb: \x07\n", 2, "bad_yaml", "the control character U+0007", "readable", id="control_character"),
        pytest.param(b"title: a\nb: Stra\xdfe\n", 2, "bad_yaml", "bytes that are not UTF-8", "UTF-8", id="latin_1"),
        pytest.param("title: a\n".encode("utf-16"), 1, "bad_yaml", "bytes that are not UTF-8", "UTF-8", id="utf_16"),
        pytest.param("title: a\ninner:\n", 2, "empty_value", "no value after 'inner'", "no such key", id="no_value"),
        pytest.param(
            "title: a\ninner:\n  name: b\n  sizes:\n    -\n", 5, "empty_value", "an empty entry", "no such", id="no_entry"
        ),
        pytest.param("title: a\ntrue: b\n", 2, "unknown_key", "the key True", "a name", id="bool_as_key"),
        pytest.param("title: a\n2025-08-03: b\n", 2, "unknown_key", "the key datetime.date", "a name", id="day_as_key"),
        pytest.param("title: a\n? [b]\n: c\n", 2, "unknown_key", "the key ", "a name", id="list_as_key"),
        pytest.param("title: 2025-02-30\n", 1, "bad_value", "a day that does not exist", "a calendar day", id="no_such_day"),
        pytest.param("title: 2025-08-03T99:00:00\n", 1, "bad_value", "with a time of day", "day", id="no_such_time"),
        pytest.param("title: 0123\n", 1, "bad_value", "0123, which programs read as different", "quotes", id="leading_zero"),
        pytest.param("title: 1_000\n", 1, "bad_value", "1_000, which programs read as different", "quotes", id="underscore"),
        pytest.param("title: 5\n", 1, "bad_value", "title: 5", "a text (in quotes", id="number_as_text"),
        pytest.param("title: 2025-08-03\n", 1, "bad_value", "title: 2025-08-03", "a text (in quotes", id="day_as_text"),
        pytest.param("title: false\n", 1, "bad_value", "title: false", "a text", id="bool_as_text"),
        pytest.param("title: a\non: yes\n", 2, "bad_value", "on: 'yes'", "true or false", id="yes_is_a_text"),
        pytest.param("title: a\ninner: b\n", 2, "bad_value", "inner: 'b'", "keys with their values", id="text_as_keys"),
        pytest.param("title: a\nseveral: [b]\n", 2, "bad_value", "several: a list", "keys with", id="list_as_keys"),
        pytest.param("title: {a: b}\n", 1, "bad_value", "title: keys with values", "a text", id="keys_as_text"),
        pytest.param(f"title: [{'a, ' * 99}]\n", 1, "bad_value", "title: a list", "a text", id="long_value_in_short"),
    ],
)  # fmt: skip
def test_what_people_get_wrong_is_one_clear_line(
    tmp_path: Path, text: str | bytes, line: int, code: str, found: str, expected: str
) -> None:
    problem = problems_of(tmp_path, text)[0]
    assert (problem.line, problem.code) == (line, code)
    assert found in problem.found
    assert expected in problem.expected
    assert "\n" not in str(problem)
    assert len(str(problem)) < 400


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("title: a\n", id="plain"),
        pytest.param("\ufefftitle: a\n", id="byte_order_mark"),
        pytest.param("title: a\r\non: true\r\n", id="windows_lines"),
        pytest.param("---\ntitle: a\n...\n", id="one_document_with_marks"),
        pytest.param("%YAML 1.2\n---\ntitle: a\n", id="yaml_1_2_directive"),
        pytest.param("title: Löschung – §7\n", id="umlauts"),
        pytest.param("title: no\n", id="no_is_a_text"),
        pytest.param("title: 12:30\n", id="sexagesimal_is_a_text"),
        pytest.param("title: '0123'\n", id="leading_zero_in_quotes"),
        pytest.param("title: '<<'\n", id="merge_key_in_quotes"),
        pytest.param("title: 'a*b &c !d'\n", id="special_characters_in_quotes"),
        pytest.param("title: 'a\ton'\n", id="tab_inside_quotes"),
        pytest.param("title: >-\n  two\n  lines\n", id="folded_text"),
        pytest.param("title: 2025-02-30 is no day\n", id="text_that_begins_like_a_day"),
    ],
)
def test_what_is_fine_is_accepted(tmp_path: Path, text: str) -> None:
    assert problems_of(tmp_path, text) == []


def test_on_and_12_30_keep_the_meaning_that_a_reader_sees(tmp_path: Path) -> None:
    (tmp_path / "rule.yaml").write_text("title: on\nprefix: 12:30\n")
    outer = read_document(tmp_path / "rule.yaml", PolicyError).build(Outer, PolicyError)
    assert (outer.title, outer.prefix) == ("on", "12:30")


def test_spaces_count_only_where_they_mean_something(tmp_path: Path) -> None:
    (tmp_path / "rule.yaml").write_text('title: " a "\nprefix: " a "\n')
    outer = read_document(tmp_path / "rule.yaml", PolicyError).build(Outer, PolicyError)
    assert (outer.title, outer.prefix) == ("a", " a ")


def test_every_trick_in_a_file_is_named(tmp_path: Path) -> None:
    problems = problems_of(tmp_path, "title: &t a\ninner: *t\non: !!bool true\n")
    assert [problem.line for problem in problems] == [1, 2, 3]


def test_wrong_entries_are_not_reported_as_an_empty_list_too(tmp_path: Path) -> None:
    problems = problems_of(tmp_path, "title: a\ninner:\n  name: b\n  sizes:\n    - 1\n    - x\n")
    assert [(p.line, p.found, p.expected) for p in problems] == [(6, "sizes[2]: 'x'", "a whole number")]


def test_unknown_key_names_the_keys_of_its_place(tmp_path: Path) -> None:
    text = "title: a\ninner:\n  name: b\n  nmae: c\nseveral:\n  one: {name: b, size: 1}\nlast: 1\n"
    assert [(p.line, p.expected) for p in problems_of(tmp_path, text)] == [
        (4, "one of: name, sizes"),
        (6, "one of: name, sizes"),
        (7, "one of: title, prefix, on, inner, several"),
    ]


def test_aliases_do_not_blow_up(tmp_path: Path) -> None:
    levels = "".join(f"l{n}: &l{n} [*l{n - 1}, *l{n - 1}, *l{n - 1}]\n" for n in range(1, 40))
    problems = problems_of(tmp_path, f"l0: &l0 [a, a]\n{levels}")
    assert {problem.code for problem in problems} == {"bad_yaml"}


@pytest.mark.parametrize(("lists", "accepted"), [(19, True), (20, False)], ids=["twenty_levels", "one_more"])
def test_depth_has_a_limit(tmp_path: Path, lists: int, accepted: bool) -> None:
    codes = {problem.code for problem in problems_of(tmp_path, f"title: {'[' * lists}{']' * lists}\n")}
    assert codes == {"bad_value" if accepted else "bad_yaml"}


def test_endless_brackets_are_refused_without_a_crash(tmp_path: Path) -> None:
    assert problems_of(tmp_path, f"title: {'[' * 100_000}")[0].found == "more than 20 levels inside each other"


def test_file_larger_than_anybody_writes_is_refused_unread(tmp_path: Path) -> None:
    problem = problems_of(tmp_path, b"title: a\n" + b"#" * MAX_BYTES)[0]
    assert (problem.code, problem.expected) == ("too_large", "a document written by hand, below 1 MB")


def test_large_file_within_the_limit_is_read(tmp_path: Path) -> None:
    assert problems_of(tmp_path, b"title: a\n" + b"#" * (MAX_BYTES - 9)) == []


@pytest.mark.parametrize(
    ("make", "found"),
    [
        pytest.param(lambda path: None, "no such file", id="missing"),
        pytest.param(lambda path: path.mkdir(), "Is a directory", id="a_folder"),
        pytest.param(lambda path: path.symlink_to(path.parent / "nowhere"), "no such file", id="dangling_link"),
    ],
)
def test_file_that_cannot_be_read_is_named(tmp_path: Path, make: Callable[[Path], object], found: str) -> None:
    make(tmp_path / "rule.yaml")
    with pytest.raises(PolicyError) as error:
        read_document(tmp_path / "rule.yaml", PolicyError)
    assert [(p.line, p.code, p.found) for p in error.value.problems] == [(1, "unreadable", found)]


def test_folder_gives_its_documents_in_order_and_every_problem(tmp_path: Path) -> None:
    for name, text in {
        "b.yaml": "x: 1\n",
        "a.yaml": "x: 1\n",
        "c.yaml": "- 1\n",
        "d.yml": "x: 1\n",
        "e.txt": "[",
    }.items():
        (tmp_path / name).write_text(text)
    documents, problems = read_folder(tmp_path, PolicyError, without=["b.yaml"])
    assert [document.path.name for document in documents] == ["a.yaml"]
    assert [(Path(p.file).name, p.code) for p in problems] == [("c.yaml", "empty_document"), ("d.yml", "wrong_ending")]


def test_line_of_a_key_is_where_it_stands_or_its_nearest_parent(tmp_path: Path) -> None:
    (tmp_path / "rule.yaml").write_text("# heading\ntitle: a\n\ninner:\n  sizes:\n    - 1\n\n    - 2\n")
    document = read_document(tmp_path / "rule.yaml", PolicyError)
    paths = [(), ("title",), ("inner",), ("inner", "sizes", 1), ("inner", "sizes", 7), ("inner", "nothing", "x")]
    assert [document.line(path) for path in paths] == [1, 2, 4, 8, 5, 4]
