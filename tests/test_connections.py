"""Airflow's connections without Airflow: JSON and URI, and no secret in any message."""

from __future__ import annotations

import json
import os
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict

from retention.connections import Connection, from_environment, load_environment_file, parse, path_of, postgres_conninfo
from retention.errors import RequestError, StoreUnreadable

SECRET = "pa/s%s@w:o?r#d ü"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test adds to the environment goes with it."""
    monkeypatch.setattr(os, "environ", os.environ.copy())


FULL = {"conn_type": "postgres", "host": "db", "port": 5432, "login": "me", "password": SECRET, "schema": "company"}


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(json.dumps(FULL), id="json"),
        pytest.param(f"  {json.dumps(FULL)}\n", id="json_with_spaces_around"),
        pytest.param(json.dumps(FULL | {"port": "5432"}), id="port_as_text"),
        pytest.param(json.dumps(FULL | {"extra": ""}), id="extra_blank"),
        pytest.param(json.dumps(FULL | {"extra": None, "description": "ours"}), id="more_of_airflows_fields"),
        pytest.param(f"postgres://me:{quote(SECRET, safe='')}@db:5432/company", id="uri"),
        pytest.param(f"postgresql://me:{quote(SECRET, safe='')}@db:5432/company", id="uri_of_libpq"),
    ],
)
def test_all_forms_of_one_connection(value: str) -> None:
    assert parse("company_db", value) == Connection("company_db", "postgres", "db", 5432, "me", SECRET, "company", {})


@pytest.mark.parametrize(
    ("value", "extra"),
    [
        pytest.param('{"conn_type": "aws", "extra": {"region_name": "eu"}}', {"region_name": "eu"}, id="object"),
        pytest.param(
            '{"conn_type": "aws", "extra": "{\\"region_name\\": \\"eu\\"}"}', {"region_name": "eu"}, id="text"
        ),
        pytest.param("aws://?region_name=eu", {"region_name": "eu"}, id="query"),
        pytest.param("aws://?__extra__=%7B%22timeout_s%22%3A%205%7D", {"timeout_s": 5}, id="extra_in_query"),
        pytest.param(
            "aws://?endpoint_url=http%3A%2F%2F127.0.0.1%3A8333", {"endpoint_url": "http://127.0.0.1:8333"}, id="url"
        ),
    ],
)
def test_extra_in_all_its_forms(value: str, extra: dict[str, object]) -> None:
    assert parse("company_s3", value).extra == extra


def test_keys_of_an_aws_connection_may_hold_any_character() -> None:
    connection = parse("company_s3", f"aws://AKIA:{quote('a/b+c=', safe='')}@/")
    assert (connection.login, connection.password, connection.host) == ("AKIA", "a/b+c=", None)


def test_name_of_the_database_may_hold_any_character() -> None:
    assert parse("company_db", "postgres://u:p@h/my%20db").schema == "my db"


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("", id="empty"),
        pytest.param("secret", id="a_word"),
        pytest.param("{secret", id="broken_json"),
        pytest.param('{"host": "secret"}', id="no_type"),
        pytest.param('{"conn_type": null, "password": "secret"}', id="type_of_nothing"),
        pytest.param('{"conn_type": "postgres", "port": "secret"}', id="port_of_letters"),
        pytest.param('{"conn_type": "postgres", "password": "secret", "port": 1.5}', id="port_of_fractions"),
        pytest.param('{"conn_type": "postgres", "password": "secret", "port": true}', id="port_of_truth"),
        pytest.param('{"conn_type": "postgres", "password": "secret", "port": 70000}', id="port_out_of_range"),
        pytest.param('{"conn_type": "postgres", "password": "secret", "port": [5432]}', id="port_in_a_list"),
        pytest.param('{"conn_type": "postgres", "password": ["secret"]}', id="password_in_a_list"),
        pytest.param('{"conn_type": "postgres", "extra": ["secret"]}', id="extra_as_list"),
        pytest.param('{"conn_type": "postgres", "extra": "secret"}', id="extra_as_a_word"),
        pytest.param('{"conn_type": "postgres", "extra": "[\\"secret\\"]"}', id="extra_as_text_of_a_list"),
        pytest.param('{"conn_type": "a", "extra": ' + "[" * 100_000, id="endless_brackets"),
        pytest.param("postgres://u:secret@h:port/db", id="uri_with_a_port_of_letters"),
        pytest.param("postgres://u:secret@h:99999/db", id="uri_with_a_port_out_of_range"),
        pytest.param("postgres://u:sec/secret@h/db", id="uri_with_a_raw_slash"),
        pytest.param("postgres://u:secret@[h/db", id="uri_with_an_open_bracket"),
        pytest.param("postgres://u:p@h/db?__extra__=secret", id="uri_with_an_extra_that_is_no_json"),
    ],
)
def test_what_is_no_connection_is_refused_without_telling_it(value: str) -> None:
    with pytest.raises(RequestError) as error:
        parse("company_db", value)
    assert str(error.value).startswith("connection 'company_db': found ")
    assert "expected" in str(error.value)
    assert "secret" not in str(error.value)
    assert error.value.__suppress_context__ or error.value.__context__ is None


def test_connection_tells_no_secret_about_itself() -> None:
    connection = parse(
        "company_s3", '{"conn_type": "aws", "password": "hidden", "extra": {"session_token": "hidden too"}}'
    )
    assert "hidden" not in repr(connection)


@given(password=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
def test_any_password_survives_both_forms(password: str) -> None:
    assert parse("x", json.dumps({"conn_type": "aws", "password": password})).password == password
    assert parse("x", f"aws://k:{quote(password, safe='')}@").password == password


def test_environment_variable_holds_the_connection() -> None:
    os.environ["AIRFLOW_CONN_COMPANY_DB"] = json.dumps(FULL)
    assert from_environment("company_db").password == SECRET


@pytest.mark.parametrize("value", [None, ""], ids=["unset", "empty"])
def test_missing_variable_is_named(value: str | None) -> None:
    os.environ.pop("AIRFLOW_CONN_COMPANY_DB", None)
    if value is not None:
        os.environ["AIRFLOW_CONN_COMPANY_DB"] = value
    with pytest.raises(
        RequestError, match=r"found no environment variable AIRFLOW_CONN_COMPANY_DB; expected .* Set it"
    ):
        from_environment("company_db")


def test_environment_file_is_loaded_whole(tmp_path: Path) -> None:
    os.environ["RETENTION_TEST_SET"] = "theirs"
    file = tmp_path / "connections.env"
    off = "# RETENTION_TEST_OFF=1\n  # RETENTION_TEST_OFF=2\n"
    file.write_text(f"{off}RETENTION_TEST_SET=theirs\n RETENTION_TEST_NEW = a=b {{c}}\nword\n=x\n")
    assert load_environment_file(file) is None
    assert (os.environ["RETENTION_TEST_SET"], os.environ["RETENTION_TEST_NEW"]) == ("theirs", " a=b {c}")
    assert "RETENTION_TEST_OFF" not in os.environ
    assert "" not in os.environ


@pytest.mark.parametrize("mine", ["mine", ""])
def test_environment_file_is_left_out_whole_where_one_variable_differs(tmp_path: Path, mine: str) -> None:
    file, beside = tmp_path / "connections.env", tmp_path / "owner.env"
    file.write_text("RETENTION_TEST_A=1\nRETENTION_TEST_B=2\n")
    beside.write_text("RETENTION_TEST_C=3\n")
    os.environ["RETENTION_TEST_B"] = mine
    assert load_environment_file(file) == "RETENTION_TEST_B"
    assert load_environment_file(beside, only_with=file) == "RETENTION_TEST_B"
    assert "RETENTION_TEST_A" not in os.environ and "RETENTION_TEST_C" not in os.environ
    assert os.environ["RETENTION_TEST_B"] == mine


def test_missing_environment_file_adds_nothing(tmp_path: Path) -> None:
    before = dict(os.environ)
    load_environment_file(tmp_path / "nowhere.env")
    assert dict(os.environ) == before


def test_environment_file_of_other_bytes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "connections.env").write_bytes(b"A=\xff\n")
    with pytest.raises(RequestError, match=r"connections\.env, which can't be read"):
        load_environment_file(tmp_path / "connections.env")


@pytest.mark.parametrize(
    ("extra", "passed_on"),
    [
        pytest.param({"sslmode": "verify-full"}, {"sslmode": "verify-full"}, id="sslmode"),
        pytest.param({"channel_binding": "require"}, {"channel_binding": "require"}, id="channel_binding"),
        pytest.param({"sslcrl": "/crl.pem"}, {"sslcrl": "/crl.pem"}, id="revocation_list"),
        pytest.param({"keepalives_idle": 30}, {"keepalives_idle": "30"}, id="number"),
        pytest.param({"options": "-c search_path=a b"}, {"options": "-c search_path=a b"}, id="spaces"),
        pytest.param({"sslmode": None}, {}, id="blank"),
        pytest.param({"cursor": "dictcursor", "iam": False}, {}, id="airflows_own"),
        pytest.param(
            {"host": "elsewhere", "dbname": "other", "user": "x", "port": 1, "password": "y"}, {}, id="fields_go_first"
        ),
    ],
)
def test_extras_that_libpq_knows_reach_it(extra: dict[str, object], passed_on: dict[str, str]) -> None:
    facts = conninfo_to_dict(postgres_conninfo(parse("company_db", json.dumps(FULL | {"extra": extra}))))
    fields = {"host": "db", "port": "5432", "user": "me", "password": SECRET, "dbname": "company"}
    assert facts == fields | passed_on


def test_socket_folder_stands_in_the_query() -> None:
    facts = conninfo_to_dict(postgres_conninfo(parse("company_db", "postgres://u:p@/db?host=%2Frun%2Fpostgresql")))
    assert facts["host"] == "/run/postgresql"


def test_only_postgres_gives_a_connection_string() -> None:
    with pytest.raises(RequestError, match="connection 'company_s3': found type 'aws'; expected 'postgres'"):
        postgres_conninfo(parse("company_s3", '{"conn_type": "aws"}'))


def test_connection_string_leads_to_the_real_server(database: str) -> None:
    facts = conninfo_to_dict(database)
    fields = {"host": "host", "port": "port", "login": "user", "password": "password", "schema": "dbname"}
    value = json.dumps(
        {"conn_type": "postgres"} | {ours: facts[theirs] for ours, theirs in fields.items() if theirs in facts}
    )
    with psycopg.connect(postgres_conninfo(parse("company_db", value))) as connection:
        row = connection.execute("SELECT current_database(), current_user").fetchone()
    assert row == (facts["dbname"], facts["user"])


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"conn_type": "fs", "extra": {"path": "/mnt/logs"}}, id="extra_as_object"),
        pytest.param({"conn_type": "fs", "extra": '{"path": "/mnt/logs"}'}, id="extra_as_text"),
    ],
)
def test_a_folder_is_the_path_of_airflows_own_type_of_connection(fields: dict[str, object]) -> None:
    assert path_of(parse("log_files", json.dumps(fields))) == Path("/mnt/logs")


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"conn_type": "ssh", "extra": {"path": "/mnt/logs"}}, id="another_type"),
        pytest.param({"conn_type": "fs"}, id="no_path"),
        pytest.param({"conn_type": "fs", "extra": {"path": "logs"}}, id="relative"),
        pytest.param({"conn_type": "fs", "extra": {"path": "/"}}, id="everything"),
        pytest.param({"conn_type": "fs", "extra": {"path": ["/mnt"]}}, id="no_text"),
    ],
)
def test_a_connection_without_a_folder_of_its_own_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(RequestError, match="log_files"):
        path_of(parse("log_files", json.dumps(fields)))


def test_a_volume_that_is_not_mounted_is_unreadable_and_not_an_empty_folder(tmp_path: Path) -> None:
    fields = {"conn_type": "fs", "extra": {"path": str(tmp_path), "mount": True}}
    with pytest.raises(StoreUnreadable, match="nothing mounted"):
        path_of(parse("log_files", json.dumps(fields)))
    assert path_of(parse("log_files", json.dumps(fields | {"extra": {"path": "/proc", "mount": True}}))) == Path(
        "/proc"
    )
