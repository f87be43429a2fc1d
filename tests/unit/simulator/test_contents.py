"""What is in the simulator, and how it leaves it."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from exactsync.simulator import Company, Settings, Simulator

HOSTILE = (
    Company(
        code=1,
        name="Hostile",
        country="NL",
        sizes={"GLAccounts": 300, "VATCodes": 200, "Costcenters": 200, "Costunits": 200, "Accounts": 1500},
    ),
)


@pytest.fixture(scope="module")
def hostile():
    return Simulator(Settings(companies=HOSTILE, hostile=1.0))


def read_over_the_wire(visitor, entity_set):
    path, options = {
        "Accounts": ("1/bulk/CRM/Accounts", {"select": "*"}),
        "GLAccounts": ("1/bulk/Financial/GLAccounts", {"select": "*"}),
        "VATCodes": ("1/vat/VATCodes", {}),
        "Costcenters": ("1/hrm/Costcenters", {}),
    }[entity_set]
    return visitor.records(path, **options)


def test_the_same_seed_gives_the_same_books_and_another_seed_others():
    companies = HOSTILE
    one, same, other = (Simulator(Settings(companies=companies, hostile=0.5, seed=seed)) for seed in (7, 7, 8))
    for entity_set in one.entity_sets():
        assert one.truth(1, entity_set) == same.truth(1, entity_set)
    assert one.truth(1, "Accounts") != other.truth(1, "Accounts")
    changes = [sim.random_changes(50, seed=3) for sim in (one, same)]
    assert changes[0] == changes[1]


def test_sizes_are_as_asked():
    simulator = Simulator(Settings(companies=HOSTILE))
    assert {name: len(simulator.truth(1, name)) for name in HOSTILE[0].sizes} == dict(HOSTILE[0].sizes)


def test_the_demo_has_three_permitted_companies_of_three_countries_with_more_than_a_page():
    simulator = Simulator()
    companies = simulator.settings.companies
    open_now = [c for c in companies if c.is_permitted and not c.is_archived]
    assert [(c.code, c.country) for c in open_now] == [(1000001, "NL"), (1000002, "BE"), (1000003, "FR")]
    assert len(simulator.truth(1000001, "GLAccounts")) > 1000
    assert len(simulator.truth(1000001, "Costcenters")) > 60
    assert {r["IsSupplier"] for r in simulator.truth(1000001, "Accounts")} == {True, False}
    assert {c.is_permitted for c in companies} == {True, False}
    (archived,) = [r for r in simulator.truth(0, "Divisions") if r["Status"] == 2]
    assert archived["ArchiveDate"] == date(2023, 12, 31)


def test_truth_is_typed(hostile):
    for record in hostile.truth(1, "Accounts"):
        assert isinstance(record["ID"], UUID)
        assert isinstance(record["Timestamp"], int)
        assert isinstance(record["IsSupplier"], bool)
        assert type(record["StartDate"]) in (date, type(None))
        assert type(record["Modified"]) in (datetime, type(None))
        if record["Modified"]:
            assert record["Modified"].tzinfo is UTC
        assert record["Code"] == record["Code"].strip()
        assert "BankAccounts" not in record


@pytest.mark.parametrize(
    ("entity_set", "name", "wanted"),
    [
        ("Accounts", "Name", ["", None, "NULL", r"\N", "🧾" * 1000, "x" * 2000, "\x00", "\u202eright to left\u202c"]),
        ("GLAccounts", "Description", ["tab\there", "line\nbreak", "carriage\rreturn", "  blanks around  "]),
        ("GLAccounts", "Code", ["A B", r"\N", "NULL", "'", '"', "\\"]),
        ("Accounts", "EndDate", [date(1900, 1, 1), date(1969, 12, 31), date(2101, 12, 31), date(9999, 12, 31)]),
        ("VATCodes", "Percentage", [-0.5, 1e-07, 0.1 + 0.2, 1e22, 5e-324]),
        (
            "Accounts",
            "Modified",
            [
                datetime(2023, 10, 29, 0, 30, 0, 123_000, tzinfo=UTC),
                datetime(2023, 10, 29, 1, 30, 0, 123_000, tzinfo=UTC),
                datetime(2024, 3, 31, 1, tzinfo=UTC),
                datetime(1955, 7, 1, 10, 0, 0, 10_000, tzinfo=UTC),
                datetime(2500, 1, 1, tzinfo=UTC),
            ],
        ),
    ],
)
def test_hostile_books_hold_what_breaks_careless_readers(hostile, entity_set, name, wanted):
    found = {record[name] for record in hostile.truth(1, entity_set)}
    assert not [value for value in wanted if value not in found]


def test_hostile_books_repeat_codes_across_records(hostile):
    codes = [record["Code"] for record in hostile.truth(1, "GLAccounts")]
    assert len(set(codes)) < len(codes)


def test_texts_and_booleans_survive_the_wire_as_they_are(hostile, visitor_of):
    wire = {r["ID"]: r for r in read_over_the_wire(visitor_of(hostile).login(), "Accounts")}
    truth = hostile.truth(1, "Accounts")
    assert len(wire) == len(truth) == 1500
    for record in truth:
        for name in ("Name", "AddressLine3", "Email", "IsSupplier", "Status"):
            assert wire[str(record["ID"])][name] == record[name]


def test_whole_doubles_have_no_decimal_point_and_the_others_read_back_the_same(hostile, visitor_of):
    visitor = visitor_of(hostile).login()
    body = visitor.get("1/vat/VATCodes", select="Percentage,ID", filter="Percentage eq 100").text
    assert '"Percentage":100,' in body
    wire = {r["ID"]: r["Percentage"] for r in read_over_the_wire(visitor, "VATCodes")}
    assert all(wire[str(r["ID"])] == r["Percentage"] for r in hostile.truth(1, "VATCodes"))


@pytest.mark.parametrize(
    ("entity_set", "name", "value", "sent"),
    [
        ("Accounts", "Code", "8", "                 8"),
        ("Accounts", "Code", "123456789012345678", "123456789012345678"),
        ("Accounts", "Country", "NL", "NL "),
        ("Accounts", "PurchaseVATCode", "2", "2  "),
        ("GLAccounts", "Code", "8000", "8000"),
        ("GLAccounts", "VATCode", "02", "02 "),
        ("GLAccounts", "SearchCode", "RENTE", "RENTE    "),
        ("VATCodes", "Code", "5", "5  "),
        ("Costcenters", "Code", "A", "A"),
        ("Costcenters", "EndDate", date(2016, 2, 18), "/Date(1455753600000)/"),
        ("Costcenters", "EndDate", date(2012, 10, 26), "/Date(1351209600000)/"),
        ("Costcenters", "EndDate", date(1969, 12, 31), "/Date(-86400000)/"),
        ("Costcenters", "EndDate", date(9999, 12, 31), "/Date(253402214400000)/"),
        ("Costcenters", "EndDate", None, None),
        ("Costcenters", "Created", datetime(2024, 1, 15, 11, 0, tzinfo=UTC), "/Date(1705320000000)/"),  # 12:00
        ("Costcenters", "Created", datetime(2024, 7, 15, 10, 0, tzinfo=UTC), "/Date(1721044800000)/"),  # 12:00
        ("Costcenters", "Created", datetime(2024, 3, 31, 0, 59, 59, tzinfo=UTC), "/Date(1711850399000)/"),  # 01:59:59
        ("Costcenters", "Created", datetime(2024, 3, 31, 1, 0, tzinfo=UTC), "/Date(1711854000000)/"),  # 03:00
        ("Costcenters", "Created", datetime(2023, 10, 29, 0, 30, tzinfo=UTC), "/Date(1698546600000)/"),  # 02:30
        ("Costcenters", "Created", datetime(2023, 10, 29, 1, 30, tzinfo=UTC), "/Date(1698546600000)/"),  # 02:30 again
        ("Costcenters", "Created", datetime(1955, 7, 1, 10, 0, 0, 10_000, tzinfo=UTC), "/Date(-457707599990)/"),
        ("Costcenters", "Creator", UUID(int=10), "00000000-0000-0000-0000-00000000000a"),
        ("VATCodes", "Percentage", 0.21, 0.21),
        ("VATCodes", "Percentage", 1e-07, 1e-07),
        ("GLAccounts", "UseCostcenter", 0, 0),
    ],
)
def test_values_on_the_wire(entity_set, name, value, sent, visitor_of):
    simulator = Simulator(Settings(companies=(Company(code=1, name="x", country="NL"),)))
    key = simulator.insert(1, entity_set, {name: value}).key
    (record,) = read_over_the_wire(visitor_of(simulator).login(), entity_set)
    assert record[name] == sent
    assert type(record[name]) is type(sent)
    assert record["ID"] == str(key)
    assert simulator.truth(1, entity_set)[0][name] == value


def test_changes_move_modified_and_keep_created(visitor):
    simulator = visitor.simulator
    before = simulator.truth(101, "VATCodes")[0]
    simulator.update(101, "VATCodes", before["ID"], {"Description": "Nieuw"})
    after = simulator.truth(101, "VATCodes")[0]
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"Description", "Modified", "Timestamp"}
    assert after["Modified"] == datetime(2024, 6, 15, 12, tzinfo=UTC)


def test_a_touch_changes_nothing_but_the_timestamp(visitor):
    simulator = visitor.simulator
    before = simulator.truth(101, "GLAccounts")[0]
    simulator.touch(101, "GLAccounts", before["ID"])
    after = simulator.truth(101, "GLAccounts")[0]
    assert after["Timestamp"] > before["Timestamp"]
    assert {**after, "Timestamp": 0} == {**before, "Timestamp": 0}


def test_a_relation_becomes_a_supplier_and_stops_being_one(visitor):
    simulator = visitor.simulator
    relation = next(r for r in simulator.truth(101, "Accounts") if not r["IsSupplier"])
    simulator.set_supplier(101, relation["ID"], is_supplier=True)
    options = {"select": "ID", "filter": f"IsSupplier eq true and ID eq guid'{relation['ID']}'"}
    assert len(visitor.records("101/crm/Accounts", **options)) == 1
    simulator.set_supplier(101, relation["ID"], is_supplier=False)
    assert visitor.records("101/crm/Accounts", **options) == []


def test_random_changes_are_a_mix_and_stay_where_they_are_wanted(visitor):
    simulator = visitor.simulator
    changes = simulator.random_changes(200, seed=1, divisions=[101], entity_sets=["Accounts", "VATCodes"])
    assert {c.kind for c in changes} == {"insert", "update", "delete"}
    assert {(c.division, c.entity_set) for c in changes} == {(101, "Accounts"), (101, "VATCodes")}
    last = {(c.entity_set, c.key): c.kind for c in changes}
    for entity_set in ("Accounts", "VATCodes"):
        present = {r["ID"] for r in simulator.truth(101, entity_set)}
        assert all((key in present) is (kind != "delete") for (name, key), kind in last.items() if name == entity_set)


def test_changing_what_is_not_there_says_so(visitor):
    simulator = visitor.simulator
    with pytest.raises(KeyError):
        simulator.update(101, "VATCodes", UUID(int=1), {})
    with pytest.raises(ValueError, match="VATCodes has no property Nope"):
        simulator.insert(101, "VATCodes", {"Nope": 1})
    with pytest.raises(KeyError):
        simulator.insert(999, "VATCodes")


def test_a_large_page_is_quick(visitor_of):
    company = Company(code=1, name="Large", country="NL", sizes={"Accounts": 5000})
    visitor = visitor_of(Simulator(Settings(companies=(company,), hostile=0.2))).login()
    names = "ID,Code,Name,IsSupplier,Blocked,Status,VATNumber,City,Country,Email,Phone,StartDate,Created,Modified"
    started = time.perf_counter()
    records = visitor.records("1/sync/CRM/Accounts", select=f"{names},Timestamp", filter="Timestamp gt 1L")
    assert len(records) == 5000
    assert (time.perf_counter() - started) / 5 < 0.25  # about 0.02 s on an idle machine
