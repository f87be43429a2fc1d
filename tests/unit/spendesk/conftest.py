"""A Spendesk whose clock stands still, and a client of it that waits without waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exactsync.secret import Secret
from exactsync.simulator import Clock, Simulator, SimulatorTransport
from exactsync.simulator.spendesk import SpendeskSimulator, company_of
from exactsync.spendesk.account import SpendeskAccount
from exactsync.spendesk.client import SpendeskClient
from exactsync.spendesk.limits import CallLimits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exactsync.simulator.spendesk import SpendeskCompany

NOON = 1_771_000_000.0


class Frozen:
    """A clock that a test moves, or whoever waits."""

    def __init__(self, at: float = NOON) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


@pytest.fixture(scope="session")
def company() -> SpendeskCompany:
    return company_of(Simulator(), 1000001)


@pytest.fixture
def time() -> Frozen:
    return Frozen()


@pytest.fixture
def spendesk(company: SpendeskCompany, time: Frozen) -> SpendeskSimulator:
    return SpendeskSimulator(company, clock=Clock(time, sleep=time.sleep))


@pytest.fixture
def account(spendesk: SpendeskSimulator) -> SpendeskAccount:
    return SpendeskAccount(
        connection_id="spendesk_default",
        base_url="https://public-api.spendesk.com",
        client_id=spendesk.settings.client_id,
        client_secret=Secret(spendesk.settings.client_secret),
    )


@pytest.fixture
def client(spendesk: SpendeskSimulator, account: SpendeskAccount, time: Frozen) -> Iterator[SpendeskClient]:
    limits = CallLimits(patience_s=600, now=time, sleep=time.sleep)
    transport = SimulatorTransport(spendesk)
    with SpendeskClient(account, transport=transport, limits=limits, now=time, sleep=time.sleep) as client:
        yield client
