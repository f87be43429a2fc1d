"""Accounts with what they are classified as, and VAT rates day by day."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from exactsync.entities import entities
from exactsync.warehouse.analysts.views import views
from tests.analysts.rows import column, insert

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    Classify = Callable[..., None]

DIVISION = 1
ACCOUNT, OTHER = uuid.uuid4(), uuid.uuid4()
MAIN, SIDE = uuid.uuid4(), uuid.uuid4()
GONE = datetime.now(UTC)


@pytest.fixture
def classify(connection: Connection) -> Classify:
    """Put an account under an element of a scheme."""

    def put(account: uuid.UUID, element: uuid.UUID, *, scheme: uuid.UUID = MAIN, code: str = "RGS") -> None:
        insert(
            connection,
            "gl_account_classifications",
            gl_account_id=account,
            classification_id=element,
            classification_code="as mapped",
            classification_description="As mapped",
            gl_scheme_id=scheme,
            gl_scheme_code=code,
        )

    return put


@pytest.fixture
def accounts(connection: Connection) -> None:
    insert(connection, "gl_accounts", id=ACCOUNT, code="0200", description="Cars")
    insert(connection, "gl_accounts", id=OTHER, code="4000", description="Fuel")


def element(connection: Connection, code: str, parent: uuid.UUID | None = None, **values: object) -> uuid.UUID:
    key = uuid.uuid4()
    insert(connection, "gl_classifications", **{"id": key, "code": code, "name": code, "parent_id": parent, **values})
    return key


PATHS = "SELECT classification_path FROM exact_online.chart_of_accounts ORDER BY code"


@pytest.mark.usefixtures("accounts")
def test_an_account_shows_the_way_from_the_top_to_what_it_is(connection: Connection, classify: Classify) -> None:
    top = element(connection, "B", description="Balance sheet")
    fixed = element(connection, "BFix", top, description="Fixed assets")
    classify(ACCOUNT, element(connection, "BFixVeh", fixed, description="Vehicles"))
    row = connection.execute(text("SELECT * FROM exact_online.chart_of_accounts WHERE code = '0200'")).mappings().one()
    assert row["classification_path"] == "Balance sheet > Fixed assets > Vehicles"
    assert (row["scheme_code"], row["classification_code"], row["classification_level"]) == ("RGS", "BFixVeh", 3)
    assert column(connection, PATHS) == ["Balance sheet > Fixed assets > Vehicles", None]


@pytest.mark.usefixtures("accounts")
def test_an_account_of_two_schemes_is_one_row_in_the_chart_and_two_among_the_classifications(
    connection: Connection,
    classify: Classify,
) -> None:
    main, side = element(connection, "main"), element(connection, "side")
    classify(ACCOUNT, side, scheme=SIDE, code="AAA")
    classify(ACCOUNT, main)
    classify(OTHER, main)
    assert column(connection, PATHS) == ["main", "main"]
    every = "SELECT scheme_code FROM exact_online.account_classifications WHERE gl_account_code = '0200' ORDER BY 1"
    assert column(connection, every) == ["AAA", "RGS"]


@pytest.mark.usefixtures("accounts")
def test_a_tree_with_holes_and_circles_still_says_what_it_knows(connection: Connection, classify: Classify) -> None:
    gone = element(connection, "gone", _deleted_at=GONE)
    classify(ACCOUNT, element(connection, "orphan", gone))
    circle = element(connection, "circle")
    connection.execute(text("UPDATE exact_online.gl_classifications SET parent_id = id WHERE code = 'circle'"))
    classify(OTHER, circle)
    assert column(connection, PATHS) == ["orphan", "As mapped"]


def rates_on(connection: Connection, day: str) -> list[tuple[object, ...]]:
    asked = "SELECT vat_code, rate_type, percentage FROM exact_online.vat_rates WHERE validity @> CAST(:day AS date)"
    rows = connection.execute(text(f"{asked} ORDER BY vat_code, rate_type"), {"day": day})
    return [(row.vat_code, row.rate_type, float(row.percentage)) for row in rows]


def test_a_rate_holds_from_its_first_day_to_its_last(connection: Connection) -> None:
    low, plain = uuid.uuid4(), uuid.uuid4()
    insert(connection, "vat_codes", id=low, code="4", percentage=0.09)
    insert(connection, "vat_codes", id=plain, code="9", percentage=0.21)
    insert(connection, "vat_codes", code="x", percentage=0.5, _deleted_at=GONE)
    rate = {"vat_code_id": low, "type": 0}
    insert(connection, "vat_percentages", percentage=0.06, end_date=date(2018, 12, 31), **rate)
    insert(connection, "vat_percentages", percentage=0.09, start_date=date(2019, 1, 1), **rate)
    insert(connection, "vat_percentages", percentage=0.7, _deleted_at=GONE, **rate)
    insert(connection, "vat_percentages", percentage=0.052, vat_code_id=low, type=1, start_date=date(2019, 1, 1))
    insert(
        connection, "vat_percentages", percentage=0.8, start_date=date(2030, 1, 1), end_date=date(2020, 1, 1), **rate
    )
    assert rates_on(connection, "2018-12-31") == [("4", 0, 0.06), ("9", 0, 0.21)]
    assert rates_on(connection, "2019-01-01") == [("4", 0, 0.09), ("4", 1, 0.052), ("9", 0, 0.21)]


def test_the_views_wait_for_the_entities_that_they_need() -> None:
    needed = ("vat_percentages", "gl_account_classifications")
    without = {name: entity for name, entity in entities().items() if name not in needed}
    names = {view.name for view in views(without)}
    assert names.isdisjoint({"vat_rates", "account_classifications"})
    (chart,) = (view for view in views(without) if view.name == "chart_of_accounts")
    assert "classification_path" not in {shown.name for shown in chart.columns}
