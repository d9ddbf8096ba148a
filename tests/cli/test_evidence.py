"""Signing and proving the ledger by the command line."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import as_json
from tests.ledger_world import anchor_connection, as_superuser, rechain
from tests.world import DAY, World

from retention.connections import Connection
from retention.evidence.signing import FILE_VARIABLE, VARIABLE, PublicKeys, Signer
from retention.settings import INCLUDE

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Signer:
    signer, file = Signer.new(), tmp_path / "signing.key"
    file.write_text(signer.to_pem(), encoding="ascii")
    monkeypatch.setenv(FILE_VARIABLE, str(file))
    monkeypatch.delenv(VARIABLE, raising=False)
    return signer


@pytest.fixture
def anchored(run: Run, key: Signer, locked_bucket: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """A locked bucket, connected."""
    monkeypatch.setenv("AIRFLOW_CONN_RETENTION_ANCHOR", as_json(locked_bucket))


def test_the_ledger_is_signed_anchored_and_proven(run: Run, anchored: None, key: Signer) -> None:
    run("stop", "--reason", "test")
    signed = run("ledger", "sign")
    assert (signed["size"], signed["key"], signed["anchored"]) == (3, key.key_id, 1)
    proof = run("ledger", "verify")
    assert (proof["entries"], proof["heads"], proof["first_bad"]) == (3, 1, None)
    assert proof["anchors"] == {"anchored": 1, "missing": 0, "bad": None, "lost": 0}
    assert proof["root"] == signed["root"]


def test_a_rewritten_ledger_ends_with_1_and_is_not_signed(run: Run, world: World, anchored: None) -> None:
    run("stop", "--reason", "test")
    run("ledger", "sign")
    with as_superuser(world.own) as connection:
        connection.execute("UPDATE retention.ledger SET body = replace(body, 'test', 'else') WHERE kind = 'stop'")
        rechain(connection)
    assert run("ledger", "verify", code=1)["first_bad"] == 1
    assert run("ledger", "sign", code=4)["error"] == "EvidenceError"


def test_without_a_locked_bucket_the_proof_says_so(run: Run, key: Signer) -> None:
    run("stop", "--reason", "test")
    assert run("ledger", "sign")["anchored"] is None
    assert run("ledger", "verify")["anchors"] is None


def test_checks_hold_the_ledger_against_the_locked_bucket(
    run: Run, world: World, anchored: None, locked_bucket: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("ledger", "sign")
    no_way = run("verify", "audio", code=3)
    assert "evidence_unanchored" in {one["kind"] for one in no_way["findings"]}
    monkeypatch.setenv("AIRFLOW_CONN_RETENTION_ANCHOR_VERIFY", as_json(locked_bucket))
    run("verify", "audio")


def test_a_locked_bucket_that_does_not_answer_is_unknown(
    run: Run, world: World, anchored: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("stop", "--reason", "test")
    run("ledger", "sign")
    gone = anchor_connection(world.s3_server, "gone-bucket")
    monkeypatch.setenv("AIRFLOW_CONN_RETENTION_ANCHOR", as_json(gone))
    assert run("ledger", "verify", code=3)["error"] == "StoreUnreadable"


def test_nothing_is_signed_without_a_key(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FILE_VARIABLE, raising=False)
    monkeypatch.delenv(VARIABLE, raising=False)
    run("stop", "--reason", "test")
    assert "key new" in run("ledger", "sign", code=2)["message"]


def test_a_key_may_stand_in_the_environment(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    signer = Signer.new()
    monkeypatch.delenv(FILE_VARIABLE, raising=False)
    monkeypatch.setenv(VARIABLE, signer.to_pem())
    run("stop", "--reason", "test")
    assert run("ledger", "sign")["key"] == signer.key_id


def test_keys_are_made_rotated_and_given_out(
    run: Run, key: Signer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("stop", "--reason", "test")
    run("ledger", "sign")
    made = run("key", "new", "--out", str(tmp_path / "next.key"))
    assert (tmp_path / "next.key").stat().st_mode & 0o777 == 0o600
    run("key", "rotate", "--new", str(tmp_path / "next.key"), "--reason", "yearly")
    run("ledger", "sign", code=4)
    monkeypatch.setenv(FILE_VARIABLE, str(tmp_path / "next.key"))
    assert run("ledger", "sign")["key"] == made["key"]
    given = run("key", "public", "--out", str(tmp_path / "keys.pem"))
    assert given["keys"] == [key.key_id, made["key"]]
    assert PublicKeys.from_pem((tmp_path / "keys.pem").read_text(), "keys.pem").keys.keys() == set(given["keys"])


@pytest.fixture
def certified(run: Run, world: World, key: Signer, settle: Callable[[], None], tmp_path: Path) -> Path:
    """The certificate of a run, beside the public keys in `keys.pem`."""
    world.add_recording(age=40 * DAY)
    settle()
    done = run("dispose", "audio")
    run("ledger", "sign")
    run("key", "public", "--out", str(tmp_path / "keys.pem"))
    issued = run("certificate", "run", done["plan_id"], "--out", str(tmp_path / "run.json"))
    assert issued["gone"] == 1
    return tmp_path / "run.json"


def test_a_certificate_is_checked_without_any_connection(
    run: Run, certified: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith(("AIRFLOW_", "RETENTION_"))]:
        monkeypatch.delenv(name)
    checked = run("certificate", "verify", str(certified), "--key", str(certified.with_name("keys.pem")))
    assert checked["valid"] and checked["problems"] == []


_ALONE = """
import importlib.abc, runpy, socket, sys

class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("airflow", "boto3", "botocore", "great_expectations", "sqlalchemy"):
            raise ModuleNotFoundError(name)

def no_network(*_):
    raise OSError("no network here")

sys.meta_path.insert(0, Absent())
socket.socket.connect = socket.getaddrinfo = no_network
runpy.run_module("retention", run_name="__main__")
"""


def test_a_certificate_is_checked_on_a_machine_without_airflow_and_network(certified: Path, tmp_path: Path) -> None:
    words = ["certificate", "verify", str(certified), "--key", str(certified.with_name("keys.pem"))]
    done = subprocess.run(
        [sys.executable, "-c", _ALONE, *words], env={"PYTHONPATH": str(INCLUDE), "HOME": str(tmp_path)}, capture_output=True,
        text=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "valid" in done.stdout


def test_a_changed_certificate_ends_with_1_and_says_what_differs(run: Run, certified: Path) -> None:
    certified.write_text(certified.read_text().replace('"gone": 1', '"gone": 2'))
    checked = run("certificate", "verify", str(certified), "--key", str(certified.with_name("keys.pem")), code=1)
    assert not checked["valid"] and any("statement/gone" in one for one in checked["problems"])


def test_a_certificate_of_a_customer(run: Run, certified: Path) -> None:
    out, now = certified.with_name("customer.json"), datetime.now(UTC)
    since = (now - timedelta(hours=1)).isoformat()
    words = ("certificate", "customer", "t1", "--since", since, "--out", str(out))
    assert run(*words, "--until", (now + DAY).isoformat(), code=2)
    run("ledger", "sign")
    assert run(*words, "--until", now.isoformat())["gone"] == 1
    assert run("certificate", "verify", str(out), "--key", str(certified.with_name("keys.pem")))["valid"]


@pytest.mark.parametrize("missing", ["run.json", "keys.pem"])
def test_files_that_can_t_be_read_are_said(run: Run, certified: Path, missing: str) -> None:
    certified.with_name(missing).unlink()
    words = ("certificate", "verify", str(certified), "--key", str(certified.with_name("keys.pem")))
    assert missing in run(*words, code=2)["message"]


def test_without_a_signed_head_nothing_is_certified(run: Run, world: World, key: Signer, tmp_path: Path) -> None:
    words = ("certificate", "run", str(uuid.uuid4()), "--out", str(tmp_path / "run.json"))
    assert "ledger sign" in run(*words, code=4)["message"]
    assert not (tmp_path / "run.json").exists()


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("key", "new"), id="new"),
        pytest.param(("key", "public"), id="public"),
    ],
)
def test_no_file_is_replaced(run: Run, key: Signer, tmp_path: Path, words: tuple[str, ...]) -> None:
    run("stop", "--reason", "test")
    run("ledger", "sign")
    there = tmp_path / "there"
    there.write_text("precious")
    assert "Nothing is replaced" in run(*words, "--out", str(there), code=2)["message"]
    assert there.read_text() == "precious"


def test_a_private_key_shows_nowhere(key: Signer) -> None:
    assert key.to_pem().splitlines()[1] not in repr(key) + repr(asdict(key)["key"])
