"""The declaration language: what it makes of a declaration, and which ones it refuses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exactsync.entity import REGION, Column, ColumnType, Entity, Feed

ID = Column("ID", "id", ColumnType.UUID, "Its key.")
OWNER = Column("Owner", "owner_id", ColumnType.UUID, "Whose it is.", references="owners")
MODIFIED = Column("Modified", "modified_at", ColumnType.TIMESTAMP, "When it was last changed.")
THINGS = Entity(
    name="things", label="Things", endpoint="x/Things", feed=Feed.LIST, description="Things.", columns=(ID, OWNER)
)


@pytest.mark.parametrize(
    ("column", "comment"),
    [
        (ID, "Its key. [ID]"),
        (OWNER, "Whose it is. Refers to owners.id of the same division. [Owner]"),
        (
            Column("Kind", "kind_code", ColumnType.CODE, "Its kind.", references="kinds"),
            "Its kind. Refers to kinds.code of the same division. [Kind]",
        ),
        (
            Column("Side", "side", ColumnType.CODE, "Its side.", values={"D": "debit", "C": "credit"}),
            "Its side. Values: D debit, C credit. [Side]",
        ),
        (Column("Days", "days", ColumnType.INTEGER, "How long.", unit="days"), "How long. Unit: days. [Days]"),
        (Column(REGION, "region", ColumnType.CODE, "Where it was read."), "Where it was read."),
    ],
)
def test_a_comment_tells_meaning_unit_values_reference_and_property(column: Column, comment: str) -> None:
    assert column.comment == comment


def test_every_property_is_asked_for_once_and_what_only_we_know_is_not() -> None:
    region = Column(REGION, "region", ColumnType.CODE, "Where it was read.")
    again = Column("Owner", "owner_again_id", ColumnType.UUID, "Whose it is.")
    entity = replace(THINGS, columns=(ID, region, OWNER, again), feed=Feed.SYNC, deleted_type=1, member_property="Is")
    assert entity.select == ("ID", "Owner", "Timestamp", "Is")


def test_the_column_that_decides_on_membership_is_the_one_that_points_to_the_parent() -> None:
    assert replace(THINGS, member_of="owners").member_column is OWNER
    assert THINGS.member_column is None


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"columns": (ID, ID)}, "repeat"),
        ({"columns": (OWNER, ID)}, "the first column must be the key"),
        ({"key": "division"}, "the first column must be the key"),
        ({"deleted_type": 5}, "sync feeds, and only they"),
        ({"feed": Feed.SYNC}, "sync feeds, and only they"),
        ({"feed": Feed.MODIFIED}, "no column holds"),
        ({"member_of": "parents"}, "no column references parents"),
        ({"columns": (ID, Column("N", "n", ColumnType.SMALLINT, "N.", values={"0": "no"}))}, "of another type"),
        ({"columns": (ID, Column("N", "n", ColumnType.CODE, "N.", values={0: "no"}))}, "of another type"),
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(changes: dict[str, object], problem: str) -> None:
    with pytest.raises(ValueError, match=f"entity things: .*{problem}"):
        replace(THINGS, **changes).check()  # type: ignore[arg-type]


def test_a_division_is_its_own_key() -> None:
    code = Column("Code", "division", ColumnType.INTEGER, "Number of the company.")
    replace(THINGS, key="division", columns=(code, MODIFIED), feed=Feed.MODIFIED).check()
