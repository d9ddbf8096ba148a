"""What a deletion would take along or change beyond the rows that it names: refused before anything goes."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.disposal.partition_log import Logs
from tests.table_world import MAP, TableWorld
from tests.world import DAY

from retention.errors import DataMapError

ON_DELETE = pytest.mark.parametrize("on_delete", ["CASCADE", "SET NULL", "SET DEFAULT"])


@ON_DELETE
@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(
            "CREATE TABLE notes (segment_id uuid REFERENCES segments ON DELETE {})", id="of_a_table_nobody_mapped"
        ),
        pytest.param("ALTER TABLE transcripts ADD follows uuid REFERENCES transcripts ON DELETE {}", id="to_itself"),
        pytest.param("ALTER TABLE segments ADD quotes uuid REFERENCES transcripts ON DELETE {}", id="second_key"),
        pytest.param(
            "ALTER TABLE transcripts ADD best uuid REFERENCES segments ON DELETE {}", id="the_other_way_round"
        ),
        pytest.param("ALTER TABLE embeddings ADD of uuid REFERENCES transcripts ON DELETE {}", id="past_a_table"),
    ],
)
def test_a_key_that_cascades_to_other_rows_is_refused(tables: TableWorld, statement: str, on_delete: str) -> None:
    tables.sql(statement.format(on_delete))
    with pytest.raises(DataMapError, match="cascading_delete"):
        tables.plan("transcript")


def test_a_key_to_another_column_than_the_mapped_one_is_refused(tables: TableWorld) -> None:
    tables.sql("ALTER TABLE transcripts ADD draft_id uuid UNIQUE")
    tables.sql(
        "ALTER TABLE segments ADD FOREIGN KEY (transcript_id) REFERENCES transcripts (draft_id) ON DELETE CASCADE"
    )
    with pytest.raises(DataMapError, match="cascading_delete"):
        tables.plan("transcript")


@ON_DELETE
def test_the_mapped_relation_may_cascade(tables: TableWorld, on_delete: str) -> None:
    tables.sql("ALTER TABLE segments DROP CONSTRAINT segments_transcript_id_fkey")
    tables.sql(f"ALTER TABLE segments ADD FOREIGN KEY (transcript_id) REFERENCES transcripts ON DELETE {on_delete}")
    tables.add_contract("t1", 40 * DAY)
    tables.add_transcript("t1")
    assert tables.dispose("transcript").gone == 1
    assert (tables.count("segments"), tables.count("embeddings")) == (0, 0)


def test_a_key_of_several_columns_may_cascade_along_the_mapped_one(tables: TableWorld) -> None:
    tables.sql("ALTER TABLE transcripts ADD UNIQUE (tenant_id, transcript_id)")
    tables.sql("ALTER TABLE segments ADD tenant_id text")
    tables.sql(
        "ALTER TABLE segments ADD FOREIGN KEY (tenant_id, transcript_id) "
        "REFERENCES transcripts (tenant_id, transcript_id) ON DELETE CASCADE"
    )
    assert tables.plan("transcript").due == 0


def test_a_dependent_in_partitions_may_cascade_along_the_mapped_column(tables: TableWorld) -> None:
    tables.sql("DROP TABLE embeddings")
    tables.sql(
        "CREATE TABLE embeddings (segment_id uuid NOT NULL REFERENCES segments ON DELETE CASCADE) PARTITION BY HASH (segment_id)"
    )
    tables.sql("CREATE TABLE embeddings_0 PARTITION OF embeddings FOR VALUES WITH (MODULUS 1, REMAINDER 0)")
    assert tables.plan("transcript").due == 0


def test_a_changed_key_that_cascades_is_refused_where_rows_become_anonymous(tables: TableWorld) -> None:
    tables.sql("ALTER TABLE usage_events ADD UNIQUE (ip)")
    tables.sql("CREATE TABLE visitors (ip text REFERENCES usage_events (ip) ON UPDATE CASCADE)")
    with pytest.raises(DataMapError, match="cascading_delete"):
        tables.plan("usage")


@pytest.mark.parametrize("table", ["transcripts", "embeddings"])
def test_a_table_whose_deletions_are_rewritten_is_refused(tables: TableWorld, table: str) -> None:
    tables.sql(f"CREATE RULE more AS ON DELETE TO {table} DO ALSO DELETE FROM usage_events")
    with pytest.raises(DataMapError, match="rewritten_delete"):
        tables.plan("transcript")


@pytest.mark.parametrize("table", ["transcripts", "embeddings"])
def test_a_table_from_which_another_inherits_is_refused(tables: TableWorld, table: str) -> None:
    tables.sql(f"CREATE TABLE older () INHERITS ({table})")
    with pytest.raises(DataMapError, match="inherited_table"):
        tables.plan("transcript")


@pytest.mark.parametrize(
    "behind",
    [
        pytest.param("CREATE VIEW of_notes AS SELECT * FROM notes", id="view"),
        pytest.param("CREATE MATERIALIZED VIEW of_notes AS SELECT * FROM notes", id="materialised_view"),
        pytest.param(
            "CREATE FOREIGN DATA WRAPPER none; CREATE SERVER elsewhere FOREIGN DATA WRAPPER none; "
            "CREATE FOREIGN TABLE of_notes (note_id uuid, transcript_id uuid) SERVER elsewhere",
            id="foreign_table",
        ),
    ],
)
def test_what_leads_to_rows_that_stand_elsewhere_is_refused(tables: TableWorld, tmp_path: Path, behind: str) -> None:
    """An invoice would go with its note, without a word."""
    tables.sql("CREATE TABLE notes (note_id uuid PRIMARY KEY, transcript_id uuid NOT NULL)")
    tables.sql("CREATE TABLE invoices (note_id uuid REFERENCES notes ON DELETE CASCADE)")
    for statement in behind.split("; "):
        tables.sql(statement)
    segments = "      - table: public.segments"
    of_notes = f"      - {{table: public.of_notes, column: transcript_id}}\n{segments}"
    tables.remap(tmp_path / "map_2", MAP.replace(segments, of_notes))
    with pytest.raises(DataMapError, match="not_a_table"):
        tables.plan("transcript")


@ON_DELETE
@pytest.mark.parametrize("to", ["request_log", "partition"])
def test_partitions_whose_rows_take_others_along_are_refused(logs: Logs, to: str, on_delete: str) -> None:
    logs.table.sql("ALTER TABLE request_log ADD PRIMARY KEY (id, logged_at)")
    partition = logs.add(20)
    logs.table.sql(
        "CREATE TABLE invoices (id bigint, logged_at timestamptz, "
        f"FOREIGN KEY (id, logged_at) REFERENCES {partition if to == 'partition' else to} ON DELETE {on_delete})"
    )
    with pytest.raises(DataMapError, match="cascading_delete"):
        logs.plan()
    logs.table.sql("DROP TABLE invoices")
    assert logs.plan().due == 1
