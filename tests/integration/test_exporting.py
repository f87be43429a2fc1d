"""Payables are booked at the simulated Exact by what the warehouse knows of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from exactsync.errors import RetryLaterError
from exactsync.load import Run
from exactsync.payables.lifecycle import State
from exactsync.payables.outbox import Outbox
from exactsync.payables.rows import Actor
from exactsync.payables.wanted import Wanted
from exactsync.simulator import Company, Settings
from exactsync.simulator.faults import FAULTS, Fault
from tests.unit.payables.company import invoice

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from tests.integration.conftest import Installation

DIVISION = 1000001
COMPANY = Company(
    code=DIVISION,
    name="Demo Holding",
    country="NL",
    sizes={
        "GLAccounts": 60,
        "Journals": 8,
        "Accounts": 8,
        "FinancialPeriods": 108,
        "PaymentConditions": 3,
        "VATCodes": 8,
    },
    suppliers=1.0,
)
RUN = Run(run_id="run", holder="test")


def usable(records: list[dict[str, Any]], **wanted: Any) -> dict[str, Any]:
    """Return the first record that is not blocked, and has these values."""
    return next(
        one
        for one in records
        if not (one.get("IsBlocked") or one.get("Blocked") or one.get("EndDate"))
        and all(one[name] == value for name, value in wanted.items())
    )


def test_what_is_prepared_is_booked_and_what_is_not_is_blocked(install: Callable[[Settings], Installation]) -> None:
    office = install(Settings(companies=(COMPANY,)))
    for entity in ("divisions", "gl_accounts", "journals", "suppliers", "financial_periods", "payment_conditions"):
        office.sync(entity, DIVISION)
    truth = {name: office.simulator.truth(DIVISION, name) for name in ("GLAccounts", "Journals", "Accounts")}
    journal = usable(truth["Journals"], Type=22)["Code"].strip()
    account = usable(truth["GLAccounts"], VATCode=None)["Code"].strip()
    day = office.simulator.truth(DIVISION, "FinancialPeriods")[0]["StartDate"]
    supplier = usable(truth["Accounts"], IsSupplier=True)["Name"]
    with office.engine.begin() as connection:
        connection.execute(
            text("""
            INSERT INTO exactsync.payable_sources (source, kind, integration, division, requires_receipt, actor)
            VALUES ('folder', 'files', 'exact_online_default', :division, false, 'test');
            INSERT INTO exactsync.payable_mappings (source, kind, key, target)
            VALUES ('folder', 'journal', 'invoice', :journal), ('folder', 'account', '6000', :account)
            """),
            {"division": DIVISION, "journal": journal, "account": account},
        )
    line = {
        "account_code": "6000",
        "vat_account_code": None,
        "vat_rate": None,
        "net": Decimal("121.00"),
        "vat": Decimal(0),
        "gross": Decimal("121.00"),
        "shares": (),
    }
    good = invoice(source="folder", receipts=(), line=line, who={"name": supplier}, payable_date=day, due_date=None)
    bad = invoice(source="folder", id="p-2", receipts=(), line=line, who={"id": "s-2", "name": "Nobody"})
    outbox, exporting = Outbox(office.engine), office.deployment.exporting
    outbox.receive([good, bad], actor=Actor(name="test"))
    (company,) = exporting.companies()
    assert (company.division, company.name) == (DIVISION, "Demo Holding")
    prepared = exporting.prepare(company, run=RUN)
    assert (prepared.prepared, prepared.blocked) == (1, 1), [row.reason for row in outbox.rows()]
    office.simulator.plant(Fault(endpoint="read/financial/JournalStatusList", action=FAULTS["maintenance"](), every=1))
    with pytest.raises(RetryLaterError):
        exporting.export(company, run=Run(run_id="before", holder="one that does not come back"))
    office.simulator.clear_faults()
    assert len(outbox.rows(Wanted(states=[State.PREPARED]))) == 1, "nobody holds what could not even be looked at"
    with office.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE exactsync.payables_outbox SET look_at = NULL")
    assert exporting.export(company, run=RUN).states == {"exported": 1, "blocked": 1}
    (row,) = outbox.rows(Wanted(states=[State.EXPORTED]))
    (entry,) = office.simulator.truth(DIVISION, "PurchaseEntries")
    assert (row.entry_id, entry["AmountFC"], entry["YourRef"]) == (entry["EntryID"], 121.0, good.number)
    assert [one.payable_id for one in exporting.of_run("run")] in (["p-1", "p-2"], ["p-2", "p-1"])
    assert exporting.report() == {}
    assert office.simulator.violations() == []
    lose_what_was_booked(office)
    (found,) = exporting.recover(company, since=datetime.now(UTC) - timedelta(hours=1), run=RUN)
    assert (found.key, found.fate, found.numbers) == (row.key, "marked", (entry["EntryNumber"],))
    exporting.export(company, run=RUN)
    assert len(office.simulator.truth(DIVISION, "PurchaseEntries")) == 1
    later = office.simulator.truth(DIVISION, "PurchaseEntries")[0]["Created"] + timedelta(hours=3)
    assert exporting.recover(company, since=later.replace(tzinfo=UTC), run=RUN) == []
    assert office.simulator.violations() == []


def lose_what_was_booked(office: Installation) -> None:
    """Have the outbox as a backup of before the export has it."""
    with office.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM exactsync.export_steps")
        connection.exec_driver_sql(
            "UPDATE exactsync.payables_outbox SET state = 'prepared', entry_id = NULL WHERE state = 'exported'"
        )


def test_while_the_base_is_files_purchases_are_written_and_exact_is_not_asked(
    install: Callable[[Settings], Installation], tmp_path: Path
) -> None:
    office = install(Settings(companies=(COMPANY,)))
    office.deployment._journals_url = str(tmp_path)
    with office.engine.begin() as connection:
        connection.execute(
            text("""
            INSERT INTO exactsync.payable_sources (source, kind, requires_receipt, actor)
            VALUES ('folder', 'files', false, 'test')
            """)
        )
    outbox, exporting = Outbox(office.engine), office.deployment.exporting
    outbox.receive(
        [invoice(source="folder", receipts=()), invoice(source="folder", id="p-2", lines=(), receipts=())],
        actor=Actor(name="test"),
    )
    office.deployment.setup.switch_base("files", actor="mara")
    (place,) = exporting.companies()
    assert (place.label, exporting.companies(integrations=["elsewhere"])) == ("Purchase journal of folder", [])
    calls = office.simulator.count_calls()
    assert exporting.prepare(place, run=RUN).prepared == 1
    assert exporting.export(place, run=RUN).states == {"exported": 1, "blocked": 1}
    (file,) = tmp_path.iterdir()
    (row,) = outbox.rows(Wanted(states=[State.EXPORTED]))
    assert (row.journal_file, office.simulator.count_calls()) == (file.name, calls)
    office.deployment.setup.switch_base("exact_online", actor="mara")
    assert exporting.companies() == []
