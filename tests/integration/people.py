"""Several apps and users of one Exact Online, and a person at the page Accounting setup."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID

import httpx

from exactsync.credentials import App
from exactsync.entities import entities
from exactsync.errors import ConfigurationError
from exactsync.exact.oauth import code_of
from exactsync.load import DivisionRef, Run
from exactsync.secret import Secret
from exactsync.simulator import DEMO_APP, Company, RegisteredApp, Settings, Simulator, User
from exactsync.simulator.faults import Fault
from tests.integration.conftest import EXACT_URL, Installation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from exactsync.lifecycle import State
    from exactsync.setup import Setup
    from exactsync.simulator.messages import Request, Response
    from exactsync.warehouse.integrations import IntegrationInfo

ANN, BOB = "ann", "bob"
DANA = User(id=UUID(int=1), name="Dana Demo", email="dana@example.com")
OTTO = User(id=UUID(int=2), name="Otto Other", email="otto@example.com")
SECOND_APP = RegisteredApp(
    client_id="second-client", client_secret="second-secret", redirect_uris=("https://localhost/second",)
)
APPS = {"first": DEMO_APP, "second": SECOND_APP}
A, B, C, D = 1000001, 1000002, 1000003, 1000004
OLD, SECRET = 1000005, 1000006
SIZES = {"Costcenters": 3, "Costunits": 2, "VATCodes": 2, "GLAccounts": 4, "Accounts": 3}
SETTINGS = Settings(
    apps=(DEMO_APP, SECOND_APP),
    user=DANA,
    companies=(
        *(Company(code=code, name=f"Company {code}", country="NL", sizes=SIZES) for code in (A, B, C, D)),
        Company(code=OLD, name="Oud", country="NL", is_archived=True),
        Company(code=SECRET, name="Secret", country="NL", is_permitted=False, sizes=SIZES),
    ),
)
ENTITIES = tuple(entities())


class Office(Installation):
    """An installation with two apps (`first`, `second`) where nothing is set up yet."""

    def __init__(self, warehouse_url: str, settings: Settings = SETTINGS) -> None:
        super().__init__(Simulator(settings), warehouse_url)

    @staticmethod
    def _app(connection_id: str) -> App:
        if connection_id not in APPS:
            raise ConfigurationError(f"Connection {connection_id} is not known here.", remedy="Set it up.")
        registered = APPS[connection_id]
        return App(
            connection_id=connection_id,
            base_url=EXACT_URL,
            client_id=registered.client_id,
            client_secret=Secret(registered.client_secret),
            redirect_uri=registered.redirect_uris[0],
        )

    @property
    def setup(self) -> Setup:
        return self.deployment.setup

    def log_in_as(self, user: User) -> None:
        """Have another person logged in at Exact from now on."""
        self.simulator.configure(user=user)

    def follow(self, url: str) -> tuple[str, str]:
        """Allow the app at Exact; return state and code of the address that leads back."""
        with httpx.Client(transport=self.transport) as browser:
            redirected = browser.get(url).headers["location"]
        query = dict(part.split("=", 1) for part in urlsplit(redirected).query.split("&"))
        return query["state"], code_of(redirected)

    def authorise(self, name: str, *, actor: str = ANN) -> IntegrationInfo:
        """Do what a person does at the page: press Authorise, allow, be led back."""
        state, code = self.follow(self.setup.consent_url(name, actor=actor))
        return self.setup.complete_consent(state=state, code=code, actor=actor)

    def connect(self, name: str, *codes: int, app: str = "first", axes: Sequence[str] | None = None) -> IntegrationInfo:
        """Set an integration up to its end, without syncing."""
        self.setup.create(name, connection_id=app, axes=axes, actor=ANN)
        self.authorise(name)
        return self.setup.choose_companies(name, codes, actor=ANN)

    def run(self, *, entities: Sequence[str] = ENTITIES, run_id: str = "run") -> list[Exception]:
        """Do what a run does: connect, sync, conclude; return what went wrong."""
        connected = self.deployment.connect()
        problems: list[Exception] = list(connected.problems)
        for ref in connected.divisions:
            problems += [error for entity in entities if (error := self.attempt(ref, entity, run_id=run_id))]
        self.deployment.conclude()
        return problems

    def attempt(self, ref: DivisionRef, entity: str, *, run_id: str = "run") -> Exception | None:
        """Sync one data set; return what went wrong."""
        run = Run(run_id=run_id, holder=f"dag/{run_id}/{entity}/{ref.division}")
        try:
            self.deployment.sync(ref, entity, mode="incremental", run=run)
        except Exception as error:
            return error
        return None

    def after_call(self, number: int, endpoint: str, action: Callable[[], object]) -> None:
        """Do something while Exact's answer to a call of one list is on its way."""

        def answer(_request: Request, proceed: Callable[[], Response]) -> Response:
            answered = proceed()
            action()
            return answered

        self.simulator.plant(Fault(action=answer, endpoint=endpoint, occurrences=frozenset({number})))

    def state(self, name: str) -> State:
        """Where an integration stands."""
        return self.setup.integration(name).state

    def steps(self, name: str) -> list[tuple[str, str, str]]:
        """The history of an integration, oldest first: event, state, actor."""
        return [(entry.event, entry.to_state, entry.actor) for entry in reversed(self.setup.journal(name))]

    def execute(self, statement: str) -> None:
        """Change the books behind the library's back."""
        with self.engine.begin() as connection:
            connection.exec_driver_sql(statement)

    def let_tokens_expire(self) -> None:
        """Make every access token due for a refresh."""
        self.execute("UPDATE exactsync.grants SET refreshable_at = now(), expires_at = now()")
