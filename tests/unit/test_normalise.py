"""Normalisation: what stands on the wire, and what must stand in the warehouse."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exactsync.entity import Column, ColumnType, Entity, Feed
from exactsync.normalise import NormalisedPage, normalise_page

KEY = "6f1d2c3b-0000-4000-8000-00000000000{}"
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def one_column(column_type: ColumnType) -> Entity:
    return Entity(
        name="things",
        label="Things",
        endpoint="things/Things",
        feed=Feed.LIST,
        description="",
        columns=(Column("ID", "id", ColumnType.UUID, ""), Column("Value", "value", column_type, "")),
    )


def normalise(column_type: ColumnType, *values: object) -> NormalisedPage:
    records = [{"ID": KEY.format(number), "Value": value} for number, value in enumerate(values)]
    return normalise_page(one_column(column_type), records, load_id=7)


def cell(column_type: ColumnType, value: object) -> str:
    """The COPY text of one value."""
    page = normalise(column_type, value)
    assert page.quarantined == [], page.quarantined
    return page.copy_text().rstrip("\n").split("\t")[-1]


@pytest.mark.parametrize(
    ("column_type", "value", "expected"),
    [
        (ColumnType.CODE, "                 8", "8"),
        (ColumnType.CODE, "02 ", "02"),
        (ColumnType.CODE, " a b ", "a b"),
        (ColumnType.CODE, "   ", ""),
        (ColumnType.CODE, None, "\\N"),
        (ColumnType.TEXT, "", ""),
        (ColumnType.TEXT, None, "\\N"),
        (ColumnType.TEXT, "  kept  ", "  kept  "),
        (ColumnType.TEXT, "\\N", "\\\\N"),
        (ColumnType.TEXT, "NULL", "NULL"),
        (ColumnType.TEXT, "nan", "nan"),
        (ColumnType.TEXT, "a\tb\r\nc\\.", "a\\tb\\r\\nc\\\\."),
        (ColumnType.TEXT, "👩🏽‍💻 שלום", "👩🏽‍💻 שלום"),
        (ColumnType.UUID, KEY.format("A"), KEY.format("a")),
        (ColumnType.BOOLEAN, True, "t"),
        (ColumnType.BOOLEAN, 0, "f"),
        (ColumnType.BOOLEAN, None, "\\N"),
        (ColumnType.SMALLINT, 2, "2"),
        (ColumnType.BIGINT, "9223372036854775807", "9223372036854775807"),
        (ColumnType.BIGINT, "-9223372036854775808", "-9223372036854775808"),
        (ColumnType.NUMERIC, 0.21, "0.21"),
        (ColumnType.NUMERIC, 21, "21"),
        (ColumnType.NUMERIC, -0.1, "-0.1"),
        (ColumnType.NUMERIC, 0.1 + 0.2, "0.30000000000000004"),
        (ColumnType.NUMERIC, 1e-07, "1E-7"),
        (ColumnType.DATE, "/Date(1455753600000)/", "2016-02-18"),
        (ColumnType.DATE, "/Date(-86400000)/", "1969-12-31"),
        (ColumnType.DATE, "/Date(7289568000000)/", "2200-12-31"),
        (ColumnType.DATE, "/Date(-62135596800000)/", "0001-01-01"),
        (ColumnType.TIMESTAMP, "/Date(1382667869110)/", "2013-10-25T00:24:29.110Z"),  # summer: 2 h behind
        (ColumnType.TIMESTAMP, "/Date(1705320000000)/", "2024-01-15T11:00:00.000Z"),  # winter: 1 h behind
        (ColumnType.TIMESTAMP, "/Date(1351391400000)/", "2012-10-28T00:30:00.000Z"),  # doubled hour: its first pass
        (ColumnType.TIMESTAMP, "/Date(1711852200000)/", "2024-03-31T01:00:00.000Z"),  # skipped hour: when it begins
        (ColumnType.TIMESTAMP, "/Date(-935017200000)/", "1940-05-15T23:40:00.000Z"),  # 100 minutes were skipped once
        (ColumnType.TIMESTAMP, "/Date(-62135596800000)/", "0001-12-31T23:40:28.000Z BC"),
        (ColumnType.TIMESTAMP, None, "\\N"),
    ],
)
def test_a_wire_value_becomes_the_value_that_it_means(column_type: ColumnType, value: object, expected: str) -> None:
    assert cell(column_type, value) == expected


@pytest.mark.parametrize(
    ("column_type", "value"),
    [
        (ColumnType.TEXT, 5),
        (ColumnType.TEXT, "\ud800"),
        (ColumnType.UUID, "not-a-guid"),
        (ColumnType.UUID, "{6f1d2c3b-0000-4000-8000-000000000000}"),
        (ColumnType.BOOLEAN, 2),
        (ColumnType.BOOLEAN, "true"),
        (ColumnType.SMALLINT, 40_000),
        (ColumnType.INTEGER, True),
        (ColumnType.INTEGER, 1.5),
        (ColumnType.BIGINT, "9223372036854775808"),
        (ColumnType.NUMERIC, "0.21"),
        (ColumnType.NUMERIC, True),
        (ColumnType.DATE, "2016-02-18"),
        (ColumnType.TIMESTAMP, "/Date(1382667869110+0100)/"),
        (ColumnType.TIMESTAMP, "/Date(999999999999999)/"),
    ],
)
def test_a_value_of_another_type_sets_its_record_aside_and_keeps_the_rest(
    column_type: ColumnType, value: object
) -> None:
    page = normalise(column_type, None, value, None)
    (set_aside,) = page.quarantined
    assert set_aside.key == KEY.format(1)
    assert set_aside.reason.startswith("property Value: ")
    assert json.loads(set_aside.record)["ID"] == KEY.format(1)
    assert page.columns["_kind"].tolist() == ["member", "member", "quarantined"]


def test_a_record_without_one_of_its_properties_is_set_aside() -> None:
    page = normalise_page(one_column(ColumnType.TEXT), [{"ID": KEY.format(1)}], load_id=7)
    assert page.quarantined[0].reason == "property Value is missing"


def test_a_record_without_a_readable_key_is_set_aside_without_one() -> None:
    page = normalise_page(one_column(ColumnType.TEXT), [{"ID": 5, "Value": "x"}], load_id=7)
    assert [entry.key for entry in page.quarantined] == [None]
    assert page.copy_text() == ""


def test_characters_that_postgres_cannot_hold_are_dropped_and_counted() -> None:
    page = normalise(ColumnType.TEXT, "a\0b\0", "c")
    assert page.columns["value"].tolist() == ["ab", "c"]
    assert page.characters_dropped == 2


def test_an_empty_page_is_an_empty_copy() -> None:
    assert normalise(ColumnType.TIMESTAMP).copy_text() == ""


def test_relations_that_are_not_members_leave_only_their_key() -> None:
    entity = Entity(
        name="things",
        label="Things",
        endpoint="sync/Things",
        feed=Feed.SYNC,
        deleted_type=2,
        member_property="IsSupplier",
        description="",
        columns=(Column("ID", "id", ColumnType.UUID, ""), Column("Name", "name", ColumnType.TEXT, "")),
    )
    records = [
        {"ID": KEY.format(0), "Name": "customer", "IsSupplier": False, "Timestamp": "11"},
        {"ID": KEY.format(1), "Name": "supplier", "IsSupplier": True, "Timestamp": "12"},
        {"ID": KEY.format(2), "Name": "unclear", "IsSupplier": None, "Timestamp": "13"},
    ]
    page = normalise_page(entity, records, load_id=7, first_seq=100)
    assert page.copy_text().splitlines() == [
        f"7\t100\tmember\t12\t{KEY.format(1)}\tsupplier",
        f"7\t101\tother\t11\t{KEY.format(0)}\t\\N",
        f"7\t102\tquarantined\t\\N\t{KEY.format(2)}\t\\N",
    ]


ODD = (
    None, "", "a", "a\0b", "\ud800", "x\ty", " pad ", "/Date(1)/", "/Date(-62135596800000)/", "/Date(253402300800000)/",
    "/Date(1)//Date(2)/", "/Da", "te(2)/", "/Date(1351391400000)/", "/Date(1711848600000)/", "/Date(-1020000000000)/",
    0, 1, 2, True, 0.0, 2.5, 40_000, 2**63, "9223372036854775807", "٣", " 5", "5_0", [],
    KEY.format("A"), KEY.format(" "), KEY.format("-"), KEY.format("0").replace("-", "0", 1), f"{KEY.format(0)}0",
)  # fmt: skip
"""What is right for one type or another, and what only looks so where it stands among others."""


@given(st.sampled_from(ColumnType), st.lists(st.sampled_from(ODD), min_size=2, max_size=6))
def test_a_column_is_read_as_its_values_are_one_by_one(column_type: ColumnType, values: list[object]) -> None:
    page = normalise(column_type, *values)
    alone = [normalise(column_type, value) for value in values]
    assert [entry.reason for entry in page.quarantined] == [
        entry.reason for each in alone for entry in each.quarantined
    ]
    assert page.characters_dropped == sum(each.characters_dropped for each in alone)
    cells = [each.copy_text().rstrip("\n").split("\t")[-1] for each in alone if not each.quarantined]
    lines = [line for line in page.copy_text().splitlines() if "\tmember\t" in line]
    assert [line.split("\t")[-1] for line in lines] == cells


@given(st.datetimes(min_value=datetime(1950, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001 - wall clock
def test_any_dutch_wall_clock_time_becomes_the_first_moment_it_stands_for(wall: datetime) -> None:
    wall = wall.replace(microsecond=0)
    ms = int((wall - datetime(1970, 1, 1)).total_seconds() * 1000)  # noqa: DTZ001 - the wire counts so
    read = cell(ColumnType.TIMESTAMP, f"/Date({ms})/")
    moment = datetime.fromisoformat(read)
    if wall.replace(tzinfo=AMSTERDAM).astimezone(UTC).astimezone(AMSTERDAM).replace(tzinfo=None) != wall:
        return  # the hour that spring skips never stood on a Dutch clock
    assert moment.astimezone(AMSTERDAM).replace(tzinfo=None) == wall
    assert (moment - timedelta(hours=1)).astimezone(AMSTERDAM).replace(tzinfo=None) != wall


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_double_is_stored_as_a_decimal_that_reads_back_as_the_same_double(value: float) -> None:
    assert float(cell(ColumnType.NUMERIC, value)) == value
