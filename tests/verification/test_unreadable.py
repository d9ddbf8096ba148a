"""What can't be read, or not to its end, is unknown and never a pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.verification.company import DAY, PLACE, Company, found, reasons
from tests.verification.interference import refusing

from retention.errors import HoldsUnreadable, RequestError, UnknownError
from retention.local.s3_server import S3Server
from retention.verification import Verdict, listing, reading


def _change_map(company: Company, old: str, new: str) -> None:
    path = company.datamap / "company.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def _other_connection(company: Company, connection_id: str, **changes: object) -> None:
    company.connections[connection_id] = replace(company.connections[connection_id], **changes)  # type: ignore[arg-type]


def _no_bucket(company: Company) -> None:
    _change_map(company, company.bucket, "no-such-bucket")


def _wrong_secret(company: Company) -> None:
    _other_connection(company, "company_s3_verify", password="wrong")


def _wrong_database_password(company: Company) -> None:
    _other_connection(company, "company_db_verify", password="wrong")


def _no_table(company: Company) -> None:
    company.sql("DROP TABLE recordings CASCADE")


def _no_consents_table(company: Company) -> None:
    company.sql("DROP TABLE consents CASCADE")


def _no_column(company: Company) -> None:
    company.sql("ALTER TABLE recordings DROP COLUMN recorded_at")


def _naive_column(company: Company) -> None:
    company.sql("ALTER TABLE recordings ALTER COLUMN recorded_at TYPE timestamp")


def _no_right(company: Company) -> None:
    company.sql("REVOKE SELECT ON calls FROM retention_verify")


def _hidden_rows(company: Company) -> None:
    company.sql("ALTER TABLE recordings ENABLE ROW LEVEL SECURITY")
    company.sql("CREATE POLICY own_tenant ON recordings USING (tenant_id = 'south')")


UNREADABLE = [
    pytest.param(_no_bucket, "NoSuchBucket", id="bucket_missing"),
    pytest.param(_wrong_secret, "SignatureDoesNotMatch", id="s3_credentials_wrong"),
    pytest.param(_wrong_database_password, "OperationalError", id="database_password_wrong"),
    pytest.param(_no_table, "42P01", id="table_missing"),
    pytest.param(_no_consents_table, "42P01", id="consents_table_missing"),
    pytest.param(_no_column, "42703", id="column_missing"),
    pytest.param(_naive_column, "WrongType", id="column_without_time_zone"),
    pytest.param(_no_right, "42501", id="no_right_to_read"),
    pytest.param(_hidden_rows, "42501", id="row_security_hides_rows"),
]


@pytest.mark.parametrize(("spoil", "code"), UNREADABLE)
def test_unreadable_place_is_unknown(company: Company, spoil: Callable[[Company], None], code: str) -> None:
    company.tenant("nord")
    company.recording("nord", DAY)
    spoil(company)
    result = company.check()
    assert result.verdict is Verdict.UNKNOWN
    assert result.places_failed[PLACE] == code
    assert result.places_read == ()
    assert found(result, PLACE)["unreadable_place"] == 1
    assert result.to_json()["places"] == {
        "read": 0,
        "failed": sorted(result.places_failed),
        "names": [],
        "reasons": dict(result.places_failed),
        "explanations": dict(result.explanations),
    }


EXPLAINED = [
    pytest.param(_no_bucket, ["no-such-bucket", "NoSuchBucket", "include/iam"], id="bucket_missing"),
    pytest.param(
        _wrong_database_password, ["company_db_verify", "password authentication failed"], id="database_password_wrong"
    ),
    pytest.param(
        _no_table, ["sql/check_recordings.sql", '"public.recordings" does not exist', "42P01"], id="table_missing"
    ),
    pytest.param(
        _no_consents_table,
        ["sql/check_recording_consents.sql", '"public.consents" does not exist'],
        id="consents_missing",
    ),
    pytest.param(
        _no_column,
        ["sql/check_recordings.sql", "rec.recorded_at does not exist", "correct the file"],
        id="column_missing",
    ),
    pytest.param(
        lambda c: _change_sql(c, "rec.tenant_id,", ""),
        ["sql/check_recordings.sql", "f.tenant_id does not exist", "docs/data-map.md"],
        id="fixed_column_missing",
    ),
    pytest.param(
        lambda c: _change_sql(c, "FROM public.recordings AS rec", "FROM public.recordings rec WHER"),
        ["sql/check_recordings.sql", "syntax error", "one SELECT"],
        id="syntax",
    ),
    pytest.param(
        lambda c: _change_sql(c, "least(", "earliest("),
        ["sql/check_recordings.sql", "function earliest(", "does not exist"],
        id="function_missing",
    ),
    pytest.param(
        _naive_column, ["sql/check_recordings.sql", "timestamptz in start_recording_started"], id="without_time_zone"
    ),
    pytest.param(_no_right, ["sql/check_recordings.sql", "permission denied for table calls"], id="no_right_to_read"),
]


def _change_sql(company: Company, old: str, new: str) -> None:
    path = company.datamap / "sql" / "check_recordings.sql"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(("spoil", "words"), EXPLAINED)
def test_what_could_not_be_read_says_where_what_was_expected_and_what_to_do(
    company: Company, spoil: Callable[[Company], None], words: list[str]
) -> None:
    company.tenant("nord")
    company.recording("nord", DAY)
    spoil(company)
    result = company.check()
    explanation = result.explanations[PLACE]
    assert [word for word in [*words, "expected"] if word not in explanation] == []
    [finding] = [one for one in result.findings if (one.kind, one.place) == ("unreadable_place", PLACE)]
    assert finding.detail["explanation"] == explanation
    [run] = company.own_sql("SELECT places_failed FROM retention.check_runs")
    assert run["places_failed"][0]["explanation"] == explanation


def test_values_that_a_source_complains_about_are_not_repeated(company: Company) -> None:
    company.tenant("nord")
    company.recording("nord", DAY)
    company.sql("ALTER TABLE recordings ADD COLUMN note text DEFAULT 'Anna Beispiel'")
    _change_sql(company, "rec.recorded_at AS", "CAST(rec.note AS timestamptz) AS")
    result = company.check()
    assert result.places_failed == {PLACE: "22007"}
    explanation = result.explanations[PLACE]
    assert "sql/check_recordings.sql" in explanation and "22007" in explanation and "Anna" not in explanation


def test_listing_that_breaks_off_is_unknown_but_what_it_had_found_counts(
    company: Company, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE", 2)
    company.tenant("alt")
    company.tenant("jung")
    for age in (40, 39):
        company.recording("alt", age * DAY)
        company.recording("jung", DAY)

    def refuse_the_young(method: str, path: str) -> int | None:
        return 403 if "jung" in path else None

    with refusing(s3_server.endpoint_url, refuse_the_young) as address:
        _other_connection(company, "company_s3_verify", extra={"endpoint_url": address, "region_name": "us-east-1"})
        result = company.check()
    assert reasons(result, "unreadable_place") == {"Refused": 1}
    # The old ones had come before. Which rows have no object can't be told any more: nothing is said about it.
    assert found(result) == {"past_cap": 2, "unreadable_place": 1}
    assert result.verdict is Verdict.BREACH


def test_refused_list_of_buckets_is_unknown(company: Company, s3_server: S3Server) -> None:
    def only_buckets(method: str, path: str) -> int | None:
        return 403 if path.partition("?")[0] == "/" else None

    with refusing(s3_server.endpoint_url, only_buckets) as address:
        _other_connection(company, "company_s3_verify", extra={"endpoint_url": address, "region_name": "us-east-1"})
        result = company.check()
    assert reasons(result, "unreadable_place") == {"ListBuckets Refused": 1}
    assert (result.verdict, result.places_read) == (Verdict.UNKNOWN, (PLACE,))


def test_refused_metadata_is_unknown(company: Company, s3_server: S3Server) -> None:
    company.tenant("nord")
    company.recording("nord", DAY, row=False)
    with refusing(s3_server.endpoint_url, lambda method, path: 403 if method == "HEAD" else None) as address:
        _other_connection(company, "company_s3_verify", extra={"endpoint_url": address, "region_name": "us-east-1"})
        result = company.check()
    assert result.places_failed == {PLACE: "HeadObject refused"}
    assert result.verdict is Verdict.UNKNOWN


def test_nothing_is_claimed_while_the_holds_cannot_be_read(company: Company) -> None:
    company.own_sql("REVOKE SELECT ON retention.holds FROM retention_verify")
    with pytest.raises(HoldsUnreadable):
        company.check()


def test_own_database_without_its_schema_is_unknown(company: Company) -> None:
    company.own_sql("DROP SCHEMA inventory")
    with pytest.raises(UnknownError, match="inventory"):
        company.check()


def test_breach_outweighs_unknown(company: Company) -> None:
    company.tenant("nord")
    company.recording("nord", 31 * DAY)
    company.put("elsewhere/x")
    result = company.check()
    assert set(found(result)) == {"past_cap", "unmapped_prefix"}
    assert result.verdict is Verdict.BREACH


def test_no_category_is_refused(company: Company) -> None:
    from tests.verification.company import HASHER

    from retention.verification import verify

    with pytest.raises(RequestError, match="never means all"):
        verify(
            [],
            resolve=company.connections.__getitem__,
            policies=company.policies,
            datamap=company.datamap,
            own_conninfo=company.own_as_verify,
            hasher=HASHER,
        )


def _map_voicemail(company: Company) -> None:
    """A second place in the same bucket, with a connection of its own to its facts."""
    path = company.datamap / "company.yaml"
    text = path.read_text(encoding="utf-8")
    second = text[text.index("  call_recordings:") :].replace("call_recordings", "voicemail", 1)
    second = second.replace('"recordings/"', '"voicemail/"').replace("^recordings/", "^voicemail/")
    second = second.replace("connection: company_db\n", "connection: other_db\n")
    third = "  other_db: {kind: postgres, disposal: other_db, verification: other_db_verify}\n"
    path.write_text(text.replace("places:\n", f"{third}places:\n") + "\n" + second, encoding="utf-8")


def test_metadata_refused_in_two_places_of_a_bucket_makes_both_unknown(company: Company, s3_server: S3Server) -> None:
    _map_voicemail(company)
    company.connections["other_db_verify"] = company.connections["company_db_verify"]
    company.tenant("nord")
    company.recording("nord", DAY, row=False)
    company.put("voicemail/x.wav")
    with refusing(s3_server.endpoint_url, lambda method, path: 403 if method == "HEAD" else None) as address:
        _other_connection(company, "company_s3_verify", extra={"endpoint_url": address, "region_name": "us-east-1"})
        result = company.check()
    assert result.places_failed == {PLACE: "HeadObject refused", "voicemail": "HeadObject refused"}


def test_place_that_fails_takes_no_other_of_its_bucket_with_it(company: Company) -> None:
    _map_voicemail(company)
    company.connections["other_db_verify"] = replace(company.connections["company_db_verify"], password="wrong")
    company.tenant("nord")
    company.recording("nord", 31 * DAY)
    company.put("voicemail/x.wav")
    result = company.check()
    assert result.places_read == (PLACE,)
    assert result.places_failed == {"voicemail": "OperationalError"}
    assert found(result) == {"past_cap": 1, "unreadable_place": 1}


def test_object_that_no_listing_shows_is_unknown(company: Company) -> None:
    """SeaweedFS keeps versions in folders called `<name>.versions`, and lists nothing that others put into one."""
    company.tenant("nord")
    company.recording("nord", 2 * DAY)
    planted = company.recording("nord", 2 * DAY, key="recordings/nord/2026/01/01/a.versions/b.wav", stored=False)
    company.s3.put_object(Bucket=company.bucket, Key=planted.key, Body=b"RIFF")
    listed = [one["Key"] for one in company.s3.list_object_versions(Bucket=company.bucket)["Versions"]]
    assert planted.key not in listed
    result = company.check()
    assert reasons(result, "unreadable_place") == {"objects that no listing shows": 1}
    assert result.verdict is Verdict.UNKNOWN


def test_object_that_is_listed_but_can_not_be_found_is_unknown(
    company: Company, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.tenant("nord")
    company.recording("nord", DAY, row=False)

    def absent(method: str, path: str) -> int | None:
        return 404 if method == "HEAD" and "versionId=" in path else None

    with refusing(s3_server.endpoint_url, absent) as address:
        extra = {**company.connections["company_s3_verify"].extra, "endpoint_url": address}
        _other_connection(company, "company_s3_verify", extra=extra)
        result = company.check()
    assert reasons(result, "unreadable_place") == {"versions that are listed and can't be read": 1}
    assert result.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "extra",
    [
        pytest.param({"endpoint_url": "no address"}, id="endpoint"),
        pytest.param({"config_kwargs": {"no_such_setting": 1}}, id="setting"),
        pytest.param({"region_name": "no region!"}, id="region"),
    ],
)
def test_settings_that_make_no_client_are_named_with_their_connection(
    company: Company, extra: dict[str, object]
) -> None:
    _other_connection(company, "company_s3_verify", extra={**company.connections["company_s3_verify"].extra, **extra})
    with pytest.raises(RequestError, match=r"company_s3_verify.*found.*expected"):
        company.check()


def test_place_that_no_part_of_the_check_reads_is_unknown(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "plan_buckets", lambda *_: [])
    result = company.check()
    assert result.places_failed == {PLACE: "Skipped"}
    assert (result.verdict, found(result, PLACE)) == (Verdict.UNKNOWN, {"unreadable_place": 1})
