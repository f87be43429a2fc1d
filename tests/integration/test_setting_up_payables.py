"""What a person sets up about payables, and how they see it, beside rows that others have written with SQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import text

from exactsync.errors import ConfigurationError
from exactsync.payables.mapping import MappingKind, Source
from exactsync.payables.setting_up import SettingUp
from exactsync.payables.sources import SourceInfo
from exactsync.warehouse.engine import create_engine
from tests.integration.test_books import store
from tests.unit.payables.company import INVOICE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from exactsync.payables.mapped import Line

OURS, THEIRS = 1000001, 1000002
ACME, OTHER = UUID(int=11), UUID(int=12)
SOURCE = Source(name="spendesk_default", division=OURS)
INFO = SourceInfo(source=SOURCE, kind="spendesk", integration="Demo")
INTEGRATION = """
INSERT INTO exactsync.integrations (name, connection_id, state) VALUES ('Demo', 'exact_nl', 'healthy');
INSERT INTO exactsync.integration_divisions (integration, division, name, country, region, is_chosen)
VALUES ('Demo', 1000001, 'Demo Holding', 'NL', 'nl', true), ('Demo', 1000002, 'Demo Belgium', 'BE', 'be', false);
"""


@pytest.fixture
def engine(migrated_database: str) -> Iterator[Engine]:
    engine = create_engine(migrated_database)
    execute(engine, INTEGRATION)
    yield engine
    engine.dispose()


@pytest.fixture
def setting_up(engine: Engine) -> SettingUp:
    setting_up = SettingUp(engine, state=engine)
    setting_up.save_source(INFO, actor="anna")
    return setting_up


def execute(engine: Engine, statement: str, **values: Any) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement), values)


def write(engine: Engine, kind: str, key: str, target: str, note: str | None = None) -> None:
    """Write a row as somebody does with SQL."""
    execute(
        engine,
        "INSERT INTO exactsync.payable_mappings (source, kind, key, target, note, set_by) "
        "VALUES ('spendesk_default', :kind, :key, :target, :note, 'sql')",
        kind=kind,
        key=key,
        target=target,
        note=note,
    )


def receive(engine: Engine, *, division: int = OURS, check: str = "unchecked") -> None:
    """Put a payable into the outbox, held back by a check."""
    payable = INVOICE.to_json() | {"source": SOURCE.name}
    reasons = [{"check": check, "message": "", "remedy": ""}]
    execute(
        engine,
        """
        INSERT INTO exactsync.payables_outbox (source, payable_id, integration, division, state, payable, fingerprint,
            reference, kind, currency, amount, entry_date, counterparty, reasons)
        VALUES ('spendesk_default', 'p-1', 'Demo', :division, 'blocked', :payable, 'f', 'r', 'invoice', 'EUR', 121,
            '2026-03-01', 'Acme', :reasons)
        """,
        division=division,
        payable=orjson.dumps(payable).decode(),
        reasons=orjson.dumps(reasons).decode(),
    )


def lines(setting_up: SettingUp, kind: str, wanted: str = "") -> dict[str, Line]:
    (section,) = [section for section in setting_up.mapped(SOURCE.name, wanted) if section.kind == kind]
    assert section.total == len(section.lines)
    return {line.key: line for line in section.lines}


def test_a_source_is_as_it_was_saved_last_and_says_by_whom(setting_up: SettingUp) -> None:
    wanted = replace(
        INFO,
        source=replace(SOURCE, creates_suppliers=True, requires_receipt=False, start_date=date(2026, 1, 1)),
    )
    setting_up.save_source(wanted, actor="bert")
    (found,) = setting_up.sources()
    assert (found.info, found.actor) == (wanted, "bert")
    assert abs((datetime.now(UTC) - found.created_at).total_seconds()) < 60


@pytest.mark.parametrize(
    ("source", "integration", "message"),
    [
        (replace(SOURCE, name="../x"), "Demo", "letters, digits"),
        (replace(SOURCE, name=""), "Demo", "letters, digits"),
        (SOURCE, None, "go together"),
        (replace(SOURCE, division=None), "Demo", "go together"),
        (replace(SOURCE, division=THEIRS), "Demo", "Demo does not pull the company 1000002"),
        (SOURCE, "Nobody", "Nobody"),
        (replace(SOURCE, entry_currency="euro"), "Demo", "'euro' is not whose currency"),  # type: ignore[arg-type]
    ],
)
def test_a_source_that_cannot_be_used_is_refused_in_a_sentence(
    setting_up: SettingUp, source: Source, integration: str | None, message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        setting_up.save_source(SourceInfo(source=source, kind="spendesk", integration=integration), actor="anna")
    assert [found.info for found in setting_up.sources()] == [INFO]


def test_payables_never_change_their_company(setting_up: SettingUp, engine: Engine) -> None:
    receive(engine, division=THEIRS)
    with pytest.raises(ConfigurationError, match="There are payables of spendesk_default for the company 1000002"):
        setting_up.save_source(INFO, actor="anna")
    setting_up.save_source(replace(INFO, integration=None, source=replace(SOURCE, division=None)), actor="anna")


def test_what_is_mapped_says_what_it_is_at_exact_and_by_whom_it_was_set(setting_up: SettingUp, engine: Engine) -> None:
    store(engine, "journals", 1, code="60", description="Inkoop", type=22)
    setting_up.set_mapping(SOURCE.name, "journal", "invoice", " 60 ", actor="anna")
    setting_up.set_mapping(SOURCE.name, "axis", " Team ", "ignore", actor="bert")
    invoice, team = lines(setting_up, "journal")["invoice"], lines(setting_up, "axis")["Team"]
    assert (invoice.target, invoice.target_name, invoice.problem, invoice.set_by) == ("60", "60 · Inkoop", None, "anna")
    assert invoice.set_at is not None
    assert (team.target_name, team.set_by) == ("Ignored", "bert")


def test_what_payables_name_waits_for_its_mapping_and_what_counts_for_all_others_is_always_there(
    setting_up: SettingUp, engine: Engine
) -> None:
    receive(engine)
    account, everything_else = lines(setting_up, "account")["4500"], lines(setting_up, "account")[""]
    assert (account.target, account.payables, account.is_open) == (None, 1, True)
    assert (everything_else.label, everything_else.payables) == ("Lines without an account", 0)
    assert [line.label for line in lines(setting_up, "journal").values()] == [
        "Invoice",
        "Card",
        "Credit note",
        "Expense claim",
    ]
    waiting = {section.kind: section.unmapped for section in setting_up.mapped(SOURCE.name)}
    assert waiting == {
        "journal": 1,
        "axis": 1,
        "account": 1,
        "supplier_account": 0,
        "vat_code": 1,
        "supplier": 0,
        "employee": 0,
    }


def test_an_account_of_the_same_code_at_exact_waits_for_nobody(setting_up: SettingUp, engine: Engine) -> None:
    receive(engine)
    store(engine, "gl_accounts", 1, code="4500", description="Lunches")
    account = lines(setting_up, "account")["4500"]
    assert (account.target, account.target_name, account.is_open) == (None, "4500 · Lunches", False)


def test_a_supplier_waits_for_a_person_once_it_was_looked_for_in_vain(setting_up: SettingUp, engine: Engine) -> None:
    receive(engine, check="supplier_unmapped")
    assert [line.key for line in lines(setting_up, "supplier").values() if line.is_open] == ["s-1"]


def test_rows_that_are_wrong_say_so_at_their_place(setting_up: SettingUp, engine: Engine) -> None:
    store(engine, "gl_accounts", 1, code="4500", is_blocked=True, description="Lunches")
    store(engine, "gl_accounts", 2, code="4510", is_blocked=False)
    write(engine, "journal", "receipt", "60")
    write(engine, "journal", "card", "99")
    write(engine, "account", "a", "4500")
    write(engine, "account", "b", "4510")
    write(engine, "account", " b ", "4500")
    write(engine, "supplier", "s-1", "Acme")
    write(engine, "jurnal", "card", "<b>60</b>")
    problems = {
        (section.kind, line.key): line.problem
        for section in setting_up.mapped(SOURCE.name)
        for line in section.lines
        if line.problem
    }
    assert problems == {
        (
            "journal",
            "receipt",
        ): "'receipt' is no kind of payable: it is one of invoice, card, expense_claim, credit_note.",
        ("journal", "card"): "99 is not known in this company, as of its last sync.",
        ("account", "a"): "4500 · Lunches is blocked at Exact.",
        ("account", " b "): "The expense account 'b' is mapped twice: once with blanks around its name.",
        ("supplier", "s-1"): "The supplier 's-1' is mapped to 'Acme', which is not the key of a relation at Exact.",
        ("jurnal", "card"): "'jurnal' is nothing that can be mapped: it is one of "
        "journal, axis, account, supplier_account, vat_code, supplier, employee.",
    }
    assert next(iter(lines(setting_up, "account"))) in {"a", " b "}, "what is wrong comes first"
    for kind, key in problems:
        setting_up.unset_mapping(SOURCE.name, kind, key, actor="anna")
    assert [section.problems for section in setting_up.mapped(SOURCE.name)] == [0] * 7


def test_a_match_says_how_it_was_made_until_a_person_makes_another_one(setting_up: SettingUp, engine: Engine) -> None:
    store(engine, "suppliers", 11, code="11", name="Acme")
    store(engine, "suppliers", 12, code="12", name="Acme Belgium")
    write(engine, "supplier", "s-1", str(ACME).upper(), note="iban")
    found = lines(setting_up, "supplier")["s-1"]
    assert (found.target_name, found.how) == ("11 · Acme", "iban")
    setting_up.set_mapping(SOURCE.name, "supplier", "s-1", str(OTHER), actor="anna")
    found = lines(setting_up, "supplier")["s-1"]
    assert (found.target_name, found.how, found.set_by) == ("12 · Acme Belgium", "person", "anna")


def test_what_was_changed_and_forgotten_is_told_with_who_did_it(setting_up: SettingUp, engine: Engine) -> None:
    store(engine, "suppliers", 11, code="11", name="Acme")
    setting_up.set_mapping(SOURCE.name, "supplier", "s-1", str(OTHER), actor="anna")
    setting_up.set_mapping(SOURCE.name, "supplier", "s-1", str(ACME), actor="bert")
    setting_up.unset_mapping(SOURCE.name, "supplier", "s-1", actor="cleo")
    assert [(change.key, change.former, change.target, change.actor) for change in setting_up.changes(SOURCE.name)] == [
        ("s-1", "Acme", None, "cleo"),
        ("s-1", str(OTHER), "Acme", "bert"),
        ("s-1", None, str(OTHER), "anna"),
    ]


@pytest.mark.parametrize(
    ("kind", "key", "target", "message"),
    [
        ("jurnal", "card", "60", "'jurnal' is nothing that can be mapped"),
        ("journal", "card", "  ", "mapped to nothing"),
        ("supplier", "s-1", "Acme", "not the key of a relation"),
        ("axis", "Team", "teams", "neither"),
        ("account", "4500", "a\0b", "cannot be mapped"),
        ("account", "4" * 501, "4500", "cannot be mapped"),
    ],
)
def test_what_cannot_be_mapped_is_refused_in_a_sentence(
    setting_up: SettingUp, kind: str, key: str, target: str, message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        setting_up.set_mapping(SOURCE.name, kind, key, target, actor="anna")
    with pytest.raises(ConfigurationError, match="Nothing is set up for payables of elsewhere"):
        setting_up.set_mapping("elsewhere", "journal", "card", "60", actor="anna")


def test_choices_are_those_that_can_be_booked_on_in_this_company_found_by_any_of_their_words(
    setting_up: SettingUp, engine: Engine
) -> None:
    store(engine, "journals", 1, code="60", description="Purchases 100%", type=22)
    store(engine, "journals", 2, code="61", description="Returns", type=23)
    store(engine, "journals", 3, code="70", description="Sales", type=20)
    store(engine, "journals", 4, code="62", type=22, is_blocked=True)
    store(engine, "journals", 5, code="63", type=22, division=THEIRS)
    store(engine, "journals", 6, code="64", type=22, is_deleted=True)
    store(engine, "suppliers", 11, code="11", name="Acme", city="Gent", vat_number="BE0123456789")

    def found(kind: str, wanted: str = "") -> list[str]:
        return [choice.code for choice in setting_up.choices(SOURCE.name, MappingKind(kind), wanted)]

    assert found("journal") == ["60", "61"]
    assert found("journal", "RET 6") == ["61"]
    assert (found("journal", "100%"), found("journal", "_"), found("journal", "\\\0")) == (["60"], [], [])
    assert found("supplier", "acme be0123") == ["11"]
    assert found("axis") == []


def test_of_very_many_lines_a_person_sees_a_page_and_finds_the_others(setting_up: SettingUp, engine: Engine) -> None:
    execute(
        engine,
        """
        INSERT INTO exactsync.payable_mappings (source, kind, key, target, set_by)
        SELECT 'spendesk_default', 'account', '4' || number, '7' || number, 'sql'
        FROM generate_series(1000, 1999) AS number
        """,
    )
    (section,) = [section for section in setting_up.mapped(SOURCE.name) if section.kind == "account"]
    assert (len(section.lines), section.total) == (50, 1001)
    assert list(lines(setting_up, "account", "41777")) == ["41777"]
