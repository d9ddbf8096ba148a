"""One bucket reached by two connections: where their prefixes overlap, an object would have two rules, and nothing may go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.world import DAY, World

from retention.connections import Connection
from retention.datamap.loader import DataMap, MappedPlace
from retention.disposal.execute import execute_plan
from retention.disposal.plan import PlanSummary
from retention.errors import DataMapError
from retention.stores.s3_client import server_of

Plan = Callable[..., PlanSummary]


def beside(world: World, connection: Connection, **spec: Any) -> dict[str, Any]:
    """The world with a second place of another category, through another connection."""
    place = world.datamap.places["call_recordings"]
    second: MappedPlace = replace(
        place,
        name="voicemails",
        spec=place.spec.model_copy(update={"category": "voicemail", "connection": "mail_s3"} | spec),
        store=place.store.model_copy(update={"disposal": "mail_s3", "verification": "mail_s3_verify"}),
    )
    connections = world.connections | {"mail_s3": connection}
    datamap: DataMap = replace(world.datamap, places=world.datamap.places | {"voicemails": second})
    return {"datamap": datamap, "resolve": connections.__getitem__}


def same_server(world: World) -> Connection:
    """Another identity, another name for this machine."""
    s3 = world.connections["company_s3"]
    endpoint = str(s3.extra["endpoint_url"]).replace("127.0.0.1", "LOCALHOST") + "/"
    return Connection("mail_s3", "aws", login="x", password="y", extra={**s3.extra, "endpoint_url": endpoint})


@pytest.mark.parametrize("prefixes", [("recordings/",), ("other/", "recordings/t1/"), ("rec",)])
def test_overlapping_prefixes_of_two_connections_are_refused_and_nothing_goes(
    world: World, plan: Plan, prefixes: tuple[str, ...]
) -> None:
    recording = world.add_recording(age=40 * DAY)
    planned = plan()
    changed = beside(world, same_server(world), prefixes=prefixes)
    refused = "'call_recordings' .* 'voicemails' .* the same bucket on the same server"
    with pytest.raises(DataMapError, match=refused):
        plan(**changed)
    digest = changed["datamap"].digest
    world.own_sql("UPDATE retention.plans SET map_digest = %s", digest)
    with pytest.raises(DataMapError, match=refused):
        execute_plan(world.runtime(**changed), planned.plan_id, planned.digest)
    assert world.is_there(recording)


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({"prefixes": ("voicemails/",)}, id="other_prefixes"),
        pytest.param({"bucket": "another"}, id="another_bucket"),
    ],
)
def test_places_that_share_no_object_may_share_a_server(world: World, plan: Plan, spec: dict[str, Any]) -> None:
    world.add_recording(age=40 * DAY)
    assert plan(**beside(world, same_server(world), **spec)).due == 1


def test_a_bucket_of_the_same_name_on_another_server_is_another_bucket(world: World, plan: Plan) -> None:
    elsewhere = Connection("mail_s3", "aws", login="x", password="y", extra={"endpoint_url": "http://127.0.0.1:1"})
    world.add_recording(age=40 * DAY)
    assert plan(**beside(world, elsewhere)).due == 1


@pytest.mark.parametrize(
    ("extra", "server"),
    [
        pytest.param({"region_name": "eu-central-1"}, "AWS", id="aws"),
        pytest.param(
            {"region_name": "us-east-1", "endpoint_url": "https://s3.us-east-1.amazonaws.com"}, "AWS", id="named"
        ),
        pytest.param({"endpoint_url": "https://S3.Example.com:443/"}, "s3.example.com:443", id="port_of_https"),
        pytest.param({"endpoint_url": "http://s3.example.com"}, "s3.example.com:80", id="port_of_http"),
        pytest.param({"endpoint_url": "http://[::1]:8333"}, "localhost:8333", id="this_machine"),
    ],
)
def test_a_server_is_told_by_host_and_port(extra: dict[str, str], server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert server_of(Connection("s3", "aws", login="x", password="y", extra=extra)) == server


def test_an_endpoint_of_the_environment_counts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://minio.internal:9000")
    assert server_of(Connection("s3", "aws", login="x", password="y")) == "minio.internal:9000"
