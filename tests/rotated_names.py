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
    pytest.param("app.log", "app.log.br", id="packed_by_brotli"),
    pytest.param("worker.3.log", "worker.3.log.1", id="of_a_numbered_process"),
    pytest.param("worker.3.log", "worker.3.log-20261101.gz", id="of_a_numbered_process_and_dated"),
    pytest.param("worker.3.log", "worker.3-2026-11-01.log", id="of_a_numbered_process_and_dated_inside"),
    pytest.param("10.0.0.12.log", "10.0.0.12.log.1.gz", id="of_an_address"),
    pytest.param("app-v1.2.log", "app-v1.2.log.1", id="of_a_version"),
    pytest.param("app-1.log", "app-2.log", id="numbered_with_a_dash"),
    pytest.param("app_1.log", "app_2.log", id="numbered_with_an_underscore"),
    pytest.param("app.3.log", "app.2.log", id="counted_down"),
    pytest.param("app-3.log", "app-2.log.gz", id="counted_down_with_a_dash"),
    pytest.param("app.log.2", "app.log.1", id="a_lower_number"),
    pytest.param("../app.log", "app.log.1", id="in_a_place_that_begins_below"),
]
"""The held name, and the file's name now."""

IS_NOT = [
    pytest.param("app.log", "app2.log", id="another_name"),
    pytest.param("app.log", "myapp.log.1", id="longer"),
    pytest.param("app.log", "app.log.err", id="another_ending"),
    pytest.param("app.log", "error.log.1", id="another_log"),
    pytest.param("web/app.log", "db/app.log.1", id="another_folder"),
    pytest.param("web/app.log", "app.log.1", id="the_folder_above"),
    pytest.param("app.log.1", "app.log", id="what_is_written_now"),
    pytest.param("app-2026-11-01.log", "app-2026-11-02.log", id="another_day"),
    pytest.param("app.log-20261101", "app.log-20261102", id="another_date"),
    pytest.param("10.0.0.12.log", "10.0.0.13.log", id="another_address"),
    pytest.param("../web/app.log", "app.log.1", id="a_folder_beside"),
    pytest.param("../../app.log", "app.log.1", id="two_folders_above"),
]
