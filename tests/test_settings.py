"""What the environment decides: folders, and the one instant of evaluation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from retention import settings
from retention.errors import RequestError

NOW = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("variable", "folder", "shipped"),
    [
        pytest.param("RETENTION_POLICIES", settings.policies_folder, settings.INCLUDE / "policies", id="policies"),
        pytest.param("RETENTION_DATAMAP", settings.datamap_folder, settings.INCLUDE / "datamap", id="datamap"),
        pytest.param("RETENTION_STATE", settings.state_folder, settings.PROJECT / ".state", id="state"),
    ],
)
def test_folder_is_the_shipped_one_unless_the_environment_names_another(
    monkeypatch: pytest.MonkeyPatch, variable: str, folder: Callable[[], Path], shipped: Path
) -> None:
    monkeypatch.delenv(variable, raising=False)
    assert folder() == shipped
    monkeypatch.setenv(variable, "")
    assert folder() == shipped
    monkeypatch.setenv(variable, "/elsewhere")
    assert folder() == Path("/elsewhere")


def test_shipped_folders_are_there() -> None:
    assert (settings.INCLUDE / "policies" / "promises.yaml").is_file()
    assert list((settings.INCLUDE / "datamap").glob("*.yaml"))


@pytest.mark.parametrize(
    ("value", "sample"), [(None, False), ("", False), ("sample", True), ("Sample", False), ("production", False)]
)
def test_only_the_word_sample_means_the_sample_environment(
    monkeypatch: pytest.MonkeyPatch, value: str | None, sample: bool
) -> None:
    monkeypatch.delenv("RETENTION_ENVIRONMENT", raising=False)
    if value is not None:
        monkeypatch.setenv("RETENTION_ENVIRONMENT", value)
    assert settings.is_sample_environment() is sample


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RETENTION_ENVIRONMENT", raising=False)


@pytest.mark.usefixtures("production")
@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize(
    ("text", "as_of"),
    [
        pytest.param(None, NOW, id="now"),
        pytest.param("2026-03-29T01:30:00+00:00", NOW, id="exactly_now"),
        pytest.param("2026-03-29T03:30:00+02:00", NOW, id="now_in_berlin_after_clocks_went_forward"),
        pytest.param("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC), id="zulu"),
        pytest.param("2026-01-31 12:00+01:00", datetime(2026, 1, 31, 11, tzinfo=UTC), id="space_and_offset"),
        pytest.param(
            "2026-01-31T12:00:00.000001+00:00", datetime(2026, 1, 31, 12, 0, 0, 1, tzinfo=UTC), id="microsecond"
        ),
    ],
)
def test_as_of_is_an_instant_in_utc(text: str | None, as_of: datetime) -> None:
    parsed = settings.parse_as_of(text)
    assert parsed == as_of
    assert parsed.tzinfo is UTC


@pytest.mark.usefixtures("production")
@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("yesterday", "found 'yesterday'; expected an instant such as", id="word"),
        pytest.param("", "found ''; expected an instant such as", id="empty"),
        pytest.param("31.01.2026", "found '31.01.2026'; expected an instant such as", id="german_day"),
        pytest.param("2026-02-30T12:00:00Z", "expected an instant such as", id="day_that_does_not_exist"),
        pytest.param(
            "2026-01-31T12:00:00",
            "without a UTC offset; expected one, such as 2026-01-31T12:00:00+00:00",
            id="no_offset",
        ),
        pytest.param(
            "2026-01-31", "without a UTC offset; expected one, such as 2026-01-31T00:00:00+00:00", id="day_alone"
        ),
        pytest.param(
            "0001-01-01T00:00:00+14:00", "expected an instant between the years 1971 and 2199", id="before_all_time"
        ),
        pytest.param("9999-12-31T23:59:59-14:00", "expected an instant between the years", id="after_all_time"),
        pytest.param(
            "2026-03-29T01:30:00.000001+00:00", "which is in the future; expected now or earlier", id="a_tick_ahead"
        ),
    ],
)
def test_other_instants_are_refused_with_the_way_out(text: str, message: str) -> None:
    with pytest.raises(RequestError) as error:
        settings.parse_as_of(text)
    assert str(error.value).startswith("--as-of: ")
    assert message in str(error.value)


@time_machine.travel(NOW, tick=False)
def test_sample_environment_may_look_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETENTION_ENVIRONMENT", "sample")
    assert settings.parse_as_of("2027-01-01T00:00:00Z") == datetime(2027, 1, 1, tzinfo=UTC)


def test_without_a_text_it_is_the_clocks_time(production: None) -> None:
    before = datetime.now(UTC)
    assert before <= settings.parse_as_of(None) <= before + timedelta(minutes=5)
