from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from exactsync.payable import Counterparty, Kind, Share
from exactsync.payables import preflight as checks
from exactsync.payables.books import Books
from exactsync.payables.mapping import How, Relation
from exactsync.payables.preflight import check
from tests.unit.payables.company import (
    ACME,
    BOOKS,
    DIVISION,
    EMPLOYEES,
    INVOICE,
    SOURCE,
    booked,
    findings,
    invoice,
    mapping_of,
)

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "payables.md"
SOMEBODY = Counterparty(kind="employee", id="e-7", name="Zoë Jansen")
DOLLARS: dict[str, Any] = {
    "currency": "USD",
    "functional_amount": Decimal("110.00"),
    "exchange_rate": Decimal("0.9090909"),
}
OF_106: dict[str, Any] = {"amount": Decimal("106.00"), "functional_amount": Decimal("106.00")}
IN_PAYMENT_CURRENCY = replace(SOURCE, entry_currency="payment")


def sold_to(name: str) -> dict[str, str]:
    return {"id": "s-2", "name": name}


def values(**named: str) -> dict[str, Any]:
    return {"shares": (Share(amount=None, values={"Cost center": "Sales"} | named),)}


CHECKS: dict[str, tuple[dict[str, Any], str, str]] = {
    "company_unknown": (
        {"books": replace(BOOKS, currency=None)},
        "Nothing is known yet of company 1000001 at Exact.",
        "Wait for its first sync, or sync it now.",
    ),
    "before_start_date": (
        {"source": replace(SOURCE, start_date=date(2026, 3, 30))},
        "It is of 2026-03-29, before the start date 2026-03-30.",
        "Mark it as exported manually: it was booked before the cut-over.",
    ),
    "receipt_missing": (
        {"payable": invoice(receipts=())},
        "There is no receipt.",
        "Attach it at the source, or declare there why it is missing.",
    ),
    "number_missing": (
        {"payable": invoice(number=" ")},
        "The invoice has no number.",
        "Enter it at the source.",
    ),
    "number_too_long": (
        {"payable": invoice(number="2026/" + "9" * 26)},
        "The number '2026/99999999999999999999999999' has 31 characters; at most 30 are sent.",
        "Shorten it at the source.",
    ),
    "currency_unknown": (
        {"payable": invoice(currency="EURO")},
        "'EURO' is no currency (ISO 4217).",
        "Correct it at the source, then prepare it again.",
    ),
    "amount_too_fine": (
        {"payable": invoice(line={"net": Decimal("99.995"), "vat": Decimal("21.005")})},
        "Net of line 1, 99.995 EUR, is finer than EUR allows: the smallest amount is 0.01.",
        "Correct it at the source, then prepare it again.",
    ),
    "line_does_not_add_up": (
        {"payable": invoice(line={"net": Decimal("99.99")})},
        "Line 1 does not add up: net 99.99 and VAT 21.00 make 120.99, not 121.00 EUR.",
        "Correct it at the source, then prepare it again.",
    ),
    "lines_do_not_add_up": (
        {"payable": invoice(amount=Decimal("121.01"), functional_amount=Decimal("121.01"))},
        "The lines make 121.00 EUR, but the amount is 121.01 EUR.",
        "Correct it at the source, then prepare it again.",
    ),
    "shares_do_not_add_up": (
        {
            "payable": invoice(
                line={
                    "shares": (
                        Share(amount=Decimal("60.00"), values={"Cost center": "Sales"}),
                        Share(amount=Decimal("30.00"), values={"Cost center": "SAL"}),
                    )
                }
            )
        },
        "The parts of line 1 make 90.00, not its net 100.00 EUR.",
        "Correct it at the source, then prepare it again.",
    ),
    "nothing_to_book": (
        {"payable": invoice(lines=())},
        "There is no line with an amount.",
        "Correct it at the source, then prepare it again.",
    ),
    "credit_note_not_negative": (
        {"payable": invoice(kind=Kind.CREDIT_NOTE)},
        "The credit note has a positive amount, 121.00 EUR.",
        "Correct it at the source, then prepare it again.",
    ),
    "conversion_does_not_add_up": (
        {"payable": invoice(**DOLLARS | {"exchange_rate": Decimal("1.1")})},
        "121.00 USD at 1.1 is not 110.00 EUR.",
        "Correct it at the source, then prepare it again.",
    ),
    "journal_unmapped": (
        {"rows": [("journal", "invoice", None)]},
        "No journal is chosen for invoices.",
        "Choose one on the Accounting setup page.",
    ),
    "journal_unknown": (
        {"rows": [("journal", "invoice", "66")]},
        "Journal 66, chosen for invoices, does not exist at Exact.",
        "Choose another one on the Accounting setup page, or create it at Exact.",
    ),
    "journal_blocked": (
        {"rows": [("journal", "invoice", "62")]},
        "Journal 62 (Old purchases) is blocked at Exact.",
        "Unblock it at Exact, or choose another one on the Accounting setup page.",
    ),
    "journal_wrong_type": (
        {"rows": [("journal", "invoice", "90")]},
        "Journal 90 (Memorial) is not a purchase journal.",
        "Choose a purchase journal for invoices on the Accounting setup page.",
    ),
    "currency_not_allowed": (
        {
            "payable": invoice(kind=Kind.CARD, **DOLLARS),
            "source": IN_PAYMENT_CURRENCY,
        },
        "Journal 61 (Cards) takes entries in EUR only, not in USD.",
        "Allow other currencies in the journal at Exact, or choose another one on the Accounting setup page.",
    ),
    "rate_missing": (
        {"payable": invoice(**DOLLARS | {"exchange_rate": None}), "source": IN_PAYMENT_CURRENCY},
        "There is no exchange rate from USD to EUR, the currency of company 1000001.",
        "Correct it at the source, then prepare it again.",
    ),
    "rate_not_allowed": (
        {
            "payable": invoice(**DOLLARS),
            "source": IN_PAYMENT_CURRENCY,
            "rows": [("journal", "invoice", "64")],
        },
        "Journal 64 (Fixed rates) does not take exchange rates of their own.",
        "Allow variable exchange rates in the journal at Exact, or book in the wallet's currency.",
    ),
    "period_unknown": (
        {"payable": invoice(accounting_date=date(2027, 1, 1))},
        "There is no financial period for 2027-01-01 at Exact.",
        "Open the financial year at Exact, or change the accounting date.",
    ),
    "period_closed": (
        {"payable": invoice(accounting_date=date(2026, 4, 30))},
        "Period 4 of 2026 (2026-04-30) is closed in journal 60 (Purchases).",
        "Reopen it at Exact, or set an accounting date in an open period.",
    ),
    "payment_condition_unknown": (
        {"payable": invoice(payment_condition="14")},
        "Payment condition 14 does not exist at Exact.",
        "Correct it at the source, or create it at Exact.",
    ),
    "employee_unmapped": (
        {"payable": invoice(counterparty=SOMEBODY), "rows": [("employee", "", None)]},
        "Employee Zoë Jansen has no supplier at Exact.",
        "Choose one for the employee, or one for all employees, on the Accounting setup page.",
    ),
    "supplier_unmapped": (
        {"payable": invoice(who=sold_to("Acme"))},
        "Supplier Acme is not at Exact: none has its VAT number, IBAN or name.",
        "Choose its supplier, or one for all others, on the Accounting setup page, or create it at Exact.",
    ),
    "supplier_ambiguous": (
        {"payable": invoice(who=sold_to("double"))},
        "Supplier double may be any of 2 of the same name: Double (12), Double (13).",
        "Choose its supplier on the Accounting setup page.",
    ),
    "supplier_blocked": (
        {"payable": invoice(who=sold_to("BLOCKED & CO"))},
        "Supplier Blocked & Co (10) is blocked at Exact.",
        "Unblock it at Exact, or choose another one on the Accounting setup page.",
    ),
    "supplier_inactive": (
        {"payable": invoice(who=sold_to("Gone Ltd"))},
        "Supplier Gone Ltd (11) is not active at Exact on 2026-03-29.",
        "Change its dates at Exact, or choose another one on the Accounting setup page.",
    ),
    "supplier_deleted": (
        {"rows": [("supplier", "s-1", str(UUID(int=99)))]},
        f"Supplier Acme B.V. was matched with a supplier that has been deleted at Exact ({UUID(int=99)}).",
        "Choose another one on the Accounting setup page.",
    ),
    "supplier_unknown": (
        {"rows": [("supplier", "s-1", str(UUID(int=98)))]},
        f"Supplier Acme B.V. is mapped to {UUID(int=98)}, which is no supplier at Exact.",
        "Choose another one on the Accounting setup page, or mark the relation as supplier at Exact.",
    ),
    "account_unmapped": (
        {"payable": invoice(line={"account_code": "6666"})},
        "G/L account 6666 does not exist at Exact.",
        "Map it to another one on the Accounting setup page, or create it at Exact.",
    ),
    "account_blocked": (
        {"payable": invoice(line={"account_code": "4520"})},
        "G/L account 4520 (Old costs) is blocked at Exact.",
        "Unblock it at Exact, or map it to another one on the Accounting setup page.",
    ),
    "vat_code_unmapped": (
        {"payable": invoice(line={"vat_account_code": "FR20"})},
        "VAT account FR20 is not mapped to a VAT code.",
        "Map it on the Accounting setup page.",
    ),
    "vat_code_unknown": (
        {"rows": [("vat_code", "NL21", "X")]},
        "VAT code X, mapped for VAT account NL21, does not exist at Exact.",
        "Choose another one on the Accounting setup page.",
    ),
    "vat_code_blocked": (
        {"rows": [("vat_code", "NL21", "OLD")]},
        "VAT code OLD (19 %) is blocked at Exact.",
        "Unblock it at Exact, or map the VAT account to another one on the Accounting setup page.",
    ),
    "vat_code_unusable": (
        {"rows": [("vat_code", "NL21", "S")]},
        "VAT code S (Sales) is not for purchases.",
        "Map the VAT account to another one on the Accounting setup page.",
    ),
    "vat_account_missing": (
        {"payable": invoice(line={"vat_account_code": None})},
        "Line 1 has VAT, 21.00 EUR, but no VAT account.",
        "Choose the VAT account at the source.",
    ),
    "vat_does_not_fit": (
        {"payable": invoice(line={"vat_account_code": "REVERSE"})},
        "Line 1 has VAT, 21.00 EUR, but VAT code EU (EU purchases), which is for reverse charge.",
        "Correct the line at the source, or map its VAT account on the Accounting setup page.",
    ),
    "vat_rate_differs": (
        {
            "payable": invoice(
                line={"vat_rate": Decimal("0.06"), "vat": Decimal("6.00"), "gross": Decimal("106.00")}, **OF_106
            )
        },
        "Line 1 has VAT of 6 %, 6.00 EUR, but VAT code E21 (21 % excluding), which is of 21 %.",
        "Map its VAT account to a code of that rate on the Accounting setup page.",
    ),
    "accrual_incomplete": (
        {"payable": invoice(line={"from_date": date(2026, 4, 1), "to_date": date(2026, 3, 31)})},
        "Line 1 belongs to the days from 2026-04-01 to 2026-03-31, which is no range.",
        "Correct it at the source, then prepare it again.",
    ),
    "axis_unmapped": (
        {"payable": invoice(line=values(Country="NL"))},
        "Analytical field Country is mapped to nothing.",
        "Map it to an axis of Exact, or to ignore, on the Accounting setup page.",
    ),
    "axis_ambiguous": (
        {"payable": invoice(line=values(Unit="TW1")), "rows": [("axis", "Unit", "cost_centers")]},
        "Line 1 has two values of cost centre: SAL (Sales) and TW1 (Twin).",
        "Map one of its analytical fields to ignore on the Accounting setup page.",
    ),
    "axis_value_unknown": (
        {"payable": invoice(line=values(**{"Cost center": "sales"}))},
        "Cost centre sales does not exist at Exact: none has this very code or name.",
        "Create it at Exact, or choose another one at the source.",
    ),
    "axis_value_ambiguous": (
        {"payable": invoice(line=values(**{"Cost center": "Twin"}))},
        "Cost centre Twin may be any of 2 of that name: TW1, TW2.",
        "Name it by its code at the source, or rename the others at Exact.",
    ),
    "axis_value_inactive": (
        {"payable": invoice(line=values(**{"Cost center": "Marketing"}))},
        "Cost centre MKT (Marketing) is not active at Exact on 2026-03-29.",
        "Choose another one at the source, or change its dates at Exact.",
    ),
    "axis_value_missing": (
        {"payable": invoice(line={"account_code": "4510", "shares": ()})},
        "Line 1 has no cost centre, which G/L account 4510 (Travel) requires.",
        "Choose the cost centre at the source.",
    ),
}


@pytest.mark.parametrize("name", CHECKS)
def test_a_person_reads_what_is_in_the_way_and_what_to_do(name: str) -> None:
    case, message, remedy = CHECKS[name]
    found = findings(
        case.get("payable", INVOICE),
        *case.get("rows", ()),
        source=case.get("source"),
        books=case.get("books", BOOKS),
    )
    assert {finding.check for finding in found} == {name}
    assert (found[0].message, found[0].remedy) == (message, remedy)


def test_every_check_stands_in_the_guide() -> None:
    guide = GUIDE.read_text()
    assert [name for name in CHECKS if f"`{name}`" not in guide] == []


def test_every_check_that_there_is_has_a_test() -> None:
    sources = "".join(module.read_text() for module in Path(checks.__file__).parent.glob("*.py"))
    assert set(re.findall(r'find(?:_unmapped)?\(\s*"(\w+)"', sources)) == set(CHECKS)


def test_what_is_in_order_has_nothing_in_its_way() -> None:
    booking = booked()
    assert (booking.journal, booking.supplier, booking.currency) == ("60", ACME, "EUR")


def test_everything_that_is_wrong_is_said_at_once() -> None:
    wrong = invoice(
        number=None,
        receipts=(),
        who=sold_to("Nobody"),
        line={"account_code": "6666", "vat_account_code": "FR20", "shares": values(**{"Cost center": "X"})["shares"]},
    )
    assert [finding.check for finding in findings(wrong, ("journal", "invoice", "66"))] == [
        "receipt_missing",
        "number_missing",
        "journal_unknown",
        "supplier_unmapped",
        "account_unmapped",
        "vat_code_unmapped",
        "axis_value_unknown",
    ]


def test_what_two_lines_share_is_said_once() -> None:
    twice = invoice(
        lines=tuple(
            replace(INVOICE.lines[0], ordinal=ordinal, account_code="6666", net=net, vat=vat, gross=net + vat)
            for ordinal, net, vat in ((1, Decimal(60), Decimal(21)), (2, Decimal(40), Decimal(0)))
        )
    )
    assert [finding.check for finding in findings(twice)] == ["account_unmapped", "vat_does_not_fit"]


def test_a_company_of_which_nothing_is_known_blocks_and_breaks_nothing() -> None:
    found = {finding.check for finding in findings(books=Books(division=DIVISION))}
    assert {"company_unknown", "journal_unknown", "supplier_unmapped", "period_unknown", "account_unmapped"} <= found


@pytest.mark.parametrize(
    ("row", "payable", "message"),
    [
        (("journal", "invoice", " "), INVOICE, "The journal of 'invoice' is mapped to nothing."),
        (("supplier", "s-1", "ACME"), INVOICE, "The supplier 's-1' is mapped to 'ACME', which is not the key of a "),
        (("employee", "e-7", "Zoë"), invoice(counterparty=SOMEBODY), "The employee 'e-7' is mapped to 'Zoë', which "),
        (("account", "4500", ""), INVOICE, "The expense account '4500' is mapped to nothing."),
        (("vat_code", "NL21", ""), INVOICE, "The VAT account 'NL21' is mapped to nothing."),
        (("axis", "Cost center", "costs"), INVOICE, "The analytical field 'Cost center' is mapped to 'costs', which "),
    ],
)
def test_a_wrong_row_is_named_where_it_is_needed(row: tuple[str, str, str], payable: Any, message: str) -> None:
    (finding,) = findings(payable, row)
    assert finding.message.startswith(message)
    assert finding.remedy == "Mend it on the Accounting setup page."


def test_a_wrong_row_harms_nobody_else() -> None:
    assert not findings(INVOICE, ("employee", "e-7", "Zoë"), ("axis", "Country", "x"), ("colour", "red", "4500"))


def test_a_wallet_in_another_currency_than_the_company_has_no_rate_but_a_payment_in_the_companys_needs_none() -> None:
    in_pounds: dict[str, Any] = {
        "functional_currency": "GBP",
        "functional_amount": Decimal("104.00"),
        "exchange_rate": Decimal("0.8595"),
    }
    (found,) = findings(invoice(**in_pounds))
    assert found.message == "There is no exchange rate from GBP to EUR, the currency of company 1000001."
    assert found.remedy == "Book the payables of this source in a company that is kept in GBP."
    booking = booked(invoice(**in_pounds), source=IN_PAYMENT_CURRENCY)
    assert (booking.currency, booking.rate) == ("EUR", None)


def test_a_conversion_without_a_rate_is_told_by_its_two_amounts() -> None:
    assert booked(invoice(**DOLLARS | {"exchange_rate": None})).currency == "EUR"


def test_a_declared_loss_of_the_receipt_will_do_and_so_does_a_source_that_requires_none() -> None:
    assert not findings(invoice(receipts=(), receipt_excuse="declarationOfMissingInvoice"))
    assert not findings(invoice(receipts=()), source=replace(SOURCE, requires_receipt=False))


def test_money_that_comes_back_needs_no_number_and_may_go_to_a_returns_journal() -> None:
    back: dict[str, Any] = {
        "kind": Kind.CREDIT_NOTE,
        "amount": Decimal("-121.00"),
        "functional_amount": Decimal("-121.00"),
        "line": {"net": Decimal("-100.00"), "vat": Decimal("-21.00"), "gross": Decimal("-121.00")},
    }
    returns = ("journal", "credit_note", "63")
    assert not findings(invoice(number=None, source_kind="reverseBill", **back), returns)
    assert [one.check for one in findings(invoice(number=None, source_kind="creditNote", **back))] == ["number_missing"]
    assert [one.check for one in findings(INVOICE, ("journal", "invoice", "63"))] == ["journal_wrong_type"]


def test_a_day_in_two_periods_goes_to_the_one_that_is_open() -> None:
    last_day = invoice(accounting_date=date(2026, 5, 31))
    booking = booked(last_day)
    assert booking.period
    assert (booking.period.year, booking.period.number) == (2026, 13)
    nothing_closed = booked(last_day, books=replace(BOOKS, closed_periods=frozenset()))
    assert nothing_closed.period
    assert nothing_closed.period.number == 5  # the ordinary one
    within = booked()
    assert within.period is None


def test_an_employee_has_a_relation_of_their_own_or_the_one_of_all() -> None:
    hers = booked(invoice(counterparty=SOMEBODY), ("employee", "e-7", str(ACME)))
    anybodys = booked(invoice(counterparty=SOMEBODY))
    assert hers.supplier == ACME
    assert anybodys.supplier == EMPLOYEES


def test_a_match_that_was_made_stays_though_a_better_one_turns_up() -> None:
    kept = booked(INVOICE, ("supplier", "s-1", str(EMPLOYEES)))
    assert kept.supplier == EMPLOYEES
    assert kept.match is None  # there is nothing to keep anew
    found = booked(INVOICE)
    assert found.match == Relation(id=ACME, how=How.NAME)


def test_a_supplier_is_created_only_where_the_source_says_so_and_nobody_is_like_it() -> None:
    creating = replace(SOURCE, creates_suppliers=True)
    who = {"id": "s-9", "name": " New & Nice ", "vat_number": "BE0123456789", "country": "BE", "iban": None}
    booking = booked(invoice(who=who), source=creating)
    assert booking.supplier is None
    assert booking.new_supplier == {
        "Name": "New & Nice",
        "IsSupplier": True,
        "VATNumber": "BE0123456789",
        "Country": "BE",
    }
    assert findings(invoice(who=sold_to("Double")), source=creating)[0].check == "supplier_ambiguous"
    lookalike = invoice(who={"id": "s-9", "name": "ACME b.v.", "vat_number": "NL999999999B09"})
    (found,) = findings(lookalike, source=creating)
    assert found.message == "Supplier ACME b.v. is like Acme B.V. (8), which has another VAT number at Exact."


def test_who_is_not_at_exact_may_go_to_one_supplier_for_all_others_but_whoever_is_doubtful_may_not() -> None:
    others = ("supplier", "", str(EMPLOYEES))
    stranger = booked(invoice(who=sold_to("Kiosk 7")), others, source=replace(SOURCE, creates_suppliers=True))
    assert (stranger.supplier, stranger.match, stranger.new_supplier) == (EMPLOYEES, None, None)
    assert booked(INVOICE, others).supplier == ACME
    assert findings(invoice(who=sold_to("Double")), others)[0].check == "supplier_ambiguous"
    (found,) = findings(invoice(who=sold_to("Kiosk 7")), ("supplier", "", "all"))
    assert found.message == "The default supplier is mapped to 'all', which is not the key of a relation at Exact."


def test_a_supplier_that_was_just_created_need_not_be_in_the_warehouse() -> None:
    new = UUID(int=77)
    mapping = replace(mapping_of(), suppliers={"s-1": Relation(id=new, how=How.CREATED)})
    booking = check(INVOICE, mapping, BOOKS).booking
    assert booking
    assert booking.supplier == new


def test_a_line_without_an_account_takes_its_suppliers_then_the_default_one() -> None:
    bare = invoice(line={"account_code": None})
    assert findings(bare)[0].message == "Line 1 has no expense account, and there is no default one."
    default = ("account", "", "4500")
    for rows, account in (((default,), "4500"), ((default, ("supplier_account", "s-1", "4510")), "4510")):
        booking = booked(bare, *rows)
        assert booking.lines[0].account == BOOKS.accounts[account].id


def test_without_a_vat_code_exact_must_add_no_vat_of_its_own() -> None:
    free: dict[str, Any] = {"vat_account_code": None, "net": Decimal("121.00"), "vat": Decimal(0)}
    assert not findings(invoice(line=free))
    (found,) = findings(invoice(line=free | {"account_code": "4510"}))
    assert found.message == (
        "Line 1 has no VAT account, and Exact would add the VAT of code E21, the default of G/L account 4510 (Travel)."
    )
    assert not findings(invoice(line=free | {"account_code": "4510"}), ("vat_code", "", "N"))


def test_vat_of_nothing_does_not_fit_a_code_that_charges_unless_it_would_round_to_nothing() -> None:
    none: dict[str, Any] = {"net": Decimal("121.00"), "vat": Decimal(0)}
    (found,) = findings(invoice(line=none))
    assert found.message == "Line 1 has no VAT, but VAT code E21 (21 % excluding), which charges 21 %."
    cents: dict[str, Any] = {"amount": Decimal("0.02"), "functional_amount": Decimal("0.02")}
    assert not findings(invoice(line={"net": Decimal("0.02"), "vat": Decimal(0), "gross": Decimal("0.02")}, **cents))


@pytest.mark.parametrize(
    "line",
    [
        {"vat_rate": Decimal("0.09")},  # whose VAT is of 21 % all the same
        {"vat_rate": None},
        {"vat_rate": Decimal("0.2100")},
        {"vat_account_code": "NL21i", "vat_rate": Decimal("0.21"), "vat": Decimal("21.04")},
    ],
)
def test_the_rate_of_a_vat_account_holds_nothing_back_unless_the_invoice_has_it(line: dict[str, Any]) -> None:
    gross = Decimal("100.00") + line.get("vat", Decimal("21.00"))
    assert findings(invoice(line={**line, "gross": gross}, amount=gross, functional_amount=gross)) == []


def test_the_rate_of_a_reverse_charge_is_its_own_matter() -> None:
    reverse = {"vat_account_code": "REVERSE", "vat_rate": Decimal(0), "vat": Decimal(0), "gross": Decimal("100.00")}
    assert findings(invoice(line=reverse, amount=Decimal("100.00"), functional_amount=Decimal("100.00"))) == []


def test_an_account_without_cost_centres_gets_none_and_one_that_must_have_a_unit_gets_its_own() -> None:
    booking = booked(invoice(line={"account_code": "0100"}))
    (share,) = booking.lines[0].shares
    assert (share.cost_center, share.cost_unit) == (None, "100")


def test_a_reverse_charge_that_includes_vat_is_refused() -> None:
    both = replace(BOOKS.vat_codes["I21"], is_reverse_charge=True)
    books = replace(BOOKS, vat_codes={**BOOKS.vat_codes, "I21": both})
    line: dict[str, Any] = {"vat_account_code": "NL21i", "net": Decimal("121.00"), "vat": Decimal(0)}
    (found,) = findings(invoice(line=line), books=books)
    assert found.message.startswith("VAT code I21 (21 % including) is for reverse charge, but its amounts include VAT")


def test_the_default_of_an_account_must_not_have_ended() -> None:
    lunches = replace(BOOKS.accounts["4500"], cost_center="MKT")
    books = replace(BOOKS, accounts={**BOOKS.accounts, "4500": lunches})
    assert not findings(INVOICE, books=books)  # the line has its own
    (found,) = findings(invoice(line={"shares": ()}), books=books)
    assert found.message == (
        "Cost centre MKT (Marketing), the default of G/L account 4500 (Lunches), is not active at Exact on 2026-03-29."
    )


def test_a_cost_centre_that_is_not_sent_need_not_exist_and_one_that_does_not_exist_is_said_once() -> None:
    nowhere = values(**{"Cost center": "Nowhere"})
    assert not findings(invoice(line={"account_code": "0100"} | nowhere))
    assert [one.check for one in findings(invoice(line={"account_code": "4510"} | nowhere))] == ["axis_value_unknown"]


def test_of_two_cost_centres_of_one_name_the_active_one_is_meant() -> None:
    booking = booked(invoice(line=values(**{"Cost center": "Research"})))
    assert booking.lines[0].shares[0].cost_center == "RE2"


def test_a_field_that_is_ignored_or_empty_goes_nowhere() -> None:
    booking = booked(invoice(line=values(Team="Nobody knows", Product=" ")))
    assert booking.lines[0].shares[0].cost_unit is None
