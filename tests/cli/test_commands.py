"""The command line on real servers: JSON fields, exit codes, and that nothing else gets onto standard output."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.history import rewrite
from tests.world import DAY, HOUR, World, now

from retention import settings
from retention.database import connect


class TestDisposal:
    def test_plan_and_dispose_of_exactly_that_plan(self, run: Any, world: World, settle: Callable[[], None]) -> None:
        due, fresh = world.add_recording(age=40 * DAY), world.add_recording(age=DAY)
        settle()
        plan = run("plan", "audio", "--by", "anna")
        assert plan["schema"] == "retention/plan/1"
        assert (plan["due"], plan["kept_by_reason"], plan["undated"], plan["blocked"]) == (1, {"not_due": 1}, 0, False)
        assert plan["blocked_reason"] is None and plan["expires_at"] > now().isoformat()
        done = run("dispose", "--plan", plan["plan_id"], "--digest", plan["digest"])
        assert (done["plan_id"], done["planned"], done["gone"], done["failed"]) == (plan["plan_id"], 1, 1, 0)
        assert done["spared"] == {} and len(done["ledger_head"]) == 64
        assert not world.is_there(due) and world.is_there(fresh)

    def test_a_dry_run_deletes_nothing_in_any_mode(self, run: Any, world: World, settle: Callable[[], None]) -> None:
        due = world.add_recording(age=40 * DAY)
        world.set_mode("observe")
        settle()
        assert run("dispose", "audio", "--dry-run")["gone"] == 1
        assert world.is_there(due)

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            pytest.param(("dispose",), "exactly one", id="neither_category_nor_plan"),
            pytest.param(("dispose", "audio", "--plan", str(uuid.uuid4())), "exactly one", id="both"),
            pytest.param(("dispose", "--plan", str(uuid.uuid4())), "digest", id="plan_without_digest"),
            pytest.param(("dispose", "--plan", "7", "--digest", "x"), "expected the id", id="no_plan_id"),
            pytest.param(("plan", "voicemail"), "audio", id="unknown_category"),
            pytest.param(("plan", "audio", "--as-of", "2026-01-01"), "UTC offset", id="as_of_without_offset"),
            pytest.param(("plan", "audio", "--as-of", "soon"), "instant", id="as_of_no_instant"),
            pytest.param(("plan", "audio", "--as-of", "2190-01-01T00:00:00Z"), "future", id="as_of_in_the_future"),
            pytest.param(("explain", "nowhere", "x"), "call_recordings", id="unknown_place"),
            pytest.param(("explain", "call_recordings", "x"), "no such item", id="unknown_item"),
            pytest.param(
                ("hold", "add", "--reason", "r", "--ends", "2999-01-01T00:00:00Z"), "scope", id="hold_without_scope"
            ),
            pytest.param(
                ("hold", "add", "--reason", "r", "--tenant", "t1"), "--ends or --review", id="hold_without_end"
            ),
            pytest.param(("hold", "end", str(uuid.uuid4()), "--reason", "r"), "no open hold", id="unknown_hold"),
            pytest.param(("env",), "make run", id="no_local_stack"),
            pytest.param(("report", "--format", "doc"), "html, json or pdf", id="unknown_format"),
            pytest.param(("report", "--language", "fr"), "de or en", id="unknown_language"),
            pytest.param(
                ("report", "--format", "html", "--format", "pdf", "--out", "x"), "one --format", id="one_file_for_two"
            ),
            pytest.param(("sample", "load"), "sample environment", id="sample_outside_its_environment"),
        ],
    )
    def test_bad_input_ends_with_2_and_says_what_to_do(self, run: Any, words: tuple[str, ...], message: str) -> None:
        assert message in run(*words, code=2)["message"]

    def test_an_unreadable_store_ends_with_3(self, run: Any, world: World, tmp_path: Path) -> None:
        file = tmp_path / "datamap" / "company.yaml"
        file.write_text(file.read_text().replace(world.bucket, "no-such-bucket"))
        assert "bucket" in run("plan", "audio", code=3)["message"]

    def test_a_database_without_schema_ends_with_3_and_names_migrate(self, run: Any, world: World) -> None:
        world.own_sql("DROP SCHEMA retention CASCADE")
        assert "migrate" in run("status", code=3)["message"]

    def test_a_schema_older_than_the_program_ends_with_3_and_names_migrate(self, run: Any, world: World) -> None:
        world.own_sql("ALTER TABLE retention.plans DROP COLUMN due_by_reason CASCADE")
        assert "migrate" in run("plan", "audio", code=3)["message"]

    def test_stop_mode_and_wrong_digest_end_with_4(self, run: Any, world: World, settle: Callable[[], None]) -> None:
        due = world.add_recording(age=40 * DAY)
        settle()
        plan = run("plan", "audio")
        assert "digest" in run("dispose", "--plan", plan["plan_id"], "--digest", "0" * 64, code=4)["message"]
        assert run("stop", "--reason", "test", "--by", "anna")["value"] == "stopped"
        assert "anna" in run("dispose", "--plan", plan["plan_id"], "--digest", plan["digest"], code=4)["message"]
        run("resume", "--reason", "test")
        changed = run("mode", "audio", "observe", "--reason", "test", "--by", "anna")
        assert (changed["value"], changed["who"], changed["why"]) == ("observe", "anna", "test")
        assert "observe" in run("dispose", "audio", code=4)["message"]
        assert world.is_there(due)

    def test_a_partly_failed_disposal_ends_with_5_and_counts(
        self, run: Any, world: World, settle: Callable[[], None]
    ) -> None:
        locked, _ = world.add_recording(age=40 * DAY), world.add_recording(age=40 * DAY)
        world.sql("CREATE TABLE notes (recording_id uuid REFERENCES recordings)")
        world.sql("INSERT INTO notes VALUES (%s)", locked.recording_id)
        settle()
        done = run("dispose", "audio", code=5)
        assert (done["planned"], done["gone"], done["failed"]) == (2, 1, 1)

    def test_what_went_is_explained_as_json_too(self, run: Any, world: World, settle: Callable[[], None]) -> None:
        recording = world.add_recording(age=40 * DAY)
        settle()
        done = run("dispose", "audio")
        assert done["kept_by_reason"] == {}
        answer = run("explain", "call_recordings", recording.recording_id, code=2)
        assert answer["error"] == "ItemGoneError" and answer["gone"]["plan_id"] == done["plan_id"]
        assert answer["gone"]["reasons"] == ["recording_started"]


def test_explain_says_why_and_the_ledger_who_asked(run: Any, world: World) -> None:
    recording = world.add_recording(age=2 * DAY, transcribed_ago=HOUR)
    hold = world.add_hold(place="call_recordings", item_id=recording.recording_id)
    answer = run("explain", "call_recordings", recording.recording_id, "--by", "anna")
    assert (answer["status"], answer["basis"], answer["reason"]) == ("held", "start_point", "legal_hold")
    assert answer["holds"] == [hold] and answer["exemptions"] == [] and answer["due_at"] < answer["deadline_at"]
    assert run("explain", "call_recordings", recording.key)["status"] == "held"
    assert world.ledger("explained")[0]["by"] == "anna"


def test_a_hold_is_set_listed_and_ended(run: Any, world: World) -> None:
    added = run("hold", "add", "--tenant", "t1", "--reason", "dispute", "--by", "anna", "--approved-by", "ben",
                "--ends", (now() + DAY).isoformat())  # fmt: skip
    assert (added["scope"], added["already_gone"], added["in_force"]) == ({"tenant_id": "t1"}, 0, True)
    assert run("hold", "list")["holds"][0]["in_force"] is True
    run("hold", "end", added["id"], "--reason", "settled")
    assert run("hold", "list")["holds"][0]["in_force"] is False
    assert "requester" in run("hold", "add", "--tenant", "t1", "--reason", "x", "--by", "anna", "--approved-by", "Anna",
                              "--ends", (now() + DAY).isoformat(), code=2)["message"]  # fmt: skip


def test_policy_check_lists_every_problem_with_its_line(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = run("policy", "check")
    assert (good["errors"], good["rules"]) == ([], 1)
    shown = run("policy", "show", "audio")["rules"][0]
    assert "recording" in shown["en"] and "Aufnahme" in shown["de"]
    folder = tmp_path / "policies"
    folder.mkdir()
    for file in (tmp_path / "shipped").glob("*.yaml"):
        (folder / file.name).write_text(
            file.read_text().replace("limit: P30D\n        lead", "limit: P31D\n        lead")
        )
    monkeypatch.setenv("RETENTION_POLICIES", str(folder))
    bad = run("policy", "check", code=2)["errors"]
    assert [error["code"] for error in bad] == ["weaker_than_promise"]
    assert bad[0]["file"].endswith("audio.yaml") and bad[0]["line"] > 1 and bad[0]["found"] and bad[0]["expected"]


class TestLedger:
    @pytest.fixture(autouse=True)
    def some_entries(self, run: Any) -> None:
        for word in ("first", "second", "third"):
            run("stop", "--reason", word)

    def test_an_untouched_ledger_fits(self, run: Any) -> None:
        assert run("ledger", "verify")["first_bad"] is None

    @pytest.mark.parametrize(
        ("tampering", "first_bad"),
        [
            pytest.param(
                "UPDATE retention.ledger SET body = replace(body, 'second', 'other') WHERE seq = 2", 2, id="body"
            ),
            pytest.param("UPDATE retention.ledger SET kind = 'resume' WHERE seq = 2", 2, id="kind"),
            pytest.param("UPDATE retention.ledger SET at = at + interval '1 second' WHERE seq = 2", 2, id="time"),
            pytest.param("DELETE FROM retention.ledger WHERE seq = 2", 2, id="removed"),
            pytest.param("UPDATE retention.ledger SET prev_hash = hash WHERE seq = 3", 3, id="chain"),
        ],
    )
    def test_any_tampering_is_found_at_its_entry(self, run: Any, world: World, tampering: str, first_bad: int) -> None:
        world.own_sql("ALTER TABLE retention.ledger DISABLE TRIGGER USER")
        world.own_sql(tampering)
        assert run("ledger", "verify", code=1)["first_bad"] == first_bad

    def test_a_cut_off_end_is_found_by_a_check_that_had_seen_it(self, run: Any, world: World) -> None:
        world.own_sql(
            "INSERT INTO retention.check_runs (check_run_id, started_at, as_of, categories, policy_version, promises_digest, "
            "map_digest, ledger_seq, ledger_head) SELECT gen_random_uuid(), now(), now(), '{audio}', 'v', 'p', 'm', seq, "
            "encode(hash, 'hex') FROM retention.ledger WHERE seq = 3"
        )
        world.own_sql("ALTER TABLE retention.ledger DISABLE TRIGGER USER")
        world.own_sql("DELETE FROM retention.ledger WHERE seq = 3")
        assert run("ledger", "verify", code=1)["first_bad"] == 3

    def test_nobody_rewrites_it_by_plain_sql(self, world: World) -> None:
        import psycopg

        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            world.own_sql("UPDATE retention.ledger SET body = '{}'")


def test_status_without_any_proof_is_unknown(run: Any) -> None:
    status = run("status", code=3)
    assert status["verdict"] == "unknown"
    assert status["categories"][0]["mode"] == "enforce" and status["categories"][0]["last_proof"] is None


class TestProof:
    def test_verify_report_status_and_summary_after_a_disposal(
        self, run: Any, world: World, tmp_path: Path, settle: Any
    ) -> None:
        world.add_recording(age=40 * DAY)
        world.add_recording(age=DAY)
        found = run("verify", "audio", code=1)
        assert (found["verdict"], [f["kind"] for f in found["findings"]]) == ("breach", ["past_cap"])
        assert run("status", code=1)["verdict"] == "breach"
        settle()
        run("dispose", "audio")
        proof = run("verify", "audio")
        assert (proof["verdict"], proof["findings"], proof["places"]["failed"]) == ("compliant", [], [])
        assert proof["places"]["read"] == 1 and proof["policy_version"] == "2025-08-03"
        status = run("status")
        assert 28 * 86_400 < status["categories"][0]["headroom_s"] < 29 * 86_400
        summary = run("summary")
        assert "done; 1 of 1 due item gone" in summary["text"] and "COMPLIANT" in summary["text"]
        for kind in ("html", "json"):
            path = Path(run("report", "--format", kind, "--out", str(tmp_path / f"r.{kind}"))["path"])
            assert path.stat().st_size > 1000

    def test_a_check_of_the_past_is_no_proof_and_forgets_nothing(self, run: Any, world: World) -> None:
        world.add_recording(age=40 * DAY)
        run("verify", "audio", code=1)
        run("verify", "audio", "--as-of", (now() - 300 * DAY).isoformat())
        assert run("status", code=1)["verdict"] == "breach"
        run("report")

    def test_a_proof_of_other_promises_is_none(self, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        lax, shipped = tmp_path / "lax", tmp_path / "shipped"
        lax.mkdir()
        for file in shipped.glob("*.yaml"):
            (lax / file.name).write_text(file.read_text().replace("limit: P30D", "limit: P300D"))
        monkeypatch.setenv("RETENTION_POLICIES", str(lax))
        run("verify", "audio")
        monkeypatch.setenv("RETENTION_POLICIES", str(shipped))
        assert "other promises" in run("status", code=3)["categories"][0]["reason"]

    def test_a_deadline_that_passed_since_the_last_proof_is_unknown(self, run: Any, world: World) -> None:
        world.add_recording(age=30 * DAY - HOUR)
        run("verify", "audio")
        later = (now() - timedelta(minutes=1)).isoformat()
        with connect(world.own) as own:
            rewrite(own, "UPDATE retention.check_runs SET started_at = started_at - interval '90 minutes', "
                         "finished_at = finished_at - interval '90 minutes', as_of = as_of - interval '90 minutes'")  # fmt: skip
        assert "deadline" in run("status", "--as-of", later, code=3)["categories"][0]["reason"]

    def test_an_old_proof_is_unknown(self, run: Any, world: World) -> None:
        run("verify", "audio")
        with connect(world.own) as own:
            rewrite(own, "UPDATE retention.check_runs SET (started_at, as_of) = "
                         "(started_at - interval '3 hours', as_of - interval '3 hours')")  # fmt: skip
        assert run("status", code=3)["categories"][0]["reason"] == "the last proof is too old"

    def test_without_an_instant_our_own_database_says_what_time_it_is(
        self, run: Any, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """By a machine's clock that is six minutes ahead the check would be no proof, and overdue items might not be."""
        ahead = now() + timedelta(minutes=6)
        monkeypatch.setattr(settings, "parse_as_of", lambda _text: ahead)
        run("verify", "audio")
        [check] = world.own_sql("SELECT as_of = started_at AS is_now, is_proof FROM retention.check_runs")
        assert check == {"is_now": True, "is_proof": True}

    def test_an_unreadable_bucket_is_unknown(self, run: Any, world: World, tmp_path: Path) -> None:
        file = tmp_path / "datamap" / "company.yaml"
        file.write_text(
            file.read_text().replace(f"bucket: {world.bucket}\n    prefixes", "bucket: no-such-bucket\n    prefixes")
        )
        found = run("verify", "audio", code=3)
        assert found["verdict"] == "unknown" and found["places"]["failed"]
