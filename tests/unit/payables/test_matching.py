from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from exactsync.payable import Counterparty
from exactsync.payables.mapping import How
from exactsync.payables.matching import Found, Supplier, Suppliers


def relation(number: int, name: str, **known: object) -> Supplier:
    return Supplier(id=UUID(int=number), code=str(number), name=name, **known)  # type: ignore[arg-type]


def find(suppliers: Suppliers, who: Counterparty) -> Found:
    return suppliers.find(who, date(2026, 3, 29))


def wanted(name: str = "Somebody Else", **known: str | None) -> Counterparty:
    return Counterparty(kind="supplier", id="s-1", name=name, **known)


@pytest.mark.parametrize(
    ("theirs", "country", "ours"),
    [
        ("NL123456789B01", "NL", "nl 1234.56.789.b01"),
        ("123456789B01", "NL", "NL123456789B01"),
        ("123456789B01", None, "NL-123456789-B01"),
        ("BE 0403.170.701", "BE", "BE403170701"),
        ("EL094259216", "GR", "094259216"),
        ("\u00a0FR 40 303 265 045\u200b", "FR", "FR40303265045"),
        ("NL\uff11\uff12\uff13456789B01", "NL", "NL123456789B01"),
    ],
)
def test_a_vat_number_is_the_same_however_it_is_written(theirs: str, country: str | None, ours: str) -> None:
    suppliers = Suppliers([relation(1, "Acme", vat_number=theirs, country=country)])
    found = find(suppliers, wanted(vat_number=ours, country=country))
    assert (found.match, found.how) == (suppliers.get(UUID(int=1)), How.VAT_NUMBER)


def test_the_same_digits_are_another_number_in_another_country() -> None:
    suppliers = Suppliers([relation(1, "Müller GmbH", vat_number="DE123456789", country="DE")])
    assert find(suppliers, wanted(vat_number="PT123456789", country="PT")).match is None
    assert find(suppliers, wanted(vat_number="123456789")).match == suppliers.get(UUID(int=1))


def test_a_vat_number_counts_more_than_an_iban_and_an_iban_more_than_a_name() -> None:
    by_number = relation(1, "One", vat_number="NL111111111B01")
    by_iban = relation(2, "Two", ibans=("NL91 ABNA 0417 1643 00",))
    by_name = relation(3, "Three")
    who = wanted(" three ", vat_number="NL111111111B01", iban="nl91abna0417164300")
    assert find(Suppliers([by_name, by_iban, by_number]), who).match == by_number
    assert find(Suppliers([by_name, by_iban]), who).match == by_iban
    assert find(Suppliers([by_name]), who).match == by_name


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("ACME B.V.", "acme b.v."),
        ("  Acme B.V. ", "Acme B.V."),
        ("Straße & Söhne", "STRASSE & SO\u0308HNE"),
        ("İstanbul Ltd", "i\u0307stanbul ltd"),
    ],
)
def test_a_name_matches_whatever_its_case_and_encoding(theirs: str, ours: str) -> None:
    assert find(Suppliers([relation(1, theirs)]), wanted(ours)).how is How.NAME


@pytest.mark.parametrize("ours", ["Acme", "Acme B.V. Holding", "Acme BV", ""])
def test_a_name_that_is_merely_like_it_is_no_match(ours: str) -> None:
    found = find(Suppliers([relation(1, "Acme B.V."), relation(2, "")]), wanted(ours))
    assert (found.match, found.how) == (None, None)


def test_several_answers_are_no_match_and_are_all_named() -> None:
    factor = ("NL91ABNA0417164300",)
    twins = [relation(number, f"Client {number}", ibans=factor) for number in (1, 2, 3)]
    found = find(Suppliers(twins), wanted("Client 1", iban=factor[0]))
    assert found.match is None
    assert found.suppliers == tuple(twins)  # an ambiguous IBAN is not settled by the name


@pytest.mark.parametrize(
    "why", [{"is_blocked": True}, {"end_date": date(2026, 3, 28)}, {"start_date": date(2026, 4, 1)}]
)
def test_a_duplicate_that_cannot_be_booked_leaves_no_doubt_and_one_alone_is_still_found(why: dict[str, object]) -> None:
    old, new = relation(1, "Acme", **why), relation(2, "Acme")
    assert find(Suppliers([old, new]), wanted("acme")).match == new
    assert find(Suppliers([old]), wanted("acme")).match == old


def test_another_vat_number_makes_it_another_company() -> None:
    namesake = relation(1, "Acme", vat_number="NL111111111B01", ibans=("NL91ABNA0417164300",))
    found = find(Suppliers([namesake]), wanted("Acme", vat_number="NL222222222B01", iban="NL91ABNA0417164300"))
    assert found.match is None
    assert set(found.others) == {namesake}


def test_what_is_no_vat_number_or_iban_matches_nobody() -> None:
    suppliers = Suppliers([relation(1, "Acme", vat_number="unknown", ibans=("cash", ""))])
    assert find(suppliers, wanted(vat_number="unknown", iban="cash")).how is None
