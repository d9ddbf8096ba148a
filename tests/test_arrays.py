"""Arrays reach PostgreSQL element by element as they are, whatever characters they have."""

from __future__ import annotations

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retention.arrays import text_array

# No surrogates, which have no UTF-8, and no zero, which PostgreSQL doesn't have.
texts = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")))


@pytest.mark.parametrize("ids", [[], [""], ["NULL", "{a,b}", " a ", 'a"b\\c', "\\\\", '"', "a,b", "ä\n"]])
def test_what_postgresql_reads_is_what_was_meant(database: str, ids: list[str]) -> None:
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT %s::text[]", (text_array(ids),)).fetchone() == (ids,)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ids=texts)
def test_any_text_stays_itself(database: str, ids: list[str]) -> None:
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT %s::text[]", (text_array(ids),)).fetchone() == (ids,)


@pytest.mark.parametrize("ids", [["a\0b"], ["a", "\0"], ["\0", "", "b"]])
def test_zero_character_never_makes_two_ids_of_one(ids: list[str]) -> None:
    with pytest.raises(ValueError, match="zero character"):
        text_array(ids)
