"""Names of files that a hold names, and what rotation may have made of them since, for both sides."""

from __future__ import annotations

import pytest

MAY_BE = [
    pytest.param("app.log", "app.log.1", id="numbered"),
    pytest.param("app.log", "app.log.2.gz", id="numbered_and_packed"),
    pytest.param("app.log", "app.log.gz", id="packed"),
    pytest.param("app.log", "app.log-20261101", id="dated"),
    pytest.param("app.log", "app.log.2026-11-01", id="dated_by_the_program"),
    pytest.param("app.log", "app-2026-11-01.log", id="dated_before_the_ending"),
    pytest.param("app.log", "app.2026-11-01.1.log.gz", id="dated_and_numbered_before_the_ending"),
    pytest.param("app.log", "app.log.2026-11-01T10-00-00.zst", id="with_the_hour"),
    pytest.param("app.log", "app.log.old", id="old"),
    pytest.param("web/app.log", "web/app.log.1", id="in_a_folder"),
    pytest.param("web/app.log", "web/old/app.log.1.gz", id="in_a_folder_below"),
    pytest.param("app.log", "old/app.log", id="moved_below"),
    pytest.param("app.log.1", "app.log.2", id="one_further"),
    pytest.param("app.log.1", "app.log.12.gz", id="further_and_packed"),
    pytest.param("app.log.1.gz", "app.log.2.gz", id="packed_and_further"),
    pytest.param("app.1.log", "app.2.log.gz", id="further_before_the_ending"),
    pytest.param("app-2026-11-01.log", "app-2026-11-01.log.gz", id="of_a_day_and_packed"),
    pytest.param("syslog", "syslog.1", id="without_an_ending"),
]
"""The held name, and the file's name now."""

IS_NOT = [
    pytest.param("app.log", "app2.log", id="another_name"),
    pytest.param("app.log", "myapp.log.1", id="longer"),
    pytest.param("app.log", "app.log.err", id="another_ending"),
    pytest.param("app.log", "error.log.1", id="another_log"),
    pytest.param("web/app.log", "db/app.log.1", id="another_folder"),
    pytest.param("web/app.log", "app.log.1", id="the_folder_above"),
    pytest.param("app.log.2", "app.log.1", id="a_lower_number"),
    pytest.param("app.log.1", "app.log", id="what_is_written_now"),
    pytest.param("app-2026-11-01.log", "app-2026-11-02.log", id="another_day"),
    pytest.param("app.log-20261101", "app.log-20261102", id="another_date"),
]
