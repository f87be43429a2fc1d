from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exactsync.errors import DefectError, ForbiddenError
from exactsync.exact.odata import Page
from exactsync.payables.periods import read_closed_periods

if TYPE_CHECKING:
    from collections.abc import Mapping


class Pages:
    """An Exact that has these pages, and notes what it was asked."""

    def __init__(self, *pages: Page) -> None:
        self._pages = list(pages)
        self.asked: list[str] = []

    def get(self, endpoint: str, *, division: int, params: Mapping[str, str] | None = None) -> Page:
        assert params
        self.asked.append(f"{division}/{endpoint} {params['$filter']}")
        return self._pages[0]

    def follow(self, next_url: str, *, endpoint: str, division: int) -> Page:
        self.asked.append(next_url)
        return self._pages[int(next_url)]


def page(records: list[dict[str, object]], next_url: str | None) -> Page:
    return Page(records=records, next_url=next_url)


def status(journal: str, year: int, period: int, closed: int) -> dict[str, object]:
    return {"Journal": journal, "Year": year, "Period": period, "Status": closed}


def test_exact_is_asked_once_for_what_is_closed_in_the_years_that_matter() -> None:
    exact = Pages(page([status("60", 2026, 3, 1), status("61 ", 2025, 12, 1), status("60", 2026, 4, 0)], None))
    assert read_closed_periods(exact, 7, years=[2026, 2025, 2026]) == {("60", 2026, 3), ("61", 2025, 12)}
    assert exact.asked == ["7/read/financial/JournalStatusList Status eq 1 and (Year eq 2025 or Year eq 2026)"]


def test_where_the_right_to_ask_is_missing_nothing_is_known_to_be_closed() -> None:
    class Forbidden(Pages):
        def get(self, endpoint: str, *, division: int, params: Mapping[str, str] | None = None) -> Page:
            raise ForbiddenError("Application Scope Violated")

    assert read_closed_periods(Forbidden(), 7, years=[2026]) == frozenset()


def test_nothing_is_asked_where_no_year_matters() -> None:
    exact = Pages()
    assert read_closed_periods(exact, 7, years=[]) == frozenset()
    assert not exact.asked


def test_a_long_list_is_read_to_its_end_and_a_circle_is_not() -> None:
    long = Pages(page([status("60", 2026, 1, 1)], "1"), page([status("60", 2026, 2, 1)], None))
    assert read_closed_periods(long, 7, years=[2026]) == {("60", 2026, 1), ("60", 2026, 2)}
    with pytest.raises(DefectError, match="circle"):
        read_closed_periods(Pages(page([], "0")), 7, years=[2026])
