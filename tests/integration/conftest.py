"""An installation against a simulated Exact Online, in one process: real PostgreSQL, no sockets to Exact."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from exactsync.credentials import App
from exactsync.deployment import Deployment
from exactsync.load import DivisionRef, LoadResult, Mode, Run
from exactsync.payables.intake import no_account
from exactsync.secret import Secret
from exactsync.simulator import DEMO_APP, Settings, Simulator, SimulatorTransport
from exactsync.warehouse.engine import create_engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from exactsync.spendesk.account import SpendeskAccount

EXACT_URL = "https://start.exactonline.nl"


class Installation:
    """A deployment, the Exact Online it talks to, and the warehouse it fills."""

    def __init__(
        self,
        simulator: Simulator,
        warehouse_url: str,
        *,
        instance_id: str | None = None,
        token_key: str | None = None,
        find_account: Callable[[str], SpendeskAccount] = no_account,
    ) -> None:
        self.simulator = simulator
        self.token_key = token_key or Fernet.generate_key().decode()
        self.engine = create_engine(warehouse_url)
        self.transport = SimulatorTransport(simulator)
        self.deployment = Deployment(
            warehouse_url=warehouse_url,
            state_url=None,
            token_keys=[self.token_key],
            instance_id=instance_id,
            find_app=self._app,
            find_account=find_account,
            transport=self.transport,
        )

    @staticmethod
    def _app(connection_id: str) -> App:
        return App(
            connection_id=connection_id,
            base_url=EXACT_URL,
            client_id=DEMO_APP.client_id,
            client_secret=Secret(DEMO_APP.client_secret),
            redirect_uri=DEMO_APP.redirect_uris[0],
        )

    def consent(self, connection_id: str = "exact_online_default", integration: str | None = None) -> None:
        """Do what a person does: open the address, allow, come back with the code."""
        address = self.deployment.authorise_url(connection_id, state="s")
        with httpx.Client(transport=self.transport) as browser:
            redirected = browser.get(address).headers["location"]
        code = dict(part.split("=", 1) for part in urlsplit(redirected).query.split("&"))["code"]
        self.deployment.authorise(connection_id, code=code, integration=integration)

    def sync(
        self,
        entity: str,
        division: int = 1000001,
        *,
        mode: Mode = "incremental",
        confirm_deletions: bool = False,
        holder: str = "test",
    ) -> LoadResult:
        """Sync one data set."""
        run = Run(run_id="test", holder=f"{holder}/{entity}/{division}")
        return self.deployment.sync(self.ref(division), entity, mode=mode, run=run, confirm_deletions=confirm_deletions)

    def apply_deletions(self, division: int = 1000001) -> dict[str, int]:
        """Apply what Exact deleted; return rows deleted by entity."""
        return self.deployment.apply_deletions(self.ref(division), run=Run(run_id="test", holder="test")).deleted

    def let_days_pass(self, days: int = 1) -> None:
        """Make what was compared seem compared that much earlier."""
        with self.engine.begin() as connection:
            connection.execute(
                text("UPDATE exactsync.sync_state SET full_at = full_at - make_interval(days => :days)"), {"days": days}
            )

    def ref(self, division: int) -> DivisionRef:
        """Return the reference of one of the demo's companies."""
        return DivisionRef(integration="exact_online_default", division=division, name="", country="NL")

    def scalar(self, query: str) -> Any:
        """Return the one value of a query on the warehouse."""
        with self.engine.connect() as connection:
            return connection.scalar(text(query))

    def close(self) -> None:
        """Let go of the databases."""
        self.deployment.close()
        self.engine.dispose()


@pytest.fixture
def install(migrated_database: str) -> Iterator[Callable[[Settings], Installation]]:
    """Set up an installation whose Exact has these settings; consented, with every company chosen."""
    made: list[Installation] = []

    def set_up(settings: Settings) -> Installation:
        installation = Installation(Simulator(settings), migrated_database)
        made.append(installation)
        installation.consent()
        installation.deployment.choose("exact_online_default", None)
        return installation

    yield set_up
    for installation in made:
        installation.close()
