from __future__ import annotations

from exactsync.payable import Counterparty, Kind, Share
from exactsync.payables.needs import needs
from tests.unit.payables.company import ACME, EMPLOYEES, INVOICE, invoice, mapping_of

CLAIM = invoice(
    id="p-2",
    kind=Kind.EXPENSE_CLAIM,
    counterparty=Counterparty(kind="employee", id="e-7", name="Zoë"),
    line={
        "account_code": "6100",
        "vat_account_code": None,
        "shares": (Share(amount=None, values={"Team": "A", "Country": "NL"}),),
    },
)
BARE = invoice(id="p-3", line={"account_code": None, "vat_account_code": "FR20"})


def test_a_person_sees_what_payables_name_what_most_of_them_name_first_and_what_it_is_mapped_to() -> None:
    mapping = mapping_of(("supplier", "s-1", str(ACME)), ("employee", "e-7", str(EMPLOYEES)))
    assert [
        (need.kind, need.key, need.label, need.payables, need.target) for need in needs([INVOICE, CLAIM, BARE], mapping)
    ] == [
        ("journal", "invoice", "Invoice", 2, "60"),
        ("journal", "expense_claim", "Expense claim", 1, "60"),
        ("axis", "Cost center", "Cost center", 2, "cost_centers"),
        ("axis", "Country", "Country", 1, None),
        ("axis", "Team", "Team", 1, "ignore"),
        ("account", "4500", "4500", 1, None),
        ("account", "6100", "6100", 1, "4510"),
        ("account", "", "Lines without an account", 1, None),
        ("supplier_account", "s-1", "Acme B.V.", 1, None),
        ("vat_code", "FR20", "FR20", 1, None),
        ("vat_code", "", "Lines without a VAT account", 1, None),
        ("vat_code", "NL21", "NL21", 1, "E21"),
        ("supplier", "s-1", "Acme B.V.", 2, str(ACME)),
        ("employee", "e-7", "Zoë", 1, str(EMPLOYEES)),
    ]


def test_a_payable_counts_once_however_many_of_its_lines_name_something() -> None:
    assert [need.payables for need in needs([invoice(lines=INVOICE.lines * 3)], mapping_of())] == [1] * 5
