"""Which holds cover an item: verification's own index agrees with the rules' own function on anything that can be made up."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.policy.facts import Hold, ItemFacts
from retention.policy.holds import covers, is_second_person
from retention.verification.holds import HoldIndex, HoldScope, approval

NOW = datetime(2026, 3, 1, tzinfo=UTC)
tenants = st.sampled_from(["nord", "süd"])
persons = st.sampled_from(["p1", "p2"])
names = st.sampled_from(["i1", "i2", "k1"])
places = st.sampled_from(["call_recordings", "voicemail"])


@st.composite
def scopes(draw: st.DrawFn) -> HoldScope:
    item = draw(st.none() | names)
    return HoldScope(
        hold_id=UUID(int=draw(st.integers(0, 2**64))),
        category=draw(st.sampled_from([None, "audio", "logs"])),
        tenant_id=draw(st.none() | tenants),
        person_id=draw(st.none() | persons),
        place=draw(places) if item is not None else draw(st.none() | places),
        item_id=item,
        until=NOW,
        approval="approved",
    )


@given(
    st.lists(scopes(), max_size=8, unique_by=lambda scope: scope.hold_id),
    places,
    st.sampled_from(["i1", "i2"]),
    st.none() | tenants,
    st.none() | persons,
    st.booleans(),
)
def test_index_finds_what_covers_the_item(
    holds: list[HoldScope], place: str, item_id: str, tenant: str | None, person: str | None, known: bool
) -> None:
    person = person if known else None
    item = ItemFacts(place, item_id, tenant, {}, object_key="k1", person_id=person, person_known=known)
    expected = {
        scope.hold_id
        for scope in holds
        if covers(
            Hold(
                hold_id=str(scope.hold_id),
                requested_by="a",
                approved_by="b",
                effective_at=NOW,
                ends_at=NOW,
                category=scope.category,
                tenant_id=scope.tenant_id,
                person_id=scope.person_id,
                place=scope.place,
                item_id=scope.item_id,
                started_from=NOW,  # so that it has a scope in any case; the item's own start is unknown and fits
            ),
            item,
            "audio",
            None,
        )
    }
    index = HoldIndex(holds, "audio")
    for _ in range(2):  # the second answer comes from what the first one remembered
        assert set(index.covering(place, (item_id, "k1"), tenant, person, person_known=known).all) == expected


SAME_PERSON = ["anna", "Anna ", "A\u200bnna", "\uff21nna", "an\u00adna", "\u00a0anna\t", "ANNA\u2060"]


@pytest.mark.parametrize("approver", SAME_PERSON)
@pytest.mark.parametrize("requester", SAME_PERSON)
def test_spelling_makes_no_second_person(approver: str, requester: str) -> None:
    assert approval(approver, requester) == "self_approved"


def test_letters_that_fold_together_are_one_person() -> None:
    assert approval("Straße", "STRASSE") == "self_approved"


@pytest.mark.parametrize("nobody", [None, "", " ", "\u200b", "\x00\u00a0"])
def test_nobody_is_no_second_person(nobody: str | None) -> None:
    assert approval(nobody, "anna") == "unapproved"


@given(st.text(max_size=6), st.text(max_size=6))
def test_check_and_rules_know_the_same_second_persons(approver: str, requester: str) -> None:
    assert (approval(approver, requester) == "approved") is is_second_person(approver, requester)


def test_hold_on_an_item_without_a_row_may_mean_any_object_without_a_row() -> None:
    scope = HoldScope(UUID(int=1), None, "nord", None, "call_recordings", "i9", NOW, "approved")
    index = HoldIndex([scope], "audio")
    index.lose(["i9"])
    of = {
        "orphan": index.covering("call_recordings", ("k1",), "nord", None, person_known=False, has_row=False),
        "with a row": index.covering("call_recordings", ("i1", "k1"), "nord", None, person_known=True),
        "whose row knows no call": index.covering("call_recordings", ("i1", "k1"), "nord", None, person_known=False),
        "of another tenant": index.covering("call_recordings", ("k1",), "süd", None, person_known=False, has_row=False),
    }
    nobody: tuple[list[UUID], list[UUID]] = ([], [])
    assert of == {
        "orphan": ([UUID(int=1)], []),
        "with a row": nobody,
        "whose row knows no call": nobody,
        "of another tenant": nobody,
    }
