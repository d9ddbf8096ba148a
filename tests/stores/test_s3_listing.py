"""Complete listings from servers that sort by key and from servers that sort by directory."""

from __future__ import annotations

from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.stores.filer_order import FilerOrderServer

from retention.errors import StoreUnreadable
from retention.stores.s3_client import S3Requests
from retention.stores.s3_listing import VersionListing
from retention.stores.s3_pages import as_listed

names = st.text(alphabet="ab-./ ~\x01", min_size=1, max_size=6).filter(
    lambda key: "//" not in key and not key.startswith("/") and not key.endswith("/")
)
buckets = st.dictionaries(names.map("p/".__add__), st.integers(1, 3), max_size=25).map(
    lambda counts: {key: [f"v{number}" for number in range(count)] for key, count in counts.items()}
)
KINDS: dict[str, dict[str, bool]] = {
    "by_key": {"sorts_by_key": True},
    "by_directory": {"sorts_by_key": False},
    "by_directory_unencoded": {"sorts_by_key": False, "encodes": False},
}
kinds = pytest.mark.parametrize("kind", KINDS)


def listing(server: FilerOrderServer, page_entries: int) -> VersionListing:
    return VersionListing(cast(S3Requests, server), page_entries=page_entries)


def contents(server: FilerOrderServer) -> list[tuple[str, str]]:
    return sorted((key, version) for key, versions in server.versions.items() for version in versions)


@kinds
@settings(max_examples=200, deadline=None)
@given(versions=buckets, page_entries=st.integers(2, 12), prefix=st.sampled_from(["", "p", "p/", "p/a"]))
def test_a_scan_lists_every_version_once_or_fails(
    kind: str, versions: dict[str, list[str]], page_entries: int, prefix: str
) -> None:
    server = FilerOrderServer(versions, **KINDS[kind])
    expected = [part for part in contents(server) if part[0].startswith(prefix)]
    try:
        listed = listing(server, page_entries).scan(prefix)
        found = [(part.key, part.part_id) for part in listed if part.key.startswith(prefix)]
    except StoreUnreadable:
        assert kind != "by_key", "a server that sorts by key can always be listed"
        return
    assert sorted(found) == (sorted((as_listed(key), part) for key, part in expected) if "un" in kind else expected)


@kinds
@settings(max_examples=200, deadline=None)
@given(versions=buckets, page_entries=st.integers(2, 12), data=st.data())
def test_wanted_keys_are_found_with_all_versions_or_not_at_all(
    kind: str, versions: dict[str, list[str]], page_entries: int, data: st.DataObject
) -> None:
    server = FilerOrderServer(versions, **KINDS[kind])
    stored = st.sampled_from(sorted(versions)) if versions else st.nothing()
    wanted = data.draw(st.lists(st.one_of(stored, names.map("p/".__add__)), max_size=8))
    expected = [part for part in contents(server) if part[0] in wanted]
    try:
        found = [(part.key, part.part_id) for part, _ in listing(server, page_entries).find(wanted)]
    except StoreUnreadable:
        assert kind != "by_key", "a server that sorts by key can always be listed"
        return
    assert sorted(found) == expected


LAYOUTS = [
    pytest.param(
        [f"r/{tenant}/{n:04}.wav" for tenant in ("acme", "acme-berlin") for n in range(70)], id="tenant_prefix"
    ),
    pytest.param([f"r/call-{n:05}.wav" for n in range(300)] + ["r/call"], id="shared_stem_and_its_name"),
    pytest.param([f"r/tenant-{n:04}/1.wav" for n in range(250)] + ["r/tenant/1.wav"], id="many_directories"),
    pytest.param([f"r/{n:05}.wav{suffix}" for n in range(90) for suffix in ("", ".bak", "-old")], id="suffixes"),
    pytest.param([f"r/{'x' * n}" for n in range(1, 90)] + [f"r/{'x' * n}-1" for n in range(1, 90)], id="nested_stems"),
]


@pytest.mark.parametrize("keys", LAYOUTS)
def test_layouts_that_sort_in_two_ways_are_listed_completely(keys: list[str]) -> None:
    server = FilerOrderServer({key: ["v1"] for key in keys})
    complete = listing(server, 100)
    assert sorted(part.key for part in complete.scan("r/")) == sorted(keys)
    assert sorted(part.key for part, _ in complete.find([*keys, "r/absent", "r/acme/0000"])) == sorted(keys)


def test_the_simulated_server_loses_entries_as_the_real_one_does() -> None:
    keys = [f"r/{tenant}/{n:04}.wav" for tenant in ("acme", "acme-berlin") for n in range(700)]
    server = FilerOrderServer({key: ["v1"] for key in keys})
    assert len(list(listing(server, 1000)._scan_in_order("r/"))) == 1_001
    assert sorted(part.key for part in listing(server, 1000).scan("r/")) == sorted(keys)


def test_one_wanted_key_in_a_huge_directory_costs_few_pages() -> None:
    server = FilerOrderServer({f"r/{n:05}.wav": ["v1"] for n in range(20_000)})
    found = [part.key for part, _ in listing(server, 1000).find(["r/12345.wav", "r/12345.mp3"])]
    assert found == ["r/12345.wav"]
    assert server.pages <= 3


def test_a_key_with_more_versions_than_a_page_is_found_whole() -> None:
    server = FilerOrderServer({"r/a": [f"v{n:05}" for n in range(2_500)], "r/a-b": ["v"], "r/b": ["v"]})
    assert len(list(listing(server, 1000).find(["r/a"]))) == 2_500
    assert len(list(listing(server, 1000).scan("r/"))) == 2_502
