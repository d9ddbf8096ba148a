"""Items of which the store refuses some parts after others went: no refusal with nothing gone, and said so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from tests.world import DAY, Recording, World

from retention.connections import Resolver
from retention.datamap.loader import MappedPlace
from retention.disposal.execute import DisposalSummary, execute_plan
from retention.disposal.opening import open_stores
from retention.disposal.plan import PlanSummary
from retention.disposal.runtime import PlaceStores
from retention.errors import PartlyFailedError
from retention.stores.s3 import S3Store
from retention.stores.s3_client import client_factory

Plan = Callable[..., PlanSummary]
Reaction = Callable[..., AWSResponse | None]


class Raw:
    """What urllib3 would hand to botocore."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def stream(self, **_: Any) -> list[bytes]:
        return [self.body]


def refuse(world: World, key: str, kept: str, *going: str) -> Reaction:
    """Remove versions of the key one after the other; of `kept` the store says that it may not go."""

    def react(**_: Any) -> AWSResponse:
        for version in going:
            world.s3.delete_object(Bucket=world.bucket, Key=key, VersionId=version)
        entry = f"<Error><Key>{key}</Key><VersionId>{kept}</VersionId><Code>AccessDenied</Code></Error>"
        body = Raw(f"<DeleteResult>{entry}</DeleteResult>".encode())
        return AWSResponse("http://injected", 200, {"Content-Type": "application/xml"}, body)

    return react


def dispose(world: World, plan: PlanSummary, reaction: Reaction) -> DisposalSummary:
    """Execute the plan on a bucket whose deletions are answered like this."""

    def opened(place: MappedPlace, resolve: Resolver) -> PlaceStores:
        make = client_factory(resolve(place.store.disposal))

        def factory() -> Any:
            client = make()
            client.meta.events.register("before-send.s3.DeleteObjects", reaction)
            return client

        objects = S3Store(factory, place.spec.bucket, place.spec.prefixes)
        return replace(open_stores(place, resolve), objects=objects)

    with pytest.raises(PartlyFailedError) as raised:
        execute_plan(world.runtime(open_stores=opened), plan.plan_id, plan.digest)
    assert isinstance(raised.value.summary, DisposalSummary)
    return raised.value.summary


@pytest.fixture
def two_versions(world: World) -> tuple[Recording, str, str]:
    recording = world.add_recording(age=40 * DAY)
    listed = world.s3.list_object_versions(Bucket=world.bucket, Prefix=recording.key)["Versions"]
    return recording, str(listed[0]["VersionId"]), world.put(recording.key)


def remove_all(world: World, recording: Recording) -> None:
    """Somebody else takes what is left."""
    for version in world.s3.list_object_versions(Bucket=world.bucket, Prefix=recording.key).get("Versions", []):
        world.s3.delete_object(Bucket=world.bucket, Key=recording.key, VersionId=version["VersionId"])
    world.sql("DELETE FROM recordings WHERE recording_id = %s", recording.recording_id)


def test_what_went_in_part_is_ours_although_somebody_else_took_the_rest(
    world: World, plan: Plan, two_versions: tuple[Recording, str, str]
) -> None:
    recording, first, second = two_versions
    planned = plan()
    failed = dispose(world, planned, refuse(world, recording.key, first, second))
    assert (failed.failed, failed.failures) == (1, {"AccessDenied_in_part": 1})
    assert world.ledger("result")[-1]["failed"] == {"AccessDenied_in_part": 1}
    assert world.parts(recording.key) == 1 and world.has_row(recording)
    remove_all(world, recording)
    retried = execute_plan(world.runtime(), planned.plan_id, planned.digest)
    assert (retried.gone, retried.recovered, retried.spared) == (0, 1, {})


def test_a_later_refusal_of_the_rest_does_not_undo_what_went(
    world: World, plan: Plan, two_versions: tuple[Recording, str, str]
) -> None:
    recording, first, second = two_versions
    planned = plan()
    dispose(world, planned, refuse(world, recording.key, first, second))
    again = dispose(world, planned, refuse(world, recording.key, first))
    assert again.failures == {"AccessDenied_in_part": 1}
    remove_all(world, recording)
    plan()
    [entry] = world.ledger("recovery")
    assert (entry["recovered"], entry["already_gone"]) == (1, 0)


def test_a_refusal_of_which_nobody_knows_the_part_is_none_of_the_whole(
    world: World, plan: Plan, two_versions: tuple[Recording, str, str]
) -> None:
    recording, _first, second = two_versions
    planned = plan()
    failed = dispose(world, planned, refuse(world, recording.key, "another", second))
    assert failed.failures == {"AccessDenied_in_part": 1}


def test_a_refusal_of_all_parts_stays_one(world: World, plan: Plan, two_versions: tuple[Recording, str, str]) -> None:
    recording, first, second = two_versions
    planned = plan()

    def both(**_: Any) -> AWSResponse:
        entries = "".join(
            f"<Error><Key>{recording.key}</Key><VersionId>{one}</VersionId><Code>AccessDenied</Code></Error>"
            for one in (first, second)
        )
        body = Raw(f"<DeleteResult>{entries}</DeleteResult>".encode())
        return AWSResponse("http://injected", 200, {"Content-Type": "application/xml"}, body)

    assert dispose(world, planned, both).failures == {"AccessDenied": 1}
    remove_all(world, recording)
    retried = execute_plan(world.runtime(), planned.plan_id, planned.digest)
    assert (retried.gone, retried.recovered, retried.spared) == (0, 0, {"already_gone": 1})
