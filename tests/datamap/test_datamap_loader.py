"""Every refusal of the data map's loader: file, line, code, what was found and what was expected."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.datamap.texts import SQL, VOICE, changed, line_of, other, problems_of, write

from retention.datamap.loader import load_datamap
from retention.errors import DataMapError


def test_map_of_the_tests_is_accepted(tmp_path: Path) -> None:
    datamap = load_datamap(write(tmp_path))
    place = datamap.of_category("audio")[0]
    assert (place.name, place.items_sql, place.check_consents_sql) == (
        "recordings",
        SQL["items"],
        SQL["check_consents"],
    )
    assert (place.store.disposal, place.facts.verification) == ("voice_s3", "voice_db_verify")
    assert [entry.prefix for entry in datamap.not_personal] == ["jingles/"]


def test_shipped_map_is_accepted() -> None:
    shipped = load_datamap(Path(__file__).resolve().parents[2] / "include" / "datamap")
    assert {place.spec.category for place in shipped.places.values()} == {
        *("audio", "leads", "logs", "marketing", "transcript", "usage")
    }
    order = list(shipped.places)
    assert order.index("transcripts") < order.index("calls") < order.index("callers")


WRONG = [
    pytest.param("kind: s3\n", "kind: gcs\n", "kind: gcs", "bad_value", "kind: 'gcs'", "one of: s3", id="unknown_kind"),
    pytest.param("    kind: s3\n", "", "recordings:", "missing_key", "no key 'kind'", "a value", id="no_kind"),
    pytest.param("{kind: s3,", "{kind: ftp,", "kind: ftp", "bad_value", "kind: 'ftp'", "one of: postgres, s3", id="system"),
    pytest.param(
        "connection: voice_s3", "connection: voice_ftp", "connection: voice_ftp", "bad_value", "'voice_ftp', which this file",
        "one of kind s3: voice_s3", id="unknown_connection",
    ),
    pytest.param(
        "connection: voice_db", "connection: nowhere", "connection: nowhere", "bad_value", "'nowhere', which this file does",
        "one of kind postgres: voice_db", id="unknown_connection_of_facts",
    ),
    pytest.param(
        "connection: voice_db", "connection: voice_s3", "facts:", "bad_value", "connection: 'voice_s3', of kind s3",
        "one of kind postgres: voice_db", id="facts_from_a_bucket",
    ),
    pytest.param(
        "  - connection: voice_s3", "  - connection: voice_db", "- connection: voice_db", "bad_value",
        "connection: 'voice_db', of kind postgres", "one of kind s3: voice_s3", id="declaration_in_a_database",
    ),
    pytest.param(
        "verification: voice_s3_verify", "verification: voice_s3", "voice_s3: {", "bad_value",
        "the same connection as for disposal", "another identity", id="one_identity_for_both",
    ),
    pytest.param(
        "verification: voice_s3_verify", "verification: voice_db", "voice_s3: {", "shared_identity",
        "'voice_db', which disposal uses too", "verification alone", id="identity_that_disposal_uses_elsewhere",
    ),
    pytest.param(
        '["recordings/", "uploads/"]', '["a/", "b/", "a/c/"]', "prefixes", "overlap",
        "prefix 'a/c/', which overlaps with prefix 'a/' of place 'recordings'", "nothing else claims", id="overlap_in_one_place",
    ),
    pytest.param('["recordings/", "uploads/"]', "[]", "prefixes", "bad_value", "an empty list", "at least one", id="no_prefix"),
    pytest.param('"uploads/"]', '""]', "prefixes", "bad_value", "prefixes[2]: ''", "not empty", id="prefix_of_everything"),
    pytest.param(
        "prefix: jingles/", "prefix: recordings/t1/", "- connection", "overlap",
        "prefix 'recordings/t1/', which overlaps with prefix 'recordings/' of place 'recordings'", "nothing",
        id="declared_and_mapped",
    ),
    pytest.param(
        "    prefix: jingles/\n", "", "- connection", "overlap", "the whole bucket, which overlaps with", "nothing",
        id="whole_bucket_declared",
    ),
    pytest.param("prefix: jingles/", "prefix:", "prefix:\n", "empty_value", "no value after 'prefix'", "no such key", id="blank"),
    pytest.param("(?P<year>", "(?P<jahr>", "key_date", "bad_value", "without the group 'year'", "(?P<year>", id="group_missing"),
    pytest.param("(?P<year>", "(?P<year", "key_date", "bad_value", "which is no regular expression", "(?P<year>", id="bad_regex"),
    pytest.param("[^/]+)/", "[^/]+|x)/(", "key_date", "bad_value", "which is no regular", "(?P<year>", id="bad_regex_with_a_bar"),
    pytest.param(
        "public.recordings", "recordings", "table:", "bad_value", "table: 'recordings'", "a schema and a table", id="no_schema"
    ),
    pytest.param(
        "public.recordings", "public.x;drop", "table:", "bad_value", "table: 'public.x;drop'", "a schema", id="sql_in_a_name"
    ),
    pytest.param("  recordings:", "  Recordings:", "Recordings:", "bad_value", "the name 'Recor", "lower", id="capitals"),
    pytest.param("role: processor", "role: owner", "role: owner", "bad_value", "role: 'owner'", "one of: contr", id="role"),
    pytest.param("bucket: calls", "buckets: calls", "buckets", "unknown_key", "unknown key 'buckets'", "bucket", id="key"),
    pytest.param("2026-01-31", "31.01.2026", "31.01", "bad_value", "declared_on: '31.01.2026'", "a calendar day", id="day"),
    pytest.param(
        "items: sql/items.sql", "items: sql/none.sql", "items: sql/none.sql", "no_sql", "items: sql/none.sql, which can not be",
        "an SQL file", id="missing_sql",
    ),
    pytest.param(
        "check_items: sql/check_items.sql", "check_items: sql/items.sql", "check_items:", "shared_sql",
        "check_items: the same SQL that disposal uses", "written apart", id="one_file_for_both",
    ),
    pytest.param(
        "check_items: sql/check_items.sql", "check_items: sql/../sql/items.sql", "check_items:", "shared_sql",
        "check_items: the same SQL", "written apart", id="one_file_by_two_paths",
    ),
    pytest.param(
        "check_consents: sql/check_consents.sql", "check_consents: sql/consents.sql", "check_consents:", "shared_sql",
        "check_consents: the same SQL", "written apart", id="one_file_for_both_consents",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "at", "code", "found", "expected"), WRONG)
def test_fault_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, at: str, code: str, found: str, expected: str
) -> None:
    text = changed(old, new)
    problems = problems_of(write(tmp_path, text))
    problem = next(p for p in problems if p.code == code)
    line = line_of(text + "\n", at.rstrip()) + (1 if at == "facts:" else 0)
    assert (Path(problem.file).name, problem.line) == ("voice.yaml", line)
    assert found in problem.found
    assert expected in problem.expected


def test_one_fault_is_one_problem(tmp_path: Path) -> None:
    assert len(problems_of(write(tmp_path, changed("kind: s3\n", "kind: gcs\n")))) == 1


@pytest.mark.parametrize(
    ("sql", "line_at", "found"),
    [
        pytest.param(SQL | {"items": ""}, "items:", "items: sql/items.sql, which holds no SQL", id="empty"),
        pytest.param(
            SQL | {"items": " ;\n"}, "items:", "items: sql/items.sql, which holds no SQL", id="only_a_semicolon"
        ),
        pytest.param(
            SQL | {"items": "-- to be written\n"}, "items:", "items: sql/items.sql, which holds no SQL", id="comment"
        ),
        pytest.param(
            SQL | {"check_items": "SELECT 1 AS item;"}, "check_items:", "check_items: the same SQL", id="a_copy"
        ),
        pytest.param(
            SQL | {"check_items": "-- ours\nselect 1\n  as item -- really"},
            "check_items:",
            "the same SQL",
            id="disguised_copy",
        ),
        pytest.param(
            SQL | {"check_consents": SQL["consents"]}, "check_consents:", "the same SQL", id="copy_of_consents"
        ),
    ],
)
def test_sql_is_read_and_must_be_its_own(tmp_path: Path, sql: dict[str, str], line_at: str, found: str) -> None:
    problems = problems_of(write(tmp_path, sql=sql))
    assert [problem.line for problem in problems] == [line_of(VOICE, f" {line_at}")]
    assert found in problems[0].found


def test_every_sql_file_that_is_missing_is_named(tmp_path: Path) -> None:
    assert [problem.code for problem in problems_of(write(tmp_path, sql={}))] == ["no_sql"] * 4


def test_sql_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (write(tmp_path) / "sql" / "items.sql").write_bytes("SELECT 'Straße'".encode("latin-1"))
    assert "can not be read" in problems_of(tmp_path)[0].found


def test_two_systems_in_one_store_are_accepted(tmp_path: Path) -> None:
    datamap = load_datamap(write(tmp_path, mail=other()))
    assert list(datamap.places) == ["attachments", "recordings"]


@pytest.mark.parametrize(
    ("names", "code", "at", "found"),
    [
        pytest.param(
            {"attachments:": "recordings:"},
            "named_twice",
            "recordings:",
            "'recordings', which voice.yaml uses too",
            id="place",
        ),
        pytest.param(
            {"mail_db:": "voice_db:", "connection: mail_db": "connection: voice_db"},
            "named_twice",
            "voice_db:",
            "'voice_db', which voice.yaml uses too",
            id="connection",
        ),
        pytest.param(
            {'"mail/"': '"recordings/t9/"', "disposal: mail_s3": "disposal: voice_s3"},
            "overlap",
            "prefixes",
            "prefix 'recordings/t9/', which overlaps with prefix 'recordings/' of place 'recordings'",
            id="keys_of_one_store_under_two_names",
        ),
        pytest.param(
            {"verification: mail_s3_verify": "verification: voice_s3"},
            "shared_identity",
            "mail_s3: {",
            "'voice_s3', which disposal uses too",
            id="identity",
        ),
    ],
)
def test_clash_over_files_is_named_in_the_second(
    tmp_path: Path, names: dict[str, str], code: str, at: str, found: str
) -> None:
    text = other(**names)
    problem = next(p for p in problems_of(write(tmp_path, zmail=text)) if p.code == code)
    assert (Path(problem.file).name, problem.line, problem.found) == ("zmail.yaml", line_of(text, at), found)


def test_same_keys_in_two_stores_are_no_overlap(tmp_path: Path) -> None:
    assert problems_of(write(tmp_path, mail=other(**{'"mail/"': '"recordings/"'}))) == []


def test_same_keys_in_two_buckets_are_no_overlap(tmp_path: Path) -> None:
    text = other(
        **{'"mail/"': '"recordings/"', "disposal: mail_s3": "disposal: voice_s3", "bucket: calls": "bucket: mail"}
    )
    assert problems_of(write(tmp_path, mail=text)) == []


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param("system: a\nplaces:\n", id="places_left_blank"),
        pytest.param("system: a\nplaces: [x]\n", id="places_as_a_list"),
        pytest.param("- a\n", id="a_list"),
        pytest.param("a: [\n", id="bad_yaml"),
    ],
)
def test_broken_file_hides_no_fault_of_another(tmp_path: Path, broken: str) -> None:
    folder = write(tmp_path, changed('"uploads/"', '"recordings/x/"'), aaa=broken)
    files = {(Path(p.file).name, p.code) for p in problems_of(folder)}
    assert ("voice.yaml", "overlap") in files
    assert "aaa.yaml" in {file for file, _ in files}


def test_folder_without_a_map_is_refused(tmp_path: Path) -> None:
    problem = problems_of(tmp_path)[0]
    assert (problem.file, problem.line, problem.code) == (str(tmp_path), 1, "no_map")


def test_missing_folder_is_refused(tmp_path: Path) -> None:
    assert problems_of(tmp_path / "nowhere")[0].code == "no_map"


def test_file_that_would_be_left_out_is_refused(tmp_path: Path) -> None:
    (write(tmp_path) / "mail.yml").write_text(other())
    assert [problem.code for problem in problems_of(tmp_path)] == ["wrong_ending"]


def test_spaces_in_a_prefix_count(tmp_path: Path) -> None:
    """Cut off, `"old "` would claim every key that begins with `old`."""
    assert load_datamap(write(tmp_path, changed('"uploads/"', '"old "'))).places["recordings"].spec.prefixes == (
        "recordings/",
        "old ",
    )


def test_category_without_a_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataMapError, match="no_place: found no place for category 'logs'"):
        load_datamap(write(tmp_path)).of_category("logs")


@pytest.mark.parametrize("name", sorted(SQL))
def test_digest_covers_every_sql_file(tmp_path: Path, name: str) -> None:
    before = load_datamap(write(tmp_path / "a")).digest
    assert load_datamap(write(tmp_path / "b")).digest == before
    assert load_datamap(write(tmp_path / "c", sql=SQL | {name: "SELECT 5"})).digest != before


def test_digest_covers_the_map(tmp_path: Path) -> None:
    before = load_datamap(write(tmp_path / "a")).digest
    assert load_datamap(write(tmp_path / "b", VOICE + "# read again\n")).digest != before


LOG_FILES = """\
system: servers
owner: Platform Engineering
connections:
  log_files: {kind: files, disposal: log_files, verification: log_files_verify}
places:
  server_log_files:
    kind: files
    category: logs
    role: controller
    owner: Platform Engineering
    connection: log_files
    folder: nginx
    patterns: ["**/*.log*", "*.json"]
"""


@pytest.mark.parametrize(
    ("old", "new", "at", "found", "expected"),
    [
        pytest.param("folder: nginx", "folder: ../home", "folder:", "a folder that may lie elsewhere", "below", id="folder"),
        pytest.param('"*.json"', '"/var/log/*"', '"/var', "an empty name, `.` or `..`", "**/*.log*", id="absolute"),
        pytest.param('"*.json"', '"logs/**"', "patterns:", "`**` at the end, which means folders", "**/*.log*", id="folders"),
        pytest.param('"*.json"', '"x[1.log"', "patterns:", "a `[` without", "**/*.log*", id="open_bracket"),
    ],
)  # fmt: skip
def test_files_that_no_pattern_can_mean_are_refused(
    tmp_path: Path, old: str, new: str, at: str, found: str, expected: str
) -> None:
    text = LOG_FILES.replace(old, new)
    assert text != LOG_FILES
    assert problems_of(write(tmp_path / "right", servers=LOG_FILES)) == []
    [problem] = problems_of(write(tmp_path / "wrong", servers=text))
    assert (problem.code, problem.line) == ("bad_value", line_of(text, at))
    assert found in problem.found and expected in problem.expected


TABLE = """\
  contacts:
    kind: table
    category: marketing
    role: controller
    owner: Marketing
    connection: voice_db
    table: public.contacts
    id_column: contact_id
    dependents:
      - {table: public.notes, column: contact_id}
    facts: {items: sql/items.sql, check_items: sql/check_items.sql}
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "code", "found"),
    [
        pytest.param(
            "table: public.contacts", "table: Contacts", "table: Contacts", "bad_value", "table: 'Contacts'", id="table"
        ),
        pytest.param(
            "id_column: contact_id", "id: contact_id", "id: contact_id", "unknown_key", "unknown key 'id'", id="key"
        ),
        pytest.param(
            "column: contact_id}",
            "col: contact_id}",
            "col: contact_id}",
            "unknown_key",
            "unknown key 'col'",
            id="key_of_a_dependent",
        ),
        pytest.param("    table: public.contacts\n", "", "contacts:", "missing_key", "no key 'table'", id="no_table"),
    ],
)
def test_what_is_wrong_in_a_place_of_kind_table_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, line: str, code: str, found: str
) -> None:
    assert old in TABLE
    text = VOICE.replace("not_personal:", TABLE.replace(old, new) + "not_personal:")
    problems = {(problem.line, problem.code, problem.found) for problem in problems_of(write(tmp_path, text))}
    assert (line_of(text, line), code, found) in problems
