"""The simulated Spendesk itself: one object that answers requests, and lets tests look behind the curtain."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from exactsync.simulator.clock import Clock
from exactsync.simulator.spendesk.accounts import SpendeskAccount
from exactsync.simulator.spendesk.api import SpendeskApi
from exactsync.simulator.spendesk.gate import Gate
from exactsync.simulator.spendesk.rules import SpendeskRefusedError, SpendeskRule, SpendeskViolation
from exactsync.simulator.spendesk.settings import SpendeskSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from exactsync.simulator.messages import Request, Response
    from exactsync.simulator.spendesk.company import SpendeskCompany
    from exactsync.simulator.spendesk.faults import Flaw

    Interference = Callable[[Request, Callable[[], Response]], Response]


class SpendeskSimulator:
    """A strict stand-in for Spendesk, seeded and ready. Thread-safe.

    Args:
        company: whose account it is.
        settings: how it behaves and how much is in it.
        clock: its time; give one with a source of your own to stand still or to travel.
    """

    def __init__(
        self, company: SpendeskCompany, settings: SpendeskSettings | None = None, *, clock: Clock | None = None
    ) -> None:
        self.clock = clock or Clock()
        self.settings = settings or SpendeskSettings()
        self._lock = threading.RLock()
        self._violations: list[SpendeskViolation] = []
        self._calls: list[tuple[str, int]] = []
        self._interferences: list[Interference] = []
        self._account = SpendeskAccount(company, self.settings, self.clock.utc())
        self._gate = Gate(self.clock)
        self._api = SpendeskApi(self._account, self.clock)

    def handle(self, request: Request) -> Response:
        """Answer one request, as Spendesk would."""
        response = self._interfere(request)
        with self._lock:
            self._calls.append((request.path, response.status))
        return response.with_headers({"Date": self.clock.http_date()})

    def _interfere(self, request: Request) -> Response:
        with self._lock:
            interference = self._interferences.pop(0) if self._interferences else None
        return interference(request, lambda: self._answer(request)) if interference else self._answer(request)

    def _answer(self, request: Request) -> Response:
        try:
            with self._lock:
                if request.path.startswith("/files/"):
                    return self._api.file(request, self.settings)
                if request.path == "/v1/auth/token":
                    return self._gate.give_token(request, self.settings)
                headers = self._gate.admit(request, self.settings)
            with self._in_flight():
                self.clock.sleep(self.settings.latency_s)
                with self._lock:
                    answer = self._api.answer(request, self._gate.scopes(request), self.settings)
                    if answer.broken:
                        self._record(*answer.broken)
            return answer.response.with_headers(headers)
        except SpendeskRefusedError as refused:
            with self._lock:
                if refused.rule:
                    self._record(refused.rule, refused.detail)
            return refused.response

    @contextmanager
    def _in_flight(self) -> Iterator[None]:
        with self._lock:
            self._gate.enter(self.settings)
        try:
            yield
        finally:
            with self._lock:
                self._gate.leave()

    def _record(self, rule: SpendeskRule, detail: str) -> None:
        self._violations.append(SpendeskViolation(rule=rule, detail=detail, at=self.clock.utc()))

    # What a client did

    def violations(self) -> list[SpendeskViolation]:
        """Return every rule that a client broke, oldest first."""
        with self._lock:
            return list(self._violations)

    def calls(self) -> list[tuple[str, int]]:
        """Return path and status of every answer, oldest first."""
        with self._lock:
            return list(self._calls)

    def reports(self) -> list[dict[str, Any]]:
        """Return every bookkeeping status that was sent back: `id`, `status`, `reason`, `at`."""
        with self._lock:
            return deepcopy(self._account.reports)

    def secrets(self) -> list[str]:
        """Return the client secret and every token there has been: needles for a search of logs."""
        with self._lock:
            return [self.settings.client_secret, *self._gate.issued()]

    # What is in it

    def payables(self) -> list[dict[str, Any]]:
        """Return every payable with typed values, receipts' contents included, as v0 shapes them."""
        with self._lock:
            return deepcopy(list(self._account.payables.values()))

    def flaws(self) -> dict[UUID, Flaw]:
        """Return which payables cannot be booked as they are, and why."""
        with self._lock:
            return dict(self._account.flaws)

    def add(self, number: int) -> list[UUID]:
        """Approve and prepare so many more payables; return their ids."""
        with self._lock:
            return self._account.add(number, self.clock.utc())

    def put(self, *payables: dict[str, Any]) -> None:
        """Let payables come in, as `payables` returns them; lines may have `analyticalProperties` of their own (v1)."""
        with self._lock:
            for payable in payables:
                self._account.put(deepcopy(payable))

    def edit(self, payable_id: UUID, **values: Any) -> None:
        """Change values of a payable, as an accountant does."""
        with self._lock:
            self._account.edit(payable_id, values, self.clock.utc())

    # How it behaves

    def configure(self, **changes: Any) -> SpendeskSettings:
        """Change settings while it runs; those about contents matter only at the start."""
        with self._lock:
            self.settings = replace(self.settings, **changes)
            return self.settings

    def interfere(self, *interferences: Interference) -> None:
        """Let the next requests, one each, be answered by these: each gets the request and what would answer it."""
        with self._lock:
            self._interferences += interferences
