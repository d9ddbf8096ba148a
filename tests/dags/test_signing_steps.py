"""The task that signs the ledger, reached as in Airflow."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.audio_alone import audio_policies
from tests.dags.test_steps import as_json
from tests.world import World

from retention import database
from retention.connections import Connection
from retention.evidence import ledger
from retention.evidence.signing import FILE_VARIABLE, VARIABLE, Signer
from retention.evidence.tree_heads import heads_of
from retention.orchestration import signing_steps, words


@pytest.fixture
def company(world: World, locked_bucket: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A locked bucket, connected; a ledger with one entry; no key yet."""
    monkeypatch.setenv("RETENTION_DATAMAP", str(tmp_path / "datamap"))
    monkeypatch.setenv("RETENTION_POLICIES", str(audio_policies(tmp_path / "policies")))
    monkeypatch.setenv("AIRFLOW_CONN_RETENTION_DB", as_json(world.connections["retention_db"]))
    monkeypatch.setenv("AIRFLOW_CONN_RETENTION_ANCHOR", as_json(locked_bucket))
    for variable in (FILE_VARIABLE, VARIABLE, "AIRFLOW_VAR_RETENTION_SIGNING_KEY"):
        monkeypatch.delenv(variable, raising=False)
    world.set_mode("enforce")
    with database.connect(world.own) as own:
        ledger.append(own, "note", {})
    return world


def test_the_ledger_is_signed_and_anchored(company: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "signing.key"
    file.write_text(Signer.new().to_pem(), encoding="ascii")
    monkeypatch.setenv(FILE_VARIABLE, str(file))
    signed = signing_steps.sign_ledger()
    assert words.of_signing(signed) == "3 entries signed, 1 head anchored"
    assert json.loads(json.dumps(signed)) == signed


def test_the_key_may_come_from_a_secrets_backend(company: World, monkeypatch: pytest.MonkeyPatch) -> None:
    signer = Signer.new()
    monkeypatch.setenv("AIRFLOW_VAR_RETENTION_SIGNING_KEY", signer.to_pem())
    assert signing_steps.sign_ledger()["key"] == signer.key_id


def test_without_a_key_the_task_fails_at_once(company: World) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    with pytest.raises(AirflowFailException, match="key new"):
        signing_steps.sign_ledger()
    with database.connect(company.own) as own:
        assert heads_of(own) == []
