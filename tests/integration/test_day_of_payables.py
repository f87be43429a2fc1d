"""A day of payables, every fault among them, by way of the library; `make e2e-payables` has a real scheduler do it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.fernet import Fernet

from exactsync.entities import entities
from exactsync.errors import SnapshotPendingError
from exactsync.load import Run
from exactsync.payables.overview import Selection
from exactsync.payables.rows import Actor
from exactsync.payables.wanted import Wanted
from exactsync.simulator import Settings, Simulator, SimulatorServer
from exactsync.spendesk.account import account_from_connection
from tests.e2e.conftest import Exact
from tests.e2e.payables.bookkeeping import Accounts, a_day_of_payables_is_booked
from tests.e2e.payables.faults import FAULTS
from tests.integration.conftest import Installation

if TYPE_CHECKING:
    from collections.abc import Sequence

GOOD = 36
"""Every type of Spendesk's in every currency, for both companies."""


class Desk:
    """Does what the tasks of the DAGs do, one after the other."""

    def __init__(self, installation: Installation, warehouse_url: str) -> None:
        self._installation = installation
        self._deployment = installation.deployment
        self._runs: dict[str, str] = {}
        self.environment = {
            "EXACTSYNC_WAREHOUSE_URL": warehouse_url,
            "EXACTSYNC_TOKEN_KEYS": Fernet.generate_key().decode(),
        }

    def run(self, dag_id: str, **choice: Any) -> None:
        {"exact_online_sync": self._sync, "spendesk_payables": self._take_in, "exact_online_export": self._export}[
            dag_id
        ](**choice)

    def exports(self) -> dict[str, str]:
        return self._runs

    def totals(self) -> list[dict[str, Any]]:
        totals = self._deployment.exports.overview(Selection(wanted=Wanted())).totals
        return [{name: getattr(one, name) for name in ("state", "currency", "payables", "amount")} for one in totals]

    def _sync(self, *, divisions: Sequence[int], entities: Sequence[str], mode: Any) -> None:
        for division in divisions:
            for entity in entities:
                self._installation.sync(entity, division, mode=mode)

    def _take_in(self, *, lookback_days: int) -> None:
        intake, news, run_id = self._deployment.intake, 0, str(time.time())
        for source in intake.sources():
            with intake.spending(source) as spending:
                spending.receive_suppliers()
                spending.receive_settlements()
                first, last = intake.days(source, lookback_days=lookback_days)
                while True:
                    try:
                        spending.receive_payables(first, last, run_id=run_id)
                        break
                    except SnapshotPendingError:
                        time.sleep(0.2)
                spending.receive_attachments()
            news += intake.take(source, actor=Actor(name="test")).received.new
        if news:
            self._export(name="asset_triggered")

    def _export(self, *, name: str = "manual") -> None:
        exporting, run = self._deployment.exporting, Run(run_id=name, holder=name)
        for company in exporting.companies():
            exporting.prepare(company, run=run)
            exporting.export(company, run=run)
        exporting.report()
        self._runs[name] = "success"


@pytest.mark.timeout(600)
def test_every_good_payable_is_at_exact_once_and_each_fault_says_why(migrated_database: str) -> None:
    accounts = Accounts()
    simulator = Simulator(Settings(calls_per_minute=100_000))
    installation = Installation(
        simulator,
        migrated_database,
        find_account=lambda source: account_from_connection(source, json.dumps(accounts.connections[source])),
    )
    installation.consent()
    installation.deployment.choose("exact_online_default", None)
    with SimulatorServer(simulator) as server:
        a_day_of_payables_is_booked(
            Desk(installation, migrated_database),
            Exact(server.url),
            accounts,
            good=GOOD,
            faulty=2 * len(FAULTS),
            unknown=entities(),
        )
    installation.close()
