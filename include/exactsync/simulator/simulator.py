"""The simulator itself: one object that answers requests, and lets tests look behind the curtain."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from math import inf
from random import Random
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from exactsync.simulator.changes import Change, Clerk
from exactsync.simulator.clock import Clock
from exactsync.simulator.control import CONTROL_PREFIX, ControlApi
from exactsync.simulator.data import seed
from exactsync.simulator.database import SHARED
from exactsync.simulator.faults.planting import Call
from exactsync.simulator.login import LoginApi
from exactsync.simulator.messages import Request, Response, text_response
from exactsync.simulator.oauth import AUTH_PATH, TOKEN_PATH
from exactsync.simulator.periods import ClosedPeriod
from exactsync.simulator.rest import REST_PREFIX, RestApi, Target, parse_target
from exactsync.simulator.rules import CallKey, Rule, Violation
from exactsync.simulator.settings import Refusal, Settings
from exactsync.simulator.world import World

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Collection, Mapping

    from exactsync.simulator.database import Key
    from exactsync.simulator.faults.planting import Fault, PlantedFault, Proceed

logger = logging.getLogger(__name__)


class Simulator:
    """A strict stand-in for Exact Online, seeded and ready. Thread-safe.

    Args:
        settings: how it behaves and what is in it.
        clock: its time; give one with a source of your own to stand still or to travel.
    """

    def __init__(self, settings: Settings | None = None, *, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self._world = World.create(settings or Settings(), self.clock)
        factories = seed(self._world.settings, self._world.catalogue, self._world.database)
        self._clerk = Clerk(self._world, factories)
        self._login = LoginApi(self._world)
        self._rest = RestApi(self._world)
        self._control = ControlApi(self)

    def handle(self, request: Request) -> Response:
        """Answer one request, as Exact Online would; paths below `/_simulator/` are the control API."""
        if request.path.startswith(CONTROL_PREFIX):
            return self._control.answer(request)
        world = self._world
        with world.lock:
            world.catch_up()
            target = parse_target(
                request.method, request.path, world.catalogue, exact_case=world.settings.exact_path_case
            )
            self._check_host(request)
            struck = [(planted, planted.seen) for planted in world.faults.strike(target)]
        answer_with = partial(self._answer, request, target)
        proceed: Proceed = answer_with
        for planted, number in reversed(struck):
            call = Call(
                request=request,
                target=target,
                number=number,
                world=world,
                clerk=self._clerk,
                planted=planted,
                proceed=proceed,
                answer_with=answer_with,
            )
            proceed = partial(planted.fault.action, request, call)
        response = proceed()
        with world.lock:
            world.journal.count(target.name, target.division, response.status, is_write=target.is_write)
        logger.debug("%s %s -> %s", request.method, request.path, response.status)
        return response.with_headers({"Date": self.clock.http_date()})

    def _check_host(self, request: Request) -> None:
        host = urlsplit(request.base_url).netloc
        if host in self._world.foreign_hosts:
            self._world.journal.record(Rule.FOREIGN_HOST, f"a call to {host}")

    def _answer(self, request: Request, target: Target, refusal: Response | None = None) -> Response:
        """Answer a request; a login or a REST call can be given the refusal to answer it with."""
        world = self._world
        if request.url_length > world.settings.max_url_length:
            self._record(Rule.LONG_URL, f"URL of {request.url_length} characters")
            return text_response("The request URL is too long.", status=414)
        if request.path == AUTH_PATH:
            return refusal or self._login.authorise(request)
        if request.path == TOKEN_PATH:
            return self._login.token(request, refusal)
        if not request.path.startswith(REST_PREFIX):
            self._record(Rule.UNKNOWN_PATH, request.path)
            return text_response("Not found.", status=404)
        return self._rest.answer(request, target, refusal)

    def _record(self, rule: Rule, detail: str) -> None:
        with self._world.lock:
            self._world.journal.record(rule, detail)

    # What a client did

    def violations(self) -> list[Violation]:
        """Return every rule that a client broke, oldest first."""
        with self._world.lock:
            return self._world.journal.violations()

    def calls(self) -> Counter[CallKey]:
        """Return the number of answers by endpoint, division and status."""
        with self._world.lock:
            return self._world.journal.calls()

    def writes(self) -> Counter[CallKey]:
        """Return the number of answers to calls that were to create something, by endpoint, division and status."""
        with self._world.lock:
            return self._world.journal.writes()

    def count_calls(self, endpoint: str | None = None, division: int | None = None) -> int:
        """Return the number of answers of an endpoint, a division, both, or everything."""
        return sum(
            number
            for key, number in self.calls().items()
            if endpoint in (None, key.endpoint) and division in (None, key.division)
        )

    def clear_journal(self) -> None:
        """Forget broken rules and counters; limits and tokens stay as they are."""
        with self._world.lock:
            self._world.journal.clear()

    def secrets(self) -> list[str]:
        """Return every client secret, code and token there has been: needles for a search of logs."""
        with self._world.lock:
            return [app.client_secret for app in self._world.settings.apps] + self._world.grants.issued()

    # What is in it

    def truth(self, division: int, entity_set: str) -> list[dict[str, Any]]:
        """Return every record with typed values, as they are before anything is encoded, in the order of the key.

        Moments are aware and UTC, days are `date`, codes carry no padding, absent values are None. The entity set
        `Divisions` holds one record of each division; division 0 has them all, and is where they are changed.
        """
        with self._world.lock:
            self._world.catch_up()
            if entity_set != "Divisions" or division == SHARED:
                return self._world.database.truth(division, entity_set)
            return [one for one in self._world.database.truth(SHARED, entity_set) if one["Code"] == division]

    def entity_sets(self) -> list[str]:
        """Return the names of the entity sets that records can be put in."""
        return sorted(
            self._world.catalogue.entity_sets.keys() - {"Me", "Deleted", "SyncTimestamp", "JournalStatusList"}
        )

    def insert(self, division: int, entity_set: str, values: Mapping[str, Any] | None = None) -> Change:
        """Add a believable record with `values` over it.

        Raises:
            KeyError: there is no such division or entity set.
            ValueError: the entity set has no such property.
        """
        with self._world.lock:
            return self._clerk.insert(division, entity_set, values or {})

    def update(self, division: int, entity_set: str, key: Key, values: Mapping[str, Any]) -> Change:
        """Change values of a record; its Timestamp and Modified change in any case."""
        with self._world.lock:
            return self._clerk.update(division, entity_set, key, values)

    def touch(self, division: int, entity_set: str, key: Key) -> Change:
        """Give a record a new Timestamp and change nothing else."""
        with self._world.lock:
            return self._clerk.touch(division, entity_set, key)

    def delete(self, division: int, entity_set: str, key: Key) -> Change:
        """Delete a record; only some entity sets leave a line in sync/Deleted."""
        with self._world.lock:
            return self._clerk.delete(division, entity_set, key)

    def set_supplier(self, division: int, key: Key, *, is_supplier: bool) -> Change:
        """Make a relation a supplier, or not one any more."""
        return self.update(division, "Accounts", key, {"IsSupplier": is_supplier})

    def random_changes(
        self, number: int, *, seed: int, divisions: Collection[int] = (), entity_sets: Collection[str] = ()
    ) -> list[Change]:
        """Make a mix of changes, the same ones for the same seed and state; empty collections mean all."""
        random = Random(f"{seed} changes")  # noqa: S311 - reproducible, not secret
        with self._world.lock:
            return self._clerk.make_random_changes(number, random, divisions, entity_sets)

    # How it behaves

    @property
    def settings(self) -> Settings:
        """The settings as they are now."""
        return self._world.settings

    def configure(self, **changes: Any) -> Settings:
        """Change settings while it runs; those about contents matter only at the start."""
        with self._world.lock:
            self._world.settings = replace(self._world.settings, **changes)
            return self._world.settings

    def permit(self, division: int, *, permitted: bool = True) -> None:
        """Let the apps read a division, or not."""
        with self._world.lock:
            self._world.access[division].is_permitted = permitted

    def refuse_division(self, division: int, reason: Refusal | None) -> None:
        """Refuse a division with 403 and this `Reason`; None takes the refusal back."""
        with self._world.lock:
            self._world.access[division].refusal = reason

    def close_period(self, division: int, journal: str, year: int, period: int, *, is_closed: bool = True) -> None:
        """Close a period in a journal, or open it again."""
        closed = ClosedPeriod(division, journal, year, period)
        with self._world.lock:
            (self._world.closed_periods.add if is_closed else self._world.closed_periods.discard)(closed)

    def revoke_grants(self) -> None:
        """End every login: access tokens and refresh tokens are worth nothing from now on."""
        with self._world.lock:
            self._world.grants.revoke_all()

    def commit_late_changes(self) -> int:
        """Commit every change that is under way; return how many there were."""
        with self._world.lock:
            return self._world.database.commit_all() + self._world.catch_up(now=inf)

    def plant(self, fault: Fault) -> int:
        """Let a fault happen from now on; return the id that `remove_fault` takes."""
        with self._world.lock:
            return self._world.faults.plant(fault, self._world)

    def planted_faults(self) -> list[PlantedFault]:
        """Return what is planted, oldest first, and how often each struck."""
        with self._world.lock:
            return self._world.faults.planted()

    def remove_fault(self, fault_id: int) -> None:
        """Remove one planted fault.

        Raises:
            KeyError: it is not planted.
        """
        with self._world.lock:
            self._world.faults.remove(fault_id)

    def clear_faults(self) -> None:
        """Remove every planted fault, and what each left half done: late changes are committed, clocks set right."""
        with self._world.lock:
            self._world.faults.clear()
