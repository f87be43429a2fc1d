"""The smaller lists: what refers to what, and how each is answered."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import pytest

from exactsync.simulator import Company, Settings, Simulator

SIZES = {
    "GLAccounts": 20,
    "VATCodes": 8,
    "Accounts": 30,
    "VatPercentages": 20,
    "GLClassifications": 40,
    "GLAccountClassificationMappings": 25,
    "Journals": 8,
    "FinancialPeriods": 26,
    "BankAccounts": 45,
    "Projects": 130,
}
COMPANIES = (
    Company(code=1, name="One", country="NL", sizes=SIZES),
    Company(code=2, name="Two", country="BE", sizes={}),
)


@pytest.fixture
def books(visit):
    return visit(companies=COMPANIES)


@pytest.mark.parametrize(
    ("entity_set", "name", "target"),
    [
        ("VatPercentages", "VATCodeID", "VATCodes"),
        ("GLClassifications", "Parent", "GLClassifications"),
        ("GLAccountClassificationMappings", "GLAccount", "GLAccounts"),
        ("GLAccountClassificationMappings", "Classification", "GLClassifications"),
        ("Journals", "GLAccount", "GLAccounts"),
        ("BankAccounts", "Account", "Accounts"),
        ("Projects", "Account", "Accounts"),
    ],
)
def test_what_a_record_points_to_is_there(books, entity_set, name, target):
    keys = {record["ID"] for record in books.simulator.truth(1, target)}
    pointers = {record[name] for record in books.simulator.truth(1, entity_set)} - {None}
    assert pointers
    assert pointers <= keys


def test_the_rates_of_a_vat_code_follow_each_other_without_a_gap(books):
    lines = books.simulator.truth(1, "VatPercentages")
    for code in books.simulator.truth(1, "VATCodes"):
        newest, *older = sorted(
            (line for line in lines if line["VATCodeID"] == code["ID"]), key=lambda line: line["LineNumber"]
        )
        assert (newest["Percentage"], newest["EndDate"]) == (code["Percentage"], None)
        for line in older:
            assert line["EndDate"] + timedelta(days=1) == newest["StartDate"]
            newest = line


def test_a_period_ends_the_day_before_the_next_begins(books):
    periods = sorted(books.simulator.truth(1, "FinancialPeriods"), key=lambda period: period["StartDate"])
    assert periods[0]["StartDate"] == date(2024, 1, 1)
    for one, following in itertools.pairwise(periods):
        assert one["EndDate"] + timedelta(days=1) == following["StartDate"]


@pytest.mark.parametrize(("by_reference", "pages"), [(True, 3), (False, 1)])
def test_the_sync_feed_of_projects_is_paged_as_the_reference_has_it_unless_told_otherwise(visit, by_reference, pages):
    visitor = visit(companies=COMPANIES, page_size_by_reference=by_reference)
    filter_ = {"select": "ID,Timestamp", "filter": "Timestamp gt 1"}
    assert len(visitor.records("1/sync/Project/Projects", **filter_)) == SIZES["Projects"]
    assert visitor.simulator.count_calls("sync/Project/Projects") == pages


def test_classifications_and_projects_leave_a_line_in_the_deletion_log_and_the_others_none(books):
    simulator = books.simulator
    gone = {}
    for entity_set in SIZES:
        gone[entity_set] = simulator.truth(1, entity_set)[0]["ID"]
        simulator.delete(1, entity_set, gone[entity_set])
    log = {line["EntityKey"]: line["EntityType"] for line in simulator.truth(1, "Deleted")}
    kept = {"GLAccounts": 7, "Accounts": 2, "GLClassifications": 18, "Projects": 21}
    assert log == {gone[entity_set]: deleted_type for entity_set, deleted_type in kept.items()}


def test_mappings_cannot_be_asked_for_by_the_time_of_a_change(books):
    asked = books.get("1/financial/GLAccountClassificationMappings", filter="Modified gt datetime'2024-01-01T00:00:00'")
    assert asked.status_code == 400


def test_one_company_is_found_among_all_by_its_code(books):
    (record,) = books.records("1/system/Divisions", select="Code,Hid", filter="Code eq 1")
    assert (record["Code"], record["Hid"]) == (1, "1")
    assert [division["Code"] for division in books.simulator.truth(2, "Divisions")] == [2]
    assert [division["Code"] for division in books.simulator.truth(0, "Divisions")] == [1, 2]


def test_records_of_an_empty_company_can_be_added_though_they_have_nothing_to_point_to():
    simulator = Simulator(Settings(companies=COMPANIES))
    for entity_set in SIZES:
        key = simulator.insert(2, entity_set).key
        assert [record["ID"] for record in simulator.truth(2, entity_set)] == [key]
