"""A check with coverage: whatever its connections can see is mapped, or declared, or found, until somebody decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from tests.declared import declare_rest
from tests.verification.company import HASHER, Company, found, reasons

from retention.connections import Connection
from retention.verification import CheckResult, Verdict, verify

SOURCE = "company_db"


def check(company: Company, *, coverage: bool = True) -> CheckResult:
    return verify(
        ["audio"],
        coverage=coverage,
        resolve=company.connections.__getitem__,
        policies=company.policies,
        datamap=company.datamap,
        own_conninfo=company.own_as_verify,
        hasher=HASHER,
    )


def declare(company: Company, *entries: str, day: date | None = None) -> None:
    """Write these into the map's `not_personal`."""
    path = company.datamap / "company.yaml"
    text = path.read_text("utf-8")
    lines = "" if "\nnot_personal:\n" in text else "\nnot_personal:\n"
    for entry in entries:
        lines += (
            f"  - {{{entry}, reason: reference data, owner: Engineering, declared_on: {day or company.now.date()}}}\n"
        )
    path.write_text(text.rstrip("\n") + "\n" + lines.lstrip("\n"), "utf-8")


def table(name: str, *columns: str) -> str:
    more = f", columns: [{', '.join(columns)}]" if columns else ""
    return f"connection: {SOURCE}, table: {name}{more}"


@pytest.fixture
def covered(company: Company) -> Company:
    """A company of which all is mapped or declared, and may be read: what is declared is looked into."""
    declare_rest(company.datamap / "company.yaml", company.source)
    company.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public, logs TO retention_verify")
    return company


def places(result: CheckResult, kind: str) -> set[str]:
    return {one.place for one in result.findings if one.kind == kind}


def test_a_company_of_which_all_is_mapped_or_declared_is_compliant(covered: Company) -> None:
    result = check(covered)
    assert found(result) == {}
    assert result.verdict is Verdict.COMPLIANT
    assert result.counts["tables"] == len(
        covered.sql("SELECT 1 FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')")
    )
    assert result.counts["columns_sampled"] > 0
    assert result.counts["columns_not_sampled"] == 0
    by_name = {(one.kind, one.place): one for one in result.checks}
    assert by_name["unmapped_table", SOURCE].looked_at == result.counts["tables"]
    assert by_name["personal_column", SOURCE].looked_at == result.counts["columns"]
    assert by_name["map_names_nothing", "call_recordings"].looked_at == 4
    assert all(one.success for one in result.checks)


def test_a_new_table_is_unknown_every_day_until_somebody_decides(covered: Company) -> None:
    covered.sql("CREATE TABLE newsletter (email text); GRANT SELECT ON newsletter TO retention_verify")
    for _day in range(2):
        result = check(covered)
        assert found(result) == {"unmapped_table": 1}
        assert places(result, "unmapped_table") == {f"{SOURCE}/public.newsletter"}
        assert reasons(result, "unmapped_table") == {"table": 1}
        assert result.verdict is Verdict.UNKNOWN
    declare(covered, table("public.newsletter"))
    assert found(check(covered)) == {"personal_column": 1}
    declare(covered, table("public.newsletter", "email"))
    assert found(check(covered)) == {}


def test_a_check_of_single_categories_says_nothing_about_the_rest(covered: Company) -> None:
    covered.sql("CREATE TABLE newsletter (email text)")
    result = check(covered, coverage=False)
    assert found(result) == {}
    assert "tables" not in result.counts


def test_personal_data_in_a_declared_table_are_found_and_never_repeated(covered: Company) -> None:
    covered.sql("CREATE TABLE settings (first_value jsonb); GRANT SELECT ON settings TO retention_verify")
    covered.sql("""INSERT INTO settings VALUES ('{"to": "anna.beispiel@example.org"}')""")
    declare(covered, table("public.settings"))
    result = check(covered)
    assert reasons(result, "personal_column") == {"first_value: e-mail": 1}
    assert "anna" not in str(result.to_json())
    # What was found stays until somebody decides, even where the next sample misses it.
    covered.sql("TRUNCATE settings")
    assert reasons(check(covered), "personal_column") == {"first_value: seen before": 1}
    right = covered.connections["company_db_verify"]
    covered.connections["company_db_verify"] = replace(right, port=1)
    assert "personal_column" not in found(check(covered))
    covered.connections["company_db_verify"] = right
    assert reasons(check(covered), "personal_column") == {"first_value: seen before": 1}
    declare(covered, table("public.settings", "first_value"))
    assert found(check(covered)) == {}


def test_a_table_that_the_verifying_role_may_not_read_is_unknown(covered: Company) -> None:
    covered.sql("CREATE TABLE settings (first_value text, n int)")
    covered.sql("INSERT INTO settings VALUES ('anna.beispiel@example.org', 1)")
    declare(covered, table("public.settings"))
    result = check(covered)
    assert reasons(result, "hidden_table") == {"public.settings: no right": 1}
    assert places(result, "hidden_table") == {f"{SOURCE}/public.settings"}
    assert result.verdict is Verdict.UNKNOWN
    [asked] = [one for one in result.checks if one.kind == "hidden_table"]
    assert (asked.looked_at, asked.found, asked.success) == (result.counts["tables"], 1, False)
    covered.sql("GRANT SELECT ON settings TO retention_verify; ALTER TABLE settings ENABLE ROW LEVEL SECURITY")
    assert reasons(check(covered), "hidden_table") == {"public.settings: row security": 1}
    covered.sql("ALTER TABLE settings DISABLE ROW LEVEL SECURITY")
    assert found(check(covered)) == {"personal_column": 1}


def test_a_mapped_table_that_may_not_be_read_is_named(covered: Company) -> None:
    covered.sql("REVOKE ALL ON recordings FROM retention_verify")
    result = check(covered)
    assert reasons(result, "hidden_table") == {"public.recordings: no right": 1}
    assert found(result) == {"unreadable_place": 1, "hidden_table": 1}


def test_a_renamed_table_leaves_the_map_naming_nothing(covered: Company) -> None:
    covered.sql("ALTER TABLE recordings RENAME COLUMN object_key TO key_of_object")
    result = check(covered)
    assert reasons(result, "map_names_nothing") == {"public.recordings.object_key: no column": 1}
    assert places(result, "map_names_nothing") == {"call_recordings"}
    covered.sql("ALTER TABLE recordings RENAME TO recordings_2")
    result = check(covered)
    assert reasons(result, "map_names_nothing") == {"public.recordings: no table": 1}
    assert places(result, "unmapped_table") == {f"{SOURCE}/public.recordings_2"}


def test_declarations_of_what_is_not_there_are_findings(covered: Company) -> None:
    declare(covered, table("public.gone"), table("public.calls", "gone"), "connection: company_s3, bucket: gone-bucket")
    result = check(covered)
    assert places(result, "declaration_names_nothing") == {
        f"{SOURCE}/public.gone",
        f"{SOURCE}/public.calls",
        "company_s3/gone-bucket",
    }
    assert found(result) == {"declaration_names_nothing": 3}
    assert result.verdict is Verdict.COMPLIANT


@pytest.mark.parametrize(
    ("age", "expected", "why"),
    [
        pytest.param(timedelta(days=700), {}, None, id="not_two_years"),
        pytest.param(timedelta(days=735), {"declaration_old": 1}, "older_than_2_years", id="older"),
        pytest.param(
            timedelta(days=-30), {"declaration_old": 1, "unmapped_table": 1}, "day_lies_ahead", id="of_the_future"
        ),
    ],
)
def test_declarations_are_looked_at_again(
    covered: Company, age: timedelta, expected: dict[str, int], why: str | None
) -> None:
    covered.sql("CREATE TABLE prices (n int); GRANT SELECT ON prices TO retention_verify")
    declare(covered, table("public.prices"), day=(covered.now - age).date())
    result = check(covered)
    assert found(result) == expected
    if why is not None:
        assert reasons(result, "declaration_old") == {why: 1}


def test_a_bucket_of_a_store_without_any_place_is_found(covered: Company) -> None:
    path = covered.datamap / "other.yaml"
    path.write_text(
        "system: archive\nowner: Engineering\n"
        "connections:\n  archive_s3: {kind: s3, disposal: archive_s3, verification: archive_s3_verify}\n"
        "places:\n  vendor:\n    kind: external\n    category: transcript\n    role: controller\n    owner: Engineering\n"
        "    holder: A vendor\n    what: copies\n",
        "utf-8",
    )
    covered.connections["archive_s3_verify"] = covered.connections["company_s3_verify"]
    # It leads to the same server: what one connection maps, the other sees mapped.
    assert places(check(covered), "unmapped_bucket") == set()
    extra = "test-archive"
    covered.s3.create_bucket(Bucket=extra)
    try:
        assert places(check(covered), "unmapped_bucket") == {
            f"{store}/{extra}" for store in ("company_s3", "archive_s3")
        }
    finally:
        covered.s3.delete_bucket(Bucket=extra)


def test_a_database_that_does_not_answer_is_unknown(covered: Company) -> None:
    broken = Connection("company_db_verify", "postgres", host="127.0.0.1", port=1, schema="x")
    covered.connections["company_db_verify"] = broken
    result = check(covered)
    assert result.verdict is Verdict.UNKNOWN
    assert places(result, "unreadable_place") == {"call_recordings", SOURCE}
    assert "did not answer" in result.explanations[SOURCE]


@pytest.fixture
def log_folder(covered: Company, tmp_path: Path) -> Path:
    """A mounted path with log files, one place in it, and one declared folder."""
    root = tmp_path / "var"
    for name in ("app/app.log", "app/old/app.log.1", "app/core.dump", "tmp/x.log", "cache/a/b"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("", "utf-8")
    (covered.datamap / "files.yaml").write_text(
        "system: hosts\nowner: Engineering\n"
        "connections:\n  hosts: {kind: files, disposal: hosts, verification: hosts_verify}\n"
        "places:\n  app_logs:\n    kind: files\n    category: logs\n    role: controller\n    owner: Engineering\n"
        "    connection: hosts\n    folder: app\n    patterns: ['**/*.log*']\n"
        "not_personal:\n  - {connection: hosts, folder: cache, reason: build output, owner: Engineering, "
        f"declared_on: {covered.now.date()}}}\n",
        "utf-8",
    )
    covered.connections["hosts_verify"] = Connection("hosts_verify", "fs", extra={"path": str(root)})
    return root


def test_files_that_no_pattern_fits_are_counted_and_not_named(covered: Company, log_folder: Path) -> None:
    result = check(covered)
    assert found(result, "hosts") == {"unmapped_file": 2}
    assert "core.dump" not in str(result.to_json())
    [seen] = [one for one in result.checks if one.kind == "unmapped_file"]
    assert (seen.place, seen.looked_at, seen.found) == ("hosts", 5, 2)


def test_links_count_and_are_not_followed(covered: Company, log_folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.log").write_text("", "utf-8")
    (log_folder / "app" / "link").symlink_to(elsewhere)
    # Airflow keeps such a link to its newest folder of logs; when that has gone, it leads nowhere.
    (log_folder / "latest").symlink_to(log_folder / "app", target_is_directory=True)
    (log_folder / "gone").symlink_to(log_folder / "nowhere")
    assert found(check(covered), "hosts") == {"unmapped_file": 3}


def test_a_link_is_claimed_by_no_pattern_but_by_where_it_leads(
    covered: Company, log_folder: Path, tmp_path: Path
) -> None:
    """As in /var/log/containers: below the mapped path stands a link, the log lies in a volume."""
    volume = tmp_path / "volume"
    (volume / "old.log.d").mkdir(parents=True)
    (volume / "a.log").write_text("", "utf-8")
    (log_folder / "app" / "container.log").symlink_to(volume / "a.log")
    (log_folder / "app" / "folder.log").symlink_to(volume / "old.log.d")
    (log_folder / "app" / "gone.log").symlink_to(volume / "gone.log")
    (log_folder / "app" / "round.log").symlink_to(log_folder / "app" / "round.log")
    (log_folder / "app" / "current.log").symlink_to(log_folder / "app" / "app.log")
    assert found(check(covered), "hosts") == {"unmapped_file": 5}
    mapped = (covered.datamap / "files.yaml").read_text("utf-8")
    (covered.datamap / "volumes.yaml").write_text(
        mapped.split("not_personal:")[0].replace("hosts", "volumes").replace("app", "vol").replace("vol_logs", "volume_logs")
        .replace("folder: vol", "folder: ."),
        "utf-8",
    )  # fmt: skip
    covered.connections["volumes_verify"] = Connection("volumes_verify", "fs", extra={"path": str(volume)})
    result = check(covered)
    assert (found(result, "hosts"), found(result, "volumes")) == ({"unmapped_file": 2}, {})


def test_a_declared_folder_that_is_not_there_is_a_finding(covered: Company, log_folder: Path) -> None:
    (log_folder / "cache").rename(log_folder / "cache2")
    assert found(check(covered), "hosts") == {"unmapped_file": 3, "declaration_names_nothing": 1}


def test_a_path_that_is_not_mounted_is_unknown(covered: Company, log_folder: Path) -> None:
    log_folder.rename(log_folder.with_name("moved"))
    assert found(check(covered), "hosts") == {"unreadable_place": 1}


def test_findings_are_those_of_the_newest_check_in_our_own_database(covered: Company) -> None:
    covered.sql("CREATE TABLE newsletter (email text)")
    check(covered)
    [row] = covered.own_sql("SELECT place, severity, count FROM retention.findings WHERE kind = 'unmapped_table'")
    assert row == {"place": f"{SOURCE}/public.newsletter", "severity": "unknown", "count": 1}
