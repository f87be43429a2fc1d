from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowRescheduleException

from exactsync.errors import ConfigurationError, ExactUnavailableError, ExportPendingError
from exactsync.exporting import Exported
from exactsync.payables.lifecycle import State
from exactsync.payables.preparing import Prepared
from exactsync.payables.reporting import Reported
from exactsync_airflow.operators.export import (
    ExactOnlineExportOperator,
    ExportPrepareOperator,
    ExportReportOperator,
    payables_table,
)

if TYPE_CHECKING:
    from exactsync.load import DivisionRef
    from exactsync.payables.wanted import Wanted

SOON = datetime(2040, 1, 1, tzinfo=UTC)  # whenever the test is run


@dataclass
class FakeExporting:
    """Answers like `exactsync.exporting.Exporting`; `errors` by company."""

    found: list[DivisionRef]
    errors: dict[int, Exception] = field(default_factory=dict)
    wanted: list[Wanted] = field(default_factory=list)
    rows: list[Any] = field(default_factory=list)
    told: dict[str, Reported] = field(default_factory=dict)

    def companies(self, **_: Any) -> list[DivisionRef]:
        return self.found

    def prepare(self, ref: DivisionRef, **_: Any) -> Prepared:
        if error := self.errors.get(ref.division):
            raise error
        return Prepared(prepared=2, blocked=1)

    def export(self, ref: DivisionRef, *, wanted: Wanted, **_: Any) -> Exported:
        self.wanted.append(wanted)
        if error := self.errors.get(ref.division):
            raise error
        return Exported(integration=ref.integration, division=ref.division, states={"exported": 2, "failed": 1})

    def of_run(self, _run_id: str) -> list[Any]:
        return self.rows

    def report(self) -> dict[str, Reported]:
        return self.told


@pytest.fixture
def exporting(deployment, demo, shop, monkeypatch) -> FakeExporting:
    fake = FakeExporting([demo, shop])
    deployment.exporting = fake
    deployment.check = lambda: None
    monkeypatch.setattr("exactsync_airflow.operators.export.airflow_deployment", lambda _conn_id: deployment)
    return fake


def row(state: State, **values: Any) -> SimpleNamespace:
    usual = {"payable_id": "p-1", "counterparty": "Acme", "amount": Decimal("121.00"), "currency": "EUR"}
    nothing = {"entry_number": None, "journal_file": None, "reason": ""}
    return SimpleNamespace(**usual | nothing | {"state": state} | values)


def test_a_company_that_cannot_be_checked_now_is_exported_all_the_same(exporting, context, demo, shop) -> None:
    exporting.errors = {demo.division: ExactUnavailableError("Exact is away.", retry_at=SOON)}
    batches = ExportPrepareOperator(task_id="prepare").execute(context)
    assert batches == [[demo.to_json()], [shop.to_json()]]


def test_one_payable_or_a_period_can_be_chosen(exporting, context, demo) -> None:
    operator = ExactOnlineExportOperator(
        task_id="export", batch=[demo.to_json()], payables=["p-1"], first_day="2026-03-01", last_day=""
    )
    operator.execute(context)
    (wanted,) = exporting.wanted
    assert (wanted.payables, wanted.first, wanted.last) == (["p-1"], date(2026, 3, 1), None)


def test_while_payables_wait_for_a_look_the_slot_is_free(exporting, context, demo) -> None:
    exporting.errors = {demo.division: ExportPendingError("Payables wait.", retry_at=SOON)}
    with pytest.raises(AirflowRescheduleException) as raised:
        ExactOnlineExportOperator(task_id="export", batch=[demo.to_json()]).execute(context)
    assert SOON <= raised.value.reschedule_date <= SOON + timedelta(seconds=5)


def test_what_needs_a_person_fails_only_the_company_it_is_about(exporting, context, demo, shop) -> None:
    exporting.errors = {demo.division: ConfigurationError("The scope is missing.")}
    batch = [demo.to_json(), shop.to_json()]
    with pytest.raises(AirflowFailException, match="The scope is missing"):
        ExactOnlineExportOperator(task_id="export", batch=batch).execute(context)
    assert len(exporting.wanted) == 2


def test_a_refused_payable_fails_no_run(exporting, context, ti) -> None:
    ti.breadcrumbs = [{"task_id": "export", "map_index": 0, "state": "success"}]
    exporting.rows = [row(State.EXPORTED, entry_number=26600001), row(State.FAILED, reason="Ongeldige referentie")]
    assert ExportReportOperator(task_id="report").execute(context) == {"exported": 1, "failed": 1}


def test_a_company_that_failed_and_a_source_that_was_not_told_fail_the_run(exporting, context, ti) -> None:
    ti.breadcrumbs = [{"task_id": "export", "map_index": 0, "state": "failed"}]
    with pytest.raises(AirflowFailException, match="Not all was exported: export"):
        ExportReportOperator(task_id="report").execute(context)
    ti.breadcrumbs = []
    exporting.told = {"spendesk_default": Reported(told=1, failed=3)}
    with pytest.raises(AirflowFailException, match="Of 3 payables"):
        ExportReportOperator(task_id="report").execute(context)


def test_the_table_tells_of_each_payable_and_of_totals_by_state_and_currency() -> None:
    table = payables_table(
        [
            row(State.EXPORTED, entry_number=26600001),
            row(State.EXPORTED, payable_id="p-2", amount=Decimal("0.50")),
            row(State.FAILED, payable_id="p-3", reason="Verplicht:\nDagboek"),
        ]
    )
    assert "26600001" in table
    assert "Verplicht: Dagboek" in table
    assert any(line.split()[:5] == ["2", "in", "all", "121.50", "EUR"] for line in table.splitlines())
