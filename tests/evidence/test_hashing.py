"""Keyed hashes name items and persons without telling them; the Merkle root tells one batch from every other."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.errors import RequestError
from retention.evidence.hashing import ItemHasher, merkle_root

KEY = bytes(range(32))
HASHER = ItemHasher(KEY)
texts = st.text(st.characters(codec="utf-8"))


@given(one=st.tuples(texts, texts), other=st.tuples(texts, texts))
def test_two_items_never_share_a_hash(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert (HASHER.item(*one) == HASHER.item(*other)) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(("ab", "c"), ("a", "bc"), id="border_between_the_parts"),
        pytest.param(("a", "\0b"), ("a\0", "b"), id="zero_bytes"),
        pytest.param(("a", ""), ("", "a"), id="empty_part"),
    ],
)
def test_border_between_place_and_item_counts(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert HASHER.item(*one) != HASHER.item(*other)


@given(key=st.binary(min_size=32, max_size=100), place=texts, item=texts)
def test_hash_is_the_standards_hmac_over_the_parts_with_their_lengths(key: bytes, place: str, item: str) -> None:
    parts = [part.encode() for part in ("item", place, item)]
    message = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    assert ItemHasher(key).item(place, item) == hmac.digest(key, message, "sha256")


def test_person_and_item_of_one_id_differ() -> None:
    assert HASHER.person("7") not in (HASHER.item("7", ""), HASHER.item("", "7"))


def test_without_the_key_nothing_can_be_tried_out() -> None:
    assert ItemHasher(bytes(32)).item("place", "7") != HASHER.item("place", "7")
    assert HASHER.item("place", "7") != hashlib.sha256(b"7").digest()


def test_key_is_named_but_not_told() -> None:
    assert HASHER.key_id != ItemHasher(bytes(32)).key_id
    assert KEY.hex() not in repr(HASHER) + HASHER.key_id
    assert repr(KEY) not in repr(HASHER)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param("", "found 0 bytes; expected at least 32", id="empty"),
        pytest.param("ab" * 31, "found 31 bytes; expected at least 32", id="too_short"),
        pytest.param("secret" * 20, "found no readable hex in the file", id="no_hex"),
        pytest.param("ä" * 64, "found no readable hex in the file", id="no_ascii"),
        pytest.param("abc" * 33, "found no readable hex in the file", id="half_a_byte"),
        pytest.param(None, "found no readable hex in the file", id="no_file"),
    ],
)
def test_unusable_key_is_refused_without_telling_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, message: str
) -> None:
    file = tmp_path / "hash.key"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    monkeypatch.setenv("RETENTION_HASH_KEY_FILE", str(file))
    with pytest.raises(RequestError) as error:
        ItemHasher.from_environment()
    assert message in str(error.value)
    assert "secret" not in str(error.value)


def test_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RETENTION_HASH_KEY_FILE", raising=False)
    with pytest.raises(RequestError, match="found no environment variable RETENTION_HASH_KEY_FILE"):
        ItemHasher.from_environment()


def test_key_is_read_from_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hash.key").write_text(f"{KEY.hex()}\n")
    monkeypatch.setenv("RETENTION_HASH_KEY_FILE", str(tmp_path / "hash.key"))
    assert ItemHasher.from_environment() == HASHER


def _leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def test_merkle_root_of_small_trees_by_hand() -> None:
    a, b, c = b"a", b"b", b"c"
    assert merkle_root([]) == hashlib.sha256(b"").digest()
    assert merkle_root([a]) == _leaf(a)
    assert merkle_root([a, b]) == _node(_leaf(a), _leaf(b))
    assert merkle_root([a, b, c]) == _node(_node(_leaf(a), _leaf(b)), _leaf(c))


def test_merkle_root_of_the_certificate_transparency_test_vectors() -> None:
    leaves = [
        bytes.fromhex(text)
        for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
    ]
    assert merkle_root(leaves).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@given(st.lists(st.binary(max_size=8), max_size=20), st.data())
def test_any_change_changes_the_root(leaves: list[bytes], data: st.DataObject) -> None:
    other = data.draw(st.lists(st.binary(max_size=8), max_size=20) | st.permutations(leaves))
    assert (merkle_root(leaves) == merkle_root(other)) == (leaves == other)


def test_large_batch_has_a_root() -> None:
    assert len(merkle_root([number.to_bytes(4, "big") for number in range(5_000)])) == 32
