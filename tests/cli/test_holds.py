"""Legal holds by the command line: what is refused, who may approve, and what had gone before."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.world import DAY, HASHER, HOUR, World, now
from typer.testing import CliRunner

from retention.cli import app
from retention.evidence.hashing import ItemHasher


def add(*words: str, ends: str | None = None, by: str = "anna") -> tuple[str, ...]:
    return ("hold", "add", "--reason", "dispute", "--by", by, "--ends", ends or (now() + DAY).isoformat(), *words)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(add("--tenant", "t1", "--approved-by", "Anna  B", by="Anna B"), "second person", id="only_spaces"),
        pytest.param(add("--tenant", "t1", "--approved-by", "ANNA"), "second person", id="only_case"),
        pytest.param(add("--tenant", "t1", "--approved-by", "  "), "second person", id="blank_approver"),
        pytest.param(add("--tenant", "t1", by=" "), "person", id="blank_requester"),
        pytest.param(add("--tenant", "t1", ends="2001-01-01T00:00:00+00:00"), "past", id="ended"),
        pytest.param(add("--tenant", "t1", ends="9500-01-01T00:00:00+00:00"), "without an end", id="never"),
        pytest.param(add("--tenant", "t1", "--review", "2001-01-01T00:00:00+00:00"), "past", id="review_missed"),
        pytest.param(add("--tenant", ""), "empty", id="blank_tenant"),
        pytest.param(add("--place", "nowhere", "--item", "x"), "call_recordings", id="unknown_place"),
        pytest.param(add("--item", "x"), "--place", id="item_without_place"),
        pytest.param(
            add("--started-from", "2026-02-01T00:00:00+00:00", "--started-before", "2026-01-01T00:00:00+00:00"),
            "--started-before", id="period_upside_down",
        ),
        pytest.param(
            add("--started-from", "2026-01-01T00:00:00+00:00", "--started-before", "2026-01-01T00:00:00+00:00"),
            "--started-before", id="period_of_no_time",
        ),
    ],
)  # fmt: skip
def test_what_would_hold_nothing_is_refused(run: Any, world: World, words: tuple[str, ...], message: str) -> None:
    assert message in run(*words, code=2)["message"]
    assert world.own_sql("SELECT 1 FROM retention.holds") == []
    assert world.ledger("hold_set") == []


@pytest.mark.parametrize("internal", ["0012345", "491711234567", "t-1", "c.17", "7be61910-bf8b-4f81-b6aa", "K/2025/7"])
def test_internal_ids_may_be_numbers(run: Any, internal: str) -> None:
    assert run(*add("--tenant", internal))["scope"] == {"tenant_id": internal}


@pytest.mark.parametrize(
    "direct", ["a@b.example", "+491711234567", "0171 1234567", "0171-1234567", "(030)123456", "Anna Berg"]
)
def test_names_and_numbers_of_people_are_no_ids(run: Any, direct: str) -> None:
    refusal = run(*add("--person", direct), code=2)["message"]
    assert "internal id" in refusal and direct not in refusal


class TestWhatItCovers:
    def hold(self, world: World) -> list[dict[str, Any]]:
        return world.own_sql("SELECT item_id, tenant_id, person_id FROM retention.holds")

    def test_a_uuid_in_capitals_holds_its_item(self, run: Any, world: World, settle: Any) -> None:
        recording = world.add_recording(age=40 * DAY)
        item = ("--place", "call_recordings", "--item", recording.recording_id.upper())
        added = run(*add(*item, "--approved-by", "ben"))
        assert (added["covers"], added["scope"]["item_id"]) == (1, recording.recording_id)
        settle()
        assert run("dispose", "audio")["gone"] == 0
        assert world.is_there(recording)

    def test_so_does_a_persons_in_capitals(self, run: Any, world: World) -> None:
        recording, person = world.add_recording(age=HOUR), uuid.uuid4()
        world.sql("INSERT INTO callers VALUES (%s, 't1', 'N', '+49', NULL)", person)
        world.sql("UPDATE calls SET caller_id = %s WHERE call_id = %s", person, recording.call_id)
        added = run(*add("--person", str(person).upper()))
        assert (added["covers"], added["scope"]) == (1, {"person_id": str(person)})

    @pytest.mark.parametrize(
        "spelt",
        [
            pytest.param("{id}x", id="mistyped"),
            pytest.param("s3://{bucket}/{key}", id="address"),
            pytest.param("{key}x", id="key_of_no_object"),
            pytest.param("elsewhere/{id}", id="key_outside_the_place"),
        ],
    )
    def test_an_item_that_is_nowhere_is_refused(self, run: Any, world: World, spelt: str) -> None:
        recording = world.add_recording(age=HOUR)
        named = spelt.format(id=recording.recording_id, key=recording.key, bucket=world.bucket)
        refusal = run(*add("--place", "call_recordings", "--item", named), code=2)["message"]
        assert "no row and no stored object" in refusal and recording.recording_id not in refusal
        assert named not in refusal and self.hold(world) == []

    def test_an_item_outside_the_other_options_is_refused(self, run: Any, world: World) -> None:
        item = ("--place", "call_recordings", "--item", world.add_recording(age=HOUR).recording_id)
        assert "no row" in run(*add(*item, "--tenant", "t2"), code=2)["message"]
        assert run(*add(*item, "--tenant", "t1"))["covers"] == 1

    @pytest.mark.parametrize("option", ["--tenant", "--person", "--item"])
    @pytest.mark.parametrize("spelt", [" {}", "{} ", "\t{}\n"])
    def test_blanks_around_an_id_are_refused(self, run: Any, world: World, option: str, spelt: str) -> None:
        words = add("--place", "call_recordings") if option == "--item" else add()
        assert "blanks" in run(*words, option, spelt.format("t1"), code=2)["message"]
        assert self.hold(world) == []

    def test_an_object_without_a_row_may_be_held_by_its_key(self, run: Any, world: World) -> None:
        world.put("recordings/t2/2026/01/01/orphan.wav")
        added = run(*add("--place", "call_recordings", "--item", "recordings/t2/2026/01/01/orphan.wav"))
        assert added["covers"] == 0 and len(self.hold(world)) == 1

    def test_rows_are_counted_by_all_options_together(self, run: Any, world: World) -> None:
        for age, tenant in ((HOUR, "t1"), (2 * DAY, "t1"), (2 * DAY, "t2")):
            world.add_recording(age=age, tenant=tenant)
        before = (now() - DAY).isoformat()
        assert run(*add("--category", "audio"))["covers"] == 3
        assert run(*add("--tenant", "t1"))["covers"] == 2
        assert run(*add("--tenant", "t1", "--started-before", before))["covers"] == 1
        assert run(*add("--tenant", "t1", "--started-from", before))["covers"] == 1

    def test_a_tenant_of_nothing_is_set_with_a_warning(
        self, run: Any, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.add_recording(age=HOUR)
        result = CliRunner().invoke(app, list(add("--tenant", "T1")))
        assert (result.exit_code, len(self.hold(world))) == (0, 1)
        assert "warning: the hold covers nothing" in result.stderr and "covers no rows now" in result.stdout
        result = CliRunner().invoke(app, list(add("--tenant", "t1")))
        assert (result.exit_code, result.stderr) == (0, "") and "covers 1 row now" in result.stdout
        broken = world.connections["company_db"].connection_id.upper()
        monkeypatch.setenv(f"AIRFLOW_CONN_{broken}", '{"conn_type": "postgres", "host": "127.0.0.1", "port": 1}')
        result = CliRunner().invoke(app, [*add("--place", "call_recordings", "--item", "x"), "--json"])
        assert result.exit_code == 0 and '"covers": null' in result.stdout and "could not be counted" in result.stderr


def test_capitals_that_no_row_has_say_how_such_a_source_is_held(run: Any, world: World) -> None:
    item, person = ("--place", "call_recordings", "--item", str(uuid.uuid4()).upper()), ("--person", "P-1")
    refusal = run(*add(*item), code=2)["message"]
    assert "lower case" in refusal and "object's key" in refusal
    assert "lower case" in CliRunner().invoke(app, list(add("--person", str(uuid.uuid4()).upper()))).stderr
    assert "lower case" not in CliRunner().invoke(app, list(add(*person))).stderr


class TestList:
    def test_a_hold_says_on_what_until_when_why_and_by_whom(self, run: Any, world: World) -> None:
        recording = world.add_recording(age=HOUR)
        review = (now() + 9 * DAY).isoformat()
        hold_id = world.add_hold(place="call_recordings", item_id=recording.key, person_id="p-17", tenant_id="t1")
        world.own_sql(
            "UPDATE retention.holds SET reason = 'court case 7', requested_by = 'anna', approved_by = 'ben', ends_at = NULL, "
            "review_at = %s",
            review,
        )
        [hold] = run("hold", "list")["holds"]
        hashes = {"person_id": HASHER.person("p-17"), "item_id": HASHER.item("call_recordings", recording.key)}
        shown = {name: f"#{value.hex()[:12]}" for name, value in hashes.items()}
        assert hold["scope"] == {"tenant_id": "t1", "place": "call_recordings", **shown}
        assert (hold["id"], hold["state"], hold["reason"]) == (hold_id, "in force", "court case 7")
        assert (hold["requested_by"], hold["approved_by"]) == ("anna", "ben")
        assert hold["ends_at"] is None and hold["review_at"] == hold["until"] is not None
        text = CliRunner().invoke(app, ["hold", "list"]).stdout
        for word in (hold_id, "in force", "customer t1", *shown.values(), "court case 7", "anna", "ben"):
            assert word in text
        assert f"to be reviewed {review[:10]}" in text and "until" not in text and "ends" not in text
        assert recording.key not in text + str(hold) and "p-17" not in text + str(hold)

    @pytest.mark.parametrize(
        ("terms", "state"),
        [
            pytest.param("ended_at = now()", "ended", id="ended"),
            pytest.param("ends_at = now() - interval '1 hour'", "expired", id="expired"),
            pytest.param("ends_at = NULL, review_at = now() - interval '1 hour'", "review missed", id="review_missed"),
            pytest.param("approved_by = NULL", "not approved", id="not_approved"),
            pytest.param("approved_by = requested_by", "approved by its requester", id="self_approved"),
            pytest.param("effective_at = now() + interval '1 hour'", "not yet in force", id="not_yet"),
        ],
    )
    def test_one_that_holds_nothing_says_why(self, run: Any, world: World, terms: str, state: str) -> None:
        world.add_hold(tenant_id="t1")
        world.own_sql(f"UPDATE retention.holds SET {terms}")
        [hold] = run("hold", "list")["holds"]
        assert (hold["in_force"], hold["state"]) == (False, state)
        assert f"holds nothing: {state}" in CliRunner().invoke(app, ["hold", "list"]).stdout

    def test_no_hash_key_is_needed_where_no_hold_names_a_person_or_an_item(
        self, run: Any, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.add_hold(tenant_id="t1")
        monkeypatch.delenv("RETENTION_HASH_KEY_FILE")
        assert run("hold", "list")["holds"][0]["scope"] == {"tenant_id": "t1"}


class TestApproval:
    @pytest.fixture
    def waiting(self, run: Any) -> str:
        added = run(*add("--tenant", "t1"))
        assert added["in_force"] is False
        hold_id: str = added["id"]
        return hold_id

    def test_a_second_person_puts_the_hold_in_force_from_then_on(self, run: Any, world: World, waiting: str) -> None:
        before = run("hold", "list")["holds"][0]
        assert before["in_force"] is False
        approved = run("hold", "approve", waiting, "--by", "ben", "--reason", "seen")
        after = run("hold", "list")["holds"][0]
        assert (approved["id"], approved["in_force"], after["in_force"]) == (waiting, True, True)
        assert (before["state"], after["state"]) == ("not approved", "in force")
        assert before["effective_at"] < after["effective_at"] == approved["effective_at"]
        [entry] = world.ledger("hold_approved")
        assert datetime.fromisoformat(entry.pop("effective_at")) == datetime.fromisoformat(after["effective_at"])
        assert entry == {"hold": waiting, "by": "ben", "reason": "seen"}

    @pytest.mark.parametrize("person", ["anna", " ANNA ", " "])
    def test_the_requester_and_nobody_cannot(self, run: Any, waiting: str, person: str) -> None:
        assert "person" in run("hold", "approve", waiting, "--by", person, "--reason", "r", code=2)["message"]
        assert run("hold", "list")["holds"][0]["in_force"] is False

    def test_it_says_what_the_hold_covers_by_now(self, run: Any, world: World, waiting: str) -> None:
        world.add_recording(age=HOUR)
        approved = run("hold", "approve", waiting, "--by", "ben", "--reason", "seen")
        assert (approved["covers"], approved["already_gone"]) == (1, 0)

    def test_not_twice(self, run: Any, waiting: str) -> None:
        run("hold", "approve", waiting, "--by", "ben", "--reason", "r")
        assert "approved already" in run("hold", "approve", waiting, "--by", "cora", "--reason", "r", code=2)["message"]

    def test_not_after_its_end(self, run: Any, world: World, waiting: str) -> None:
        world.own_sql("UPDATE retention.holds SET ends_at = now() - interval '1 second'")
        assert "past" in run("hold", "approve", waiting, "--by", "ben", "--reason", "r", code=2)["message"]
        run("hold", "end", waiting, "--reason", "r")
        assert "no open hold" in run("hold", "approve", waiting, "--by", "ben", "--reason", "r", code=2)["message"]

    def test_an_unknown_hold_is_refused(self, run: Any) -> None:
        words = ("hold", "approve", str(uuid.uuid4()), "--by", "ben", "--reason", "r")
        assert "no open hold" in run(*words, code=2)["message"]


class TestAlreadyGone:
    def test_an_item_is_found_by_id_and_by_key(self, run: Any, world: World, settle: Any) -> None:
        gone, other = world.add_recording(age=40 * DAY), world.add_recording(age=40 * DAY, tenant="t2")
        settle()
        run("dispose", "audio")
        for item in (gone.recording_id, other.key):
            added = run(*add("--place", "call_recordings", "--item", item))
            assert (added["already_gone"], added["maybe_gone"]) == (1, 0)
        assert run(*add("--tenant", "t1"))["already_gone"] == 1
        assert run(*add("--category", "audio"))["already_gone"] == 2
        assert [entry["already_gone"] for entry in world.ledger("hold_already_gone")] == [1, 1, 1, 2]
        assert "already_gone" not in world.ledger("hold_set")[0]

    def test_what_an_open_plan_left_may_have_gone(self, run: Any, world: World, settle: Any) -> None:
        for age in (40, 41, 42):
            world.add_recording(age=age * DAY)
        world.add_recording(age=40 * DAY, tenant="t2")
        settle()
        plan = run("plan", "audio")
        world.own_sql("UPDATE retention.plan_items SET state = 'intended' WHERE arose_at < %s", now() - 41.5 * DAY)
        failed = "UPDATE retention.plan_items SET state = 'failed' WHERE arose_at BETWEEN %s AND %s"
        world.own_sql(failed, now() - 41.5 * DAY, now() - 40.5 * DAY)
        added = run(*add("--tenant", "t1"))
        assert (added["already_gone"], added["maybe_gone"]) == (0, 2)
        assert run(*add("--tenant", "t2"))["maybe_gone"] == 0
        world.own_sql("UPDATE retention.plans SET state = 'done' WHERE plan_id = %s", plan["plan_id"])
        assert run(*add("--tenant", "t1"))["maybe_gone"] == 0

    def test_what_went_under_another_hash_key_may_have_been_it(self, run: Any, world: World) -> None:
        other = ItemHasher(bytes(range(1, 33)))
        self.record(world, other, "item-1", person="p1")
        self.record(world, HASHER, "item-2", person="p2")
        by_item = run(*add("--place", "call_recordings", "--item", "item-2"))
        assert (by_item["already_gone"], by_item["maybe_gone"]) == (1, 1)
        by_person = run(*add("--person", "p1"))
        assert (by_person["already_gone"], by_person["maybe_gone"]) == (0, 1)
        by_tenant = run(*add("--tenant", "t1"))
        assert (by_tenant["already_gone"], by_tenant["maybe_gone"]) == (2, 0), "ids in the clear need no key"

    def record(self, world: World, hasher: ItemHasher, item: str, *, person: str, ago: timedelta = HOUR) -> None:
        world.own_sql(
            "INSERT INTO retention.disposed_items (plan_id, batch_no, place, item_hash, key_id, category, tenant_id, "
            "person_hash, outcome, trigger_at) VALUES (%s, 1, 'call_recordings', %s, %s, 'audio', 't1', %s, 'gone', %s)",
            uuid.uuid4(), hasher.item("call_recordings", item), hasher.key_id, hasher.person(person), now() - ago,
        )  # fmt: skip
