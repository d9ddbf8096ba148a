"""What belongs to a row goes with it only where the database itself knows that it does."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.table_world import MAP, TableWorld
from tests.world import DAY

from retention.errors import DataMapError

OF_CONTACTS = "    identifiers: {email: email, phone: phone}\n"


def add_notes(tables: TableWorld, folder: Path) -> None:
    """Map the table `notes` as what belongs to contacts."""
    notes = "    dependents: [{table: public.notes, column: owner_id}]\n"
    tables.remap(folder, MAP.replace(OF_CONTACTS, OF_CONTACTS + notes))


@pytest.mark.parametrize(
    "owner_id",
    [
        pytest.param("bigint", id="no_key"),
        pytest.param("bigint REFERENCES leads", id="key_to_another_table"),
        pytest.param("bigint REFERENCES contacts (lead_id)", id="key_to_another_column"),
    ],
)
def test_a_dependent_that_may_belong_to_others_is_refused(tables: TableWorld, tmp_path: Path, owner_id: str) -> None:
    tables.sql("CREATE TABLE leads (lead_id bigint PRIMARY KEY)")
    tables.sql("ALTER TABLE contacts ADD lead_id bigint UNIQUE")
    tables.sql(f"CREATE TABLE notes (owner_type text, owner_id {owner_id})")
    add_notes(tables, tmp_path / "map_2")
    with pytest.raises(DataMapError, match=r"unsure_dependent.*owner_id without"):
        tables.plan("marketing")
    tables.sql("ALTER TABLE notes ADD FOREIGN KEY (owner_id) REFERENCES contacts")
    assert tables.plan("marketing").due == 0


def test_a_key_that_older_rows_may_break_is_no_proof(tables: TableWorld, tmp_path: Path) -> None:
    tables.sql("CREATE TABLE notes (owner_id bigint)")
    tables.sql("ALTER TABLE notes ADD CONSTRAINT of_contact FOREIGN KEY (owner_id) REFERENCES contacts NOT VALID")
    add_notes(tables, tmp_path / "map_2")
    with pytest.raises(DataMapError, match="unsure_dependent"):
        tables.plan("marketing")
    tables.sql("ALTER TABLE notes VALIDATE CONSTRAINT of_contact")
    assert tables.plan("marketing").due == 0


def test_a_uuid_needs_no_key_unless_it_has_one_to_another_table(tables: TableWorld) -> None:
    tables.sql("ALTER TABLE segments DROP CONSTRAINT segments_transcript_id_fkey")
    tables.add_contract("t1", 40 * DAY)
    tables.add_transcript("t1")
    assert tables.dispose("transcript").gone == 1
    tables.sql("CREATE TABLE letters (letter_id uuid PRIMARY KEY)")
    tables.sql("ALTER TABLE segments ADD FOREIGN KEY (transcript_id) REFERENCES letters")
    with pytest.raises(DataMapError, match="unsure_dependent"):
        tables.plan("transcript")


@pytest.mark.parametrize(
    "index",
    [
        pytest.param("UNIQUE (transcript_id, number)", id="of_several_columns"),
        pytest.param("EXCLUDE USING btree (number WITH =) WHERE (number > 10)", id="of_some_rows"),
    ],
)
def test_numbers_that_count_within_their_row_lead_to_no_dependents(
    tables: TableWorld, tmp_path: Path, index: str
) -> None:
    """Part 1 of a due transcript is not part 1 of another."""
    tables.sql(f"CREATE TABLE parts (transcript_id uuid REFERENCES transcripts, number int, {index})")
    tables.sql("CREATE TABLE words (number int)")
    parts = (
        "      - table: public.parts\n        column: transcript_id\n        id_column: number\n"
        "        dependents: [{table: public.words, column: number}]\n"
    )
    tables.remap(
        tmp_path / "map_2",
        MAP.replace("    facts: {items: transcripts.sql", parts + "    facts: {items: transcripts.sql"),
    )
    with pytest.raises(DataMapError, match=r"unsure_dependent[^§]*id_not_unique.*parts\.number"):
        tables.plan("transcript")
    tables.sql("ALTER TABLE parts ADD PRIMARY KEY (number)")
    tables.sql("ALTER TABLE words ADD FOREIGN KEY (number) REFERENCES parts")
    assert tables.plan("transcript").due == 0
