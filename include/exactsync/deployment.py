"""One company's installation: its databases, keys and apps, and what can be done with them.

The command line and Airflow both work through `Deployment`; it is where the library's parts are put together. Each is
loaded when it is first asked for: a task that pulls would else spend longer on what it does not need than on its work.
"""

from __future__ import annotations

import logging
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import OperationalError

from exactsync.access import Access
from exactsync.connecting import connect
from exactsync.entities import entities
from exactsync.errors import DatabaseUnavailableError
from exactsync.payables.patience import Patience
from exactsync.pulling import Pulling
from exactsync.warehouse import load_log
from exactsync.warehouse.engine import create_engine
from exactsync.warehouse.guard import USUAL_SHARE
from exactsync.warehouse.integrations import IntegrationInfo, read_integrations

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import httpx
    from sqlalchemy import Engine

    from exactsync.connecting import Connected
    from exactsync.credentials import App
    from exactsync.exporting import Exporting
    from exactsync.housekeeping import Housekeeping
    from exactsync.keepalive import Keeper
    from exactsync.load import DeletionsResult, DivisionRef, LoadResult, Mode, Run
    from exactsync.payables.intake import Intake
    from exactsync.payables.overview import Exports
    from exactsync.payables.setting_up import SettingUp
    from exactsync.setup import Setup
    from exactsync.spendesk.account import SpendeskAccount
    from exactsync.warehouse.alerts import Alerts
    from exactsync.warehouse.companies import DivisionInfo
    from exactsync.warehouse.drift import DriftOfDataSet
    from exactsync.warehouse.quality import CheckResult
    from exactsync.warehouse.sync_health import SyncHealth

log = logging.getLogger(__name__)


class Deployment:
    """Everything that can be done, on the databases, keys and apps of one installation.

    Args:
        warehouse_url: the PostgreSQL that analysts query.
        state_url: where grants and the call ledger live; the warehouse unless given.
        token_keys: Fernet keys; the first encrypts, all decrypt.
        instance_id: which installation this is, told from copies of its databases; the identity of the database that
            holds the grants unless given.
        find_app: connection id → app; raises ConfigurationError for an unknown one.
        find_account: connection id → Spendesk account, likewise; None: there is none.
        transport: how to reach Exact, if not directly.
        spendesk_transport: how to reach Spendesk, if not directly.
        patience_s: how long to wait for the next minute's calls before QuotaExhaustedError.
        deletion_share: how much of a table one load may delete unasked, from 0 to 1.
        plan_first_load: whether a first load may read the few members of a large set only, see `first_load`.
        export_patience: how long exports wait for what.
        journals_url: where purchase journals are written while the accounting base is files.
    """

    def __init__(
        self,
        *,
        warehouse_url: str,
        state_url: str | None,
        token_keys: Sequence[str],
        instance_id: str | None = None,
        find_app: Callable[[str], App],
        find_account: Callable[[str], SpendeskAccount] | None = None,
        transport: httpx.BaseTransport | None = None,
        spendesk_transport: httpx.BaseTransport | None = None,
        patience_s: float = 0.0,
        deletion_share: float = USUAL_SHARE,
        plan_first_load: bool = False,
        export_patience: Patience | None = None,
        journals_url: str | None = None,
    ) -> None:
        self._journals_url = journals_url
        self._export_patience = export_patience or Patience()
        self._warehouse = create_engine(warehouse_url)
        self._state = create_engine(state_url) if state_url else self._warehouse
        self._spendesk = (find_account, spendesk_transport)
        self._patience_s = patience_s
        self._access = Access(
            self._state,
            token_keys=token_keys,
            instance_id=instance_id,
            find_app=find_app,
            transport=transport,
            patience_s=patience_s,
        )
        self._pulling = Pulling(
            engine=self._state,
            warehouse=self._warehouse,
            access=self._access,
            deletion_share=deletion_share,
            plan_first_load=plan_first_load,
        )

    # -- databases

    def migrate(self) -> list[str]:
        """Bring the databases to the current schema; return one line for each change."""
        from exactsync.warehouse import migrate

        return [change for engine in self._engines() for change in migrate.migrate(engine)]

    def check(self) -> None:
        """Raise DatabaseUnavailableError unless the databases answer, ConfigurationError unless they are migrated."""
        from exactsync.warehouse import migrate

        for engine in self._engines():
            try:
                migrate.require_current(engine)
            except OperationalError as error:
                raise DatabaseUnavailableError(
                    f"Database {engine.url.database} on {engine.url.host} cannot be reached: "
                    f"{' '.join(str(error.orig).split())}."
                ) from None

    def close(self) -> None:
        """Let go of the databases, and of the connections to Exact."""
        self._access.close()
        for engine in self._engines():
            engine.dispose()

    def _engines(self) -> list[Engine]:
        return list(dict.fromkeys([self._state, self._warehouse]))

    # -- setting up

    @cached_property
    def setup(self) -> Setup:
        """Everything that people do to connect."""
        from exactsync.setup import Setup

        return Setup(engine=self._state, warehouse=self._warehouse, access=self._access)

    @cached_property
    def payables(self) -> SettingUp:
        """What people do to set sources of payables up."""
        from exactsync.payables.setting_up import SettingUp

        return SettingUp(self._warehouse, state=self._state)

    @cached_property
    def exports(self) -> Exports:
        """Payables on their way to Exact, for people to see and to decide about."""
        from exactsync.payables.overview import Exports

        return Exports(self._warehouse, state=self._state)

    @cached_property
    def keeper(self) -> Keeper:
        """What keeps grants alive, in the right hands and under the right keys."""
        from exactsync.keepalive import Keeper

        return Keeper(engine=self._state, warehouse=self._warehouse, access=self._access)

    @cached_property
    def intake(self) -> Intake:
        """What brings payables in."""
        from exactsync.payables.intake import Intake, no_account

        find_account, transport = self._spendesk
        return Intake(self._warehouse, find_account or no_account, transport, patience_s=self._patience_s)

    @cached_property
    def housekeeping(self) -> Housekeeping:
        """What keeps the databases small, and persons out of them who are to be forgotten."""
        from exactsync.housekeeping import Housekeeping

        return Housekeeping(self._engines(), warehouse=self._warehouse)

    @cached_property
    def exporting(self) -> Exporting:
        """What books payables at Exact."""
        from exactsync.exporting import Exporting

        return Exporting(
            engine=self._state,
            warehouse=self._warehouse,
            access=self._access,
            intake=self.intake,
            patience=self._export_patience,
            journals_url=self._journals_url,
        )

    @cached_property
    def alerts(self) -> Alerts:
        """What a person should be told unasked."""
        from exactsync.warehouse.alerts import Alerts

        return Alerts(self._state)

    def authorise_url(self, connection_id: str, *, state: str) -> str:
        """Return the address at which a person consents; Exact redirects with `state` and a code."""
        self.setup.require_exact_online()
        return self._access.consent_url(connection_id, state=state)

    def authorise(self, connection_id: str, *, code: str, integration: str | None = None) -> IntegrationInfo:
        """Turn the code of a consent into a grant, and into the integration that uses it."""
        from exactsync.setup import COMMAND_LINE

        self.check()
        return self.setup.authorise(
            integration or connection_id, connection_id=connection_id, code=code, actor=COMMAND_LINE
        )

    def integrations(self, names: Sequence[str] = ()) -> list[IntegrationInfo]:
        """Return the integrations of these names, or all."""
        return read_integrations(self._state, names)

    def divisions(self, integration: str) -> list[DivisionInfo]:
        """Ask Exact which companies an integration may see; return them with what was chosen."""
        return [company for company in self.setup.companies(integration, reload=True) if company.is_permitted]

    def choose(self, integration: str, codes: Sequence[int] | None) -> None:
        """Pull exactly these companies from now on; None: every active one that the integration may see now."""
        from exactsync.setup import COMMAND_LINE

        self.setup.choose_companies(integration, codes, actor=COMMAND_LINE)

    # -- pulling

    def connect(self, *, integrations: Sequence[str] = (), divisions: Sequence[int] = ()) -> Connected:
        """Check databases, grants and what is reachable; one integration's trouble does not stop the others."""
        self.check()
        return connect(self._state, self.setup, self._access, integrations=integrations, divisions=divisions)

    def sync(
        self, ref: DivisionRef, entity: str, *, mode: Mode, run: Run, confirm_deletions: bool = False
    ) -> LoadResult:
        """Bring one entity of one division up to date; every error says what to do about it, and where it happened."""
        return self._pulling.sync(ref, entity, mode=mode, run=run, confirm_deletions=confirm_deletions)

    def apply_deletions(self, ref: DivisionRef, *, run: Run) -> DeletionsResult:
        """Read what Exact deleted in one division and soft-delete it; errors as `sync`."""
        return self._pulling.apply_deletions(ref, run=run)

    def conclude(self, integrations: Sequence[str] | None = None) -> list[IntegrationInfo]:
        """Take account of a run that is over: move integrations (None: all) to the states that it asks for.

        Returns how they stand then; see `health.conclude`.
        """
        from exactsync import health

        return health.conclude(self._state, self._warehouse, integrations or ())

    # -- looking

    def report(self, run_id: str) -> list[LoadResult]:
        """Return what one run has published."""
        with self._warehouse.connect() as connection:
            return load_log.read_run(connection, run_id)

    def drift(self, run_id: str) -> list[DriftOfDataSet]:
        """Return what the comparisons of one run found that should have been in the tables before."""
        from exactsync.warehouse.drift import read_run

        with self._warehouse.connect() as connection:
            return read_run(connection, run_id)

    def check_quality(self, run_id: str) -> list[CheckResult]:
        """Check the tables of every integration that is at work; return what failed, the errors first."""
        from exactsync.warehouse import quality

        return quality.check(self._warehouse, entities(), self.integrations(), run_id=run_id)

    def status(self) -> list[dict[str, Any]]:
        """Return how every data set stands, see `warehouse.status.read_status`."""
        from exactsync.warehouse.status import read_status

        return read_status(self._warehouse, self.integrations(), entities().values())

    def sync_health(self) -> SyncHealth:
        """Return how everything stands at a glance: data sets, call budgets, changes day by day."""
        from exactsync.warehouse.sync_health import read_sync_health

        return read_sync_health(self._state, self._warehouse)
