"""The embedded servers, for real: started twice, killed, half made, side by side, where only root may enter."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from retention.local import proc, processes
from retention.local.ports import is_free
from retention.local.postgres_server import PostgresServer
from retention.local.processes import ProcessIdentity, StackError
from retention.local.s3_server import S3Server

FAST = {"fsync": "off"}
Server = PostgresServer | S3Server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """pytest's own folders are for root alone, so as root this is also the test that PostgreSQL copes with it."""
    return tmp_path


@pytest.fixture
def postgres(folder: Path) -> Iterator[PostgresServer]:
    server = PostgresServer(folder / "postgres", settings=FAST)
    yield server
    server.stop()


@pytest.fixture
def s3(folder: Path) -> Iterator[S3Server]:
    server = S3Server(folder / "s3")
    yield server
    server.stop(patience_s=0)


def identity_of(server: Server) -> ProcessIdentity:
    found = processes.read_identity(next(server.folder.glob("*.pid.json")))
    assert found is not None
    return found


def kill(server: Server) -> None:
    identity = identity_of(server)
    identity.signal(signal.SIGKILL)
    until = time.monotonic() + 10
    while identity.is_running():
        assert time.monotonic() < until
        time.sleep(0.01)


def keep_row(server: PostgresServer) -> None:
    with psycopg.connect(server.conninfo(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (id int)")


def has_row(server: PostgresServer) -> bool:
    with psycopg.connect(server.conninfo()) as connection:
        return connection.execute("SELECT to_regclass('kept') IS NOT NULL").fetchone() == (True,)


def keep_object(server: S3Server) -> None:
    client = server.client()
    client.create_bucket(Bucket="kept")
    client.put_object(Bucket="kept", Key="a b/ü+%", Body=b"kept")
    client.close()


def has_object(server: S3Server) -> bool:
    client = server.client()
    body: bytes = client.get_object(Bucket="kept", Key="a b/ü+%")["Body"].read()
    client.close()
    return body == b"kept"


KEPT: dict[str, tuple[Callable[[Any], None], Callable[[Any], bool]]] = {
    "postgres": (keep_row, has_row),
    "s3": (keep_object, has_object),
}


@pytest.fixture(params=["postgres", "s3"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(kind: str, request: pytest.FixtureRequest) -> Server:
    started: Server = request.getfixturevalue(kind)
    started.start()
    return started


def test_second_start_leaves_the_running_server_alone(server: Server, folder: Path, kind: str) -> None:
    before = identity_of(server)
    type(server)(folder / kind).start()
    assert identity_of(server) == before


def test_stop_and_start_keep_data_address_and_credentials(server: Server, kind: str) -> None:
    keep, has = KEPT[kind]
    keep(server)
    address = (server.folder / "ports.json").read_text()
    server.stop()
    assert not server.is_running()
    server.start()
    assert has(server)
    assert (server.folder / "ports.json").read_text() == address


def test_killed_server_comes_back_with_its_data(server: Server, kind: str) -> None:
    keep, has = KEPT[kind]
    keep(server)
    kill(server)
    server.start()
    assert has(server)


def test_server_that_was_never_written_down_is_replaced(server: Server) -> None:
    """As when `make run` is killed between starting a server and noting it."""
    before = identity_of(server)
    next(server.folder.glob("*.pid.json")).unlink()
    server.start()
    assert not before.is_running()
    assert identity_of(server) != before


def test_stale_record_never_ends_somebody_elses_process(server: Server) -> None:
    """The recorded id is in use again, by us: another start time, so it is not what was started."""
    server.stop()
    record = server.folder / f"{'postgres' if isinstance(server, PostgresServer) else 'weed'}.pid.json"
    processes.write_identity(record, ProcessIdentity(os.getpid(), 1, proc.boot_id()))
    assert not server.is_running()
    server.start()
    assert server.is_running()


def test_taken_port_is_left_and_the_data_moves_along(server: Server, kind: str) -> None:
    keep, has = KEPT[kind]
    keep(server)
    server.stop()
    before: dict[str, int] = json.loads((server.folder / "ports.json").read_text())
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", min(before.values())))
        other.listen()
        server.start()
        assert has(server)
        assert json.loads((server.folder / "ports.json").read_text()) != before


def test_sockets_of_a_killed_server_go_even_where_its_ports_are_replaced(s3: S3Server) -> None:
    s3.start()
    before: dict[str, int] = json.loads((s3.folder / "ports.json").read_text())
    kill(s3)

    def left() -> list[Path]:
        return [path for port in before.values() for path in Path("/tmp").glob(f"seaweedfs-*-{port}.sock")]

    assert left() != []
    until = time.monotonic() + 30
    while not all(map(is_free, before.values())):  # what was killed has still to be taken apart
        assert time.monotonic() < until
        time.sleep(0.05)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", min(before.values())))
        other.listen()
        s3.start()
    assert left() == []


def test_servers_side_by_side_do_not_meet(server: Server, folder: Path, kind: str) -> None:
    other = type(server)(folder / "other")
    other.start()
    try:
        keep, has = KEPT[kind]
        keep(server)
        assert has(server)
        if isinstance(other, PostgresServer):
            assert not has(other)
        else:
            client = other.client()
            assert client.list_buckets()["Buckets"] == []
            client.close()
    finally:
        other.stop(patience_s=5 if isinstance(other, PostgresServer) else 0)


def test_stop_leaves_no_process_and_no_socket(server: Server) -> None:
    session = identity_of(server).pid
    ports = set(json.loads((server.folder / "ports.json").read_text()).values())
    server.stop()
    assert [stat_.pid for stat_ in proc.everybody() if session in {stat_.session, stat_.parent}] == []
    assert [
        path for path in Path("/tmp").glob("seaweedfs-*.sock") if any(str(port) in path.name for port in ports)
    ] == []


def test_everything_listens_on_loopback_only(server: Server) -> None:
    inodes = {
        os.readlink(path)[8:-1]
        for path in Path(f"/proc/{identity_of(server).pid}/fd").iterdir()
        if os.readlink(path).startswith("socket:")
    }
    listening = [
        fields[1]
        for table in ("tcp", "tcp6")
        for fields in map(str.split, Path(f"/proc/net/{table}").read_text().splitlines()[1:])
        if fields[3] == "0A" and fields[9] in inodes
    ]
    assert listening
    assert [address for address in listening if not address.startswith("0100007F:")] == []


def test_secrets_are_for_the_owner_alone(server: Server) -> None:
    secret = [server.folder / name for name in ("superuser.password", "identities.json", "security.toml")]
    modes = {stat.S_IMODE(path.stat().st_mode) for path in secret if path.exists()}
    assert modes == {0o600}


def test_postgres_asks_for_a_password(postgres: PostgresServer) -> None:
    postgres.start()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(postgres.conninfo(password="wrong"))


def test_interrupted_initdb_is_begun_again(postgres: PostgresServer) -> None:
    (postgres.folder / "data" / "base").mkdir(parents=True)
    (postgres.folder / "partial").mkdir()
    postgres.start()
    assert postgres.is_running()


def test_s3_refuses_unknown_keys_and_its_filer_unsigned_requests(s3: S3Server) -> None:
    s3.start()
    filer = json.loads((s3.folder / "ports.json").read_text())["filer"]
    for address, status in ((s3.endpoint_url, 403), (f"http://127.0.0.1:{filer}/buckets/", 401)):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(address)
        refused.value.close()
        assert refused.value.code == status


def test_server_that_ends_at_once_gives_one_line_with_its_log(folder: Path) -> None:
    PostgresServer(folder / "postgres").start()
    PostgresServer(folder / "postgres").stop()
    broken = PostgresServer(folder / "postgres", settings={"shared_buffers": "no number"})
    with pytest.raises(StackError, match=r"did not come up; the reason is at the end of .*postgres\.log") as error:
        broken.start()
    assert "\n" not in str(error.value)
    assert "shared_buffers" in broken.log.read_text()
    assert not broken.is_running()
