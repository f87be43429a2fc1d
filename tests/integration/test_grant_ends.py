"""How grants live on and end against a strict Exact: months pass by its clock, and each end is told from the others."""

from __future__ import annotations

import gc
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, get_args
from urllib.parse import urlsplit

import httpx
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import event, text

from exactsync.credentials import App, EndReason
from exactsync.errors import ConfigurationError, ExactUnavailableError, ReauthorisationRequiredError
from exactsync.exact import oauth
from exactsync.exact.consent import accept_code
from exactsync.exact.grant import SETTLING_S, AccessTokens
from exactsync.lifecycle import Reason
from exactsync.secret import Secret
from exactsync.simulator import DEMO_APP, Fault, Settings, Simulator, SimulatorTransport
from exactsync.simulator.clock import Clock
from exactsync.simulator.faults import token_answer_lost
from exactsync.warehouse.engine import create_engine
from exactsync.warehouse.ledger import PostgresLedger
from exactsync.warehouse.tokens import PostgresTokenStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exactsync.credentials import Grant
    from tests.conftest import DatabaseServer

DAY_S = 86_400.0
KEY = Fernet.generate_key().decode()
TOKEN_ENDPOINT = "/api/oauth2/token"
DIRECT = App(
    connection_id="exact_online_default",
    base_url="https://start.exactonline.nl",
    client_id=DEMO_APP.client_id,
    client_secret=Secret(DEMO_APP.client_secret),
    redirect_uri=DEMO_APP.redirect_uris[0],
)
THROUGH_A_PROXY = replace(DIRECT, connection_id="exact_by_proxy", base_url="https://exact.internal")
"""The same app at Exact, by another address."""


@dataclass
class Exact:
    """A simulated Exact whose clock is ours, and everybody who logs in there."""

    simulator: Simulator = field(default_factory=lambda: Simulator(Settings(), clock=Clock(lambda: 1_800_000_000.0)))

    def __post_init__(self) -> None:
        self.transport = SimulatorTransport(self.simulator)

    def code(self, app: App = DIRECT) -> str:
        """Log the demo's user in and return the code that the app gets."""
        with httpx.Client(transport=self.transport) as browser:
            redirected = browser.get(oauth.authorise_url(app, "s")).headers["location"]
        return dict(part.split("=", 1) for part in urlsplit(redirected).query.split("&"))["code"]

    @property
    def refusals(self) -> int:
        """How many calls of the token endpoint were refused."""
        return sum(
            number
            for call, number in self.simulator.calls().items()
            if call.endpoint == TOKEN_ENDPOINT and call.status >= 400
        )


class Installation:
    """A database with grants in it, and those who work with them."""

    def __init__(self, exact: Exact, database: str, *, instance_id: str | None = None) -> None:
        self.exact = exact
        self.engine = create_engine(database)
        self.store = PostgresTokenStore(self.engine, [KEY], instance_id=instance_id)

    def consent(self, app: App = DIRECT) -> int:
        ledger = PostgresLedger(self.engine)
        return accept_code(app, self.exact.code(app), self.store, ledger, transport=self.exact.transport).id

    def token(self, grant_id: int = 1, app: App = DIRECT) -> str:
        return AccessTokens(app, grant_id, self.store, transport=self.exact.transport).access_token().reveal()

    def refused(self, reason: EndReason, grant_id: int = 1, app: App = DIRECT) -> ReauthorisationRequiredError:
        """Ask for a token again and again, and return how that is refused."""
        with pytest.raises(ReauthorisationRequiredError) as caught:
            self.token(grant_id, app)
        for _ in range(3):
            with pytest.raises(ReauthorisationRequiredError) as again:
                self.token(grant_id, app)
            assert again.value.reason == caught.value.reason
        assert caught.value.reason == reason
        assert Reason(reason).text in str(caught.value)
        assert Reason(reason).remedy in caught.value.remedy
        return caught.value

    def grant(self, grant_id: int = 1) -> Grant:
        return self.store.read(grant_id)

    def pass_time(self, seconds: float) -> None:
        """Let the rows grow older; for Exact time passes by its own clock."""
        columns = ("consented_at", "obtained_at", "refreshable_at", "expires_at", "intent_expires_at")
        with self.engine.begin() as connection:
            moved = ", ".join(f"{column} = {column} - make_interval(secs => :s)" for column in columns)
            connection.execute(text(f"UPDATE exactsync.grants SET {moved}"), {"s": seconds})

    def close(self) -> None:
        self.engine.dispose()


def pass_days(days: float, exact: Exact, *installations: Installation) -> None:
    exact.simulator.clock.advance(days * DAY_S)
    for installation in installations:
        installation.pass_time(days * DAY_S)


@pytest.fixture
def exact() -> Exact:
    return Exact()


@pytest.fixture
def site(exact: Exact, migrated_database: str) -> Iterator[Installation]:
    installation = Installation(exact, migrated_database)
    installation.consent()
    yield installation
    installation.close()


def test_a_grant_that_rested_for_29_days_is_alive(exact: Exact, site: Installation) -> None:
    before = site.token()
    for _ in range(3):
        pass_days(29, exact, site)
        after = site.token()
        assert after != before
        before = after
    assert exact.refusals == 0
    assert exact.simulator.violations() == []


@pytest.mark.parametrize("days", [30, 31, 400])
def test_a_grant_that_rested_for_30_days_has_lapsed(exact: Exact, site: Installation, days: int) -> None:
    pass_days(days, exact, site)
    error = site.refused("lapsed")
    assert "30 days" in str(error)
    assert "The refresh token expired at" in str(error)
    assert exact.refusals == 1
    assert site.grant().reason == "lapsed"


def test_a_revoked_grant_is_told_in_words_that_leave_open_what_exact_leaves_open(
    exact: Exact, site: Installation
) -> None:
    exact.simulator.revoke_grants()
    pass_days(1, exact, site)
    error = site.refused("revoked")
    assert "revoked, or replaced by another login" in str(error)
    assert "authorise --connection exact_online_default" in error.remedy
    assert exact.refusals == 1


def test_a_login_that_we_know_nothing_of_looks_like_a_revocation(exact: Exact, site: Installation) -> None:
    oauth.exchange_code(DIRECT, exact.code(), exact.transport)  # by someone else, with the same app and user
    pass_days(1, exact, site)
    site.refused("revoked")
    assert exact.refusals == 1


def test_a_login_of_the_same_user_by_another_address_is_known_to_replace_the_first(
    exact: Exact, site: Installation
) -> None:
    pass_days(1, exact, site)
    other = site.consent(THROUGH_A_PROXY)
    site.refused("replaced")
    assert exact.refusals == 1
    pass_days(1, exact, site)
    assert site.token(other, THROUGH_A_PROXY)


def test_an_older_login_by_another_address_is_not_taken_for_the_cause(exact: Exact, site: Installation) -> None:
    pass_days(1, exact, site)
    ended, living = 1, site.consent(THROUGH_A_PROXY)
    pass_days(1, exact, site)
    site.token(living, THROUGH_A_PROXY)
    exact.simulator.revoke_grants()
    pass_days(1, exact, site)
    site.refused("revoked", living, THROUGH_A_PROXY)
    site.refused("replaced", ended)


def test_what_exact_no_longer_knows_after_months_has_lapsed(exact: Exact, site: Installation) -> None:
    exact.simulator.revoke_grants()
    pass_days(90, exact, site)
    site.refused("lapsed")


def test_a_new_login_here_ends_nothing_for_those_at_work(exact: Exact, site: Installation) -> None:
    site.consent()
    pass_days(1, exact, site)
    assert site.token()
    assert exact.refusals == 0


def test_after_a_lost_answer_the_grant_was_used_by_us(exact: Exact, site: Installation) -> None:
    pass_days(1, exact, site)
    exact.simulator.plant(Fault(action=token_answer_lost(), endpoint=TOKEN_ENDPOINT))
    with pytest.raises(ExactUnavailableError):
        site.token()
    exact.simulator.clear_faults()
    pass_days(SETTLING_S / DAY_S, exact, site)
    error = site.refused("used")
    assert "Old refresh token used" in str(error)
    assert exact.refusals == 1


def test_a_lost_answer_is_survived_where_exact_takes_the_old_token_once_more(exact: Exact, site: Installation) -> None:
    exact.simulator.configure(old_refresh_token_grace_s=60.0)
    pass_days(1, exact, site)
    exact.simulator.plant(Fault(action=token_answer_lost(), endpoint=TOKEN_ENDPOINT))
    with pytest.raises(ExactUnavailableError):
        site.token()
    exact.simulator.clear_faults()
    pass_days(SETTLING_S / DAY_S, exact, site)
    assert site.token()
    assert site.grant().status == "active"


def test_while_exact_is_down_no_one_is_asked_to_reconnect(exact: Exact, site: Installation) -> None:
    pass_days(1, exact, site)

    def down(*_: Any) -> Any:
        from exactsync.simulator.messages import text_response

        return text_response("<html>Server maintenance", status=503, content_type="text/html")

    exact.simulator.plant(Fault(action=down, endpoint=TOKEN_ENDPOINT))
    with pytest.raises(ExactUnavailableError):
        site.token()
    assert site.grant().status == "active"
    exact.simulator.clear_faults()
    pass_days(SETTLING_S / DAY_S, exact, site)
    assert site.token()


def test_another_client_secret_is_told_once_and_forgotten_when_it_is_corrected(
    exact: Exact, site: Installation
) -> None:
    pass_days(1, exact, site)
    site.refused("wrong_client", app=replace(DIRECT, client_secret=Secret("outdated-secret")))
    assert exact.refusals == 1
    assert site.grant().status == "active"
    assert site.token()


class Copies:
    """The original's database, and copies that are made of it."""

    def __init__(self, exact: Exact, server: DatabaseServer, name: str) -> None:
        self.exact = exact
        self.server = server
        self.name = name
        self.original = Installation(exact, server.url(name))
        self.original.consent()


@pytest.fixture
def copies(exact: Exact, postgres_server: DatabaseServer, migrated_database: str) -> Iterator[Copies]:
    made = Copies(exact, postgres_server, urlsplit(migrated_database).path[1:])
    yield made
    made.original.close()


@pytest.fixture
def copy(copies: Copies) -> Iterator[Installation]:
    """A copy of the database, as it was a day after the consent."""
    pass_days(1, copies.exact, copies.original)
    copies.original.token()
    copies.original.close()  # a database in use cannot be copied
    gc.collect()
    with copies.server.fresh_database(template=copies.name) as name:
        installation = Installation(copies.exact, copies.server.url(name))
        yield installation
        installation.close()


def test_a_copied_database_leaves_the_originals_grant_alone(exact: Exact, copies: Copies, copy: Installation) -> None:
    pass_days(1, exact, copies.original, copy)
    calls = exact.simulator.count_calls()
    error = copy.refused("other_instance")
    assert "python -m exactsync adopt" in error.remedy
    assert exact.simulator.count_calls() == calls  # Exact heard nothing of it
    assert copies.original.token()


def test_not_even_a_race_refreshes_another_installations_grant(
    exact: Exact, copies: Copies, copy: Installation
) -> None:
    pass_days(1, exact, copies.original, copy)
    assert copy.store.claim(1, copy.grant().generation, owner="copy", lease_s=90) is None


def test_an_adopted_copy_takes_the_originals_place_and_the_original_learns_of_it_once(
    exact: Exact, copies: Copies, copy: Installation
) -> None:
    pass_days(1, exact, copies.original, copy)
    assert copy.store.adopt() == [1]
    assert copy.store.adopt() == []
    assert copy.token()
    error = copies.original.refused("used_elsewhere")
    assert exact.refusals == 1
    assert "Old refresh token used" in str(error)
    pass_days(1, exact, copy)
    assert copy.token()


def test_an_outdated_copy_that_is_adopted_is_told_that_another_was_faster(
    exact: Exact, copies: Copies, copy: Installation
) -> None:
    pass_days(1, exact, copies.original, copy)
    copies.original.token()
    copy.store.adopt()
    copy.refused("used_elsewhere")
    assert exact.refusals == 1
    pass_days(1, exact, copies.original)
    assert copies.original.token()  # the original's grant has survived it


def test_an_installation_with_a_name_of_its_own_is_told_from_a_clone_of_all_its_files(
    exact: Exact, migrated_database: str
) -> None:
    original = Installation(exact, migrated_database, instance_id="production")
    original.consent()
    clone = Installation(exact, migrated_database, instance_id="staging")
    pass_days(1, exact, original)
    clone.refused("other_instance")
    assert original.token()
    for installation in (original, clone):
        installation.close()


def test_a_grant_from_before_belongs_to_the_first_that_refreshes_it(exact: Exact, site: Installation) -> None:
    with site.engine.begin() as connection:
        connection.execute(text("UPDATE exactsync.grants SET instance_id = NULL, consented_at = NULL"))
    pass_days(1, exact, site)
    site.token()
    other = Installation(exact, site.engine.url.render_as_string(hide_password=False), instance_id="other")
    other.refused("other_instance")
    other.close()


def test_a_server_that_does_not_tell_who_it_is_asks_for_a_name(site: Installation) -> None:
    role = f"clerk_{site.engine.url.database}"
    with site.engine.begin() as connection:
        connection.execute(text(f"CREATE ROLE {role}"))
        connection.execute(text(f"GRANT USAGE ON SCHEMA exactsync TO {role}"))
        connection.execute(text(f"GRANT ALL ON ALL TABLES IN SCHEMA exactsync TO {role}"))
        connection.execute(text("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC"))
    restricted = create_engine(site.engine.url.render_as_string(hide_password=False))
    event.listen(restricted, "begin", lambda connection: connection.exec_driver_sql(f"SET LOCAL ROLE {role}"))
    try:
        with pytest.raises(ConfigurationError, match="EXACTSYNC_INSTANCE_ID"):
            PostgresTokenStore(restricted, [KEY]).read(1)
        assert PostgresTokenStore(restricted, [KEY], instance_id="named").read(1).is_ours is False
    finally:
        restricted.dispose()
        with site.engine.begin() as connection:
            connection.execute(text(f"DROP OWNED BY {role}"))
            connection.execute(text(f"DROP ROLE {role}"))


def test_every_end_has_words_of_its_own() -> None:
    reasons = [Reason(reason) for reason in get_args(EndReason)]
    assert len({reason.text for reason in reasons}) == len(reasons)
    assert all(reason.remedy for reason in reasons)
