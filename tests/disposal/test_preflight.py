"""Places that do not look as the data map says: refused before anything is planned or deleted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.world import DAY, World

from retention.disposal.execute import execute_plan
from retention.disposal.plan import PlanSummary
from retention.errors import (
    DataMapError,
    HoldsUnreadable,
    StoreUnreadable,
)

Plan = Callable[..., PlanSummary]


class TestPreflight:
    @pytest.mark.parametrize(
        ("breakage", "error", "words"),
        [
            pytest.param("ALTER TABLE recordings RENAME TO gone", DataMapError, "recordings", id="missing_table"),
            pytest.param(
                "ALTER TABLE recordings RENAME COLUMN recorded_at TO x",
                DataMapError,
                "recorded_at",
                id="missing_column",
            ),
            pytest.param(
                "ALTER TABLE recordings ALTER recorded_at TYPE timestamp", DataMapError, "timestamptz", id="wrong_type"
            ),
        ],
    )
    def test_a_source_that_differs_from_the_map_is_a_clear_error_and_deletes_nothing(
        self, world: World, plan: Plan, breakage: str, error: type[Exception], words: str
    ) -> None:
        recording = world.add_recording(age=40 * DAY)
        planned = plan()
        world.sql(breakage)
        with pytest.raises(error, match=words):
            execute_plan(world.runtime(), planned.plan_id, planned.digest)
        with pytest.raises(error, match=words):
            plan()
        assert world.parts(recording.key) == 1

    def test_consents_that_a_row_policy_hides_are_an_error_and_not_none(self, world: World, plan: Plan) -> None:
        recording = world.add_recording(age=40 * DAY)
        for party in ("caller", "customer"):
            world.add_consent(recording, party, given_ago=39 * DAY)
        world.sql("CREATE ROLE hidden_reader LOGIN PASSWORD 'reader'" if not world.sql(
            "SELECT 1 FROM pg_roles WHERE rolname = 'hidden_reader'") else "SELECT 1")  # fmt: skip
        world.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO hidden_reader")
        world.sql("GRANT DELETE ON recordings TO hidden_reader")
        world.sql("ALTER TABLE consents ENABLE ROW LEVEL SECURITY")
        world.connections["company_db"] = replace(
            world.connections["company_db"], login="hidden_reader", password="reader"
        )
        with pytest.raises(DataMapError, match="consents"):
            plan()
        assert world.is_there(recording)

    def test_an_id_that_is_not_unique_is_refused(self, world: World, plan: Plan) -> None:
        recording = world.add_recording(age=40 * DAY)
        world.sql("ALTER TABLE recordings DROP CONSTRAINT recordings_pkey")
        with pytest.raises(DataMapError, match="unique"):
            plan()
        assert world.is_there(recording)

    def test_rows_whose_deletion_would_take_others_along_are_refused(self, world: World, plan: Plan) -> None:
        recording = world.add_recording(age=40 * DAY)
        world.sql("CREATE TABLE notes (recording_id uuid REFERENCES recordings ON DELETE CASCADE)")
        with pytest.raises(DataMapError, match="notes"):
            plan()
        assert world.is_there(recording)

    def test_an_unreadable_hold_list_stops_everything(self, world: World, plan: Plan) -> None:
        recording = world.add_recording(age=40 * DAY)
        planned = plan()
        world.own_sql("ALTER TABLE retention.holds RENAME TO holds_lost")
        with pytest.raises(HoldsUnreadable):
            execute_plan(world.runtime(), planned.plan_id, planned.digest)
        assert world.is_there(recording)

    def test_a_missing_bucket_is_unreadable_and_not_empty(self, world: World, plan: Plan) -> None:
        recording = world.add_recording(age=40 * DAY)
        spec = world.datamap.places["call_recordings"].spec.model_copy(update={"bucket": "no-such-bucket"})
        lost = replace(
            world.datamap, places={"call_recordings": replace(world.datamap.places["call_recordings"], spec=spec)}
        )
        with pytest.raises(StoreUnreadable, match="bucket"):
            plan(datamap=lost)
        assert world.is_there(recording)
