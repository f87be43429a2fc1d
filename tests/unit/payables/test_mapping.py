from __future__ import annotations

from uuid import UUID

import pytest

from exactsync.entity import Axis
from exactsync.payable import Kind
from exactsync.payables.mapping import How, Mapping, Relation, Source, parse_mapping

ACME = "0b4f3d1e-0000-4000-8000-00000000000a"


def parsed(*rows: tuple[str, str, str | None] | tuple[str, str, str | None, str]) -> Mapping:
    return parse_mapping(
        Source(name="spendesk_default"),
        [
            {"kind": kind, "key": key, "target": target, "note": note[0] if note else None}
            for kind, key, target, *note in rows
        ],
    )


def test_rows_become_what_they_mean() -> None:
    mapping = parsed(
        ("journal", "credit_note", "61"),
        ("axis", "Cost center", "cost_centers"),
        ("axis", "Team", "ignore"),
        ("account", "", "4500"),
        ("account", " 6100 ", " 4510 "),
        ("supplier_account", "s-1", "4520"),
        ("vat_code", "NL21", "2"),
        ("supplier", "s-1", ACME.upper(), "iban"),
        ("supplier", "s-2", ACME),
        ("employee", "", ACME),
    )
    relation = UUID(ACME)
    assert mapping == Mapping(
        source=Source(name="spendesk_default"),
        journals={Kind.CREDIT_NOTE: "61"},
        axes={"Cost center": Axis.COST_CENTERS, "Team": None},
        accounts={"": "4500", "6100": "4510"},
        supplier_accounts={"s-1": "4520"},
        vat_codes={"NL21": "2"},
        suppliers={"s-1": Relation(id=relation, how=How.IBAN), "s-2": Relation(id=relation, how=How.PERSON)},
        employees={"": relation},
    )


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            ("colour", "red", "1"),
            "'colour' is nothing that can be mapped: it is one of journal, axis, account, supplier_account, vat_code, "
            "supplier, employee.",
        ),
        (("journal", "Invoice", "60"), "'Invoice' is no kind of payable: it is one of invoice, card, expense_claim, "),
        (("journal", "invoice", None), "The journal of 'invoice' is mapped to nothing."),
        (("journal", "", "60"), "The default journal of has no name: only account, employee, supplier, vat_code may "),
        (
            ("axis", "Team", "teams"),
            "The analytical field 'Team' is mapped to 'teams', which is neither cost_centers, ",
        ),
        (("supplier", "s-1", "Acme"), "The supplier 's-1' is mapped to 'Acme', which is not the key of a relation at "),
        (("employee", "", "Acme"), "The default employee is mapped to 'Acme', which is not the key of a relation at "),
    ],
)
def test_a_row_that_is_wrong_is_set_aside_with_one_clear_sentence(
    row: tuple[str, str, str | None], message: str
) -> None:
    mapping = parsed(row, ("journal", "card", "61"))
    (wrong,) = mapping.wrong
    assert wrong.message.startswith(message)
    assert mapping.journals == {Kind.CARD: "61"}


def test_of_two_rows_that_blanks_tell_apart_the_tidy_one_counts_and_the_other_is_named() -> None:
    mapping = parsed(("account", " 6100", "1"), ("account", "6100", "2"))
    assert mapping.accounts == {"6100": "2"}
    (wrong,) = mapping.wrong
    assert wrong.message == "The expense account '6100' is mapped twice: once with blanks around its name."
