"""Many workers, one grant: its tokens expire again and again while workers die and hang in the middle of refreshes.

No worker waits for ten minutes: whenever nobody is at work on the grant, time passes for Exact and for the grant's row
together, up to a moment before the token may be refreshed. So does the lease of a dead or stopped worker, and the pause
after an answer that got lost. Nothing is asked of the machine's speed: for those at work, time passes as it does.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from math import inf
from random import Random
from typing import TYPE_CHECKING, Any, get_args

import httpx
from sqlalchemy import text

from exactsync.credentials import NOBODY
from exactsync.exact import oauth
from exactsync.exact.consent import accept_code
from exactsync.simulator import Fault
from exactsync.simulator.faults import token_answer_lost
from exactsync.simulator.faults.surroundings import LostBy
from exactsync.warehouse.ledger import PostgresLedger
from exactsync.warehouse.tokens import PostgresTokenStore
from tests.torture.workers import CLAIM_S, Desk, Worker, ask_for_tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from exactsync.simulator.faults.planting import Call
    from exactsync.simulator.messages import Request, Response
    from tests.torture.conftest import World

TOKEN_ENDPOINT = "/api/oauth2/token"
POINTS = ("refresh.claimed", "refresh.answered", "refresh.stored")
ACTIONS = ("kill", "kill", "stop")
KILL_SHARE = 0.3
"""Of all expiries, those around which a worker is killed at a random moment."""
LOST_SHARE = 0.1
"""Of all expiries, those in which Exact itself loses its answer."""
EVE_S = 0.03
"""How long before a refresh is due, at most, the passing of time ends."""
STUCK_S = 60.0
REPORT_EVERY = 50

_LOCK = text("""
SELECT *, extract(epoch FROM refreshable_at - clock_timestamp())::double precision AS due_in_s,
       extract(epoch FROM intent_expires_at - clock_timestamp())::double precision AS lease_s
FROM exactsync.grants FOR UPDATE
""")
_PASS = text("""
UPDATE exactsync.grants SET
    obtained_at = obtained_at - make_interval(secs => :s), refreshable_at = refreshable_at - make_interval(secs => :s),
    expires_at = expires_at - make_interval(secs => :s),
    intent_expires_at = intent_expires_at - make_interval(secs => :s)
""")


@dataclass(slots=True)
class Figures:
    """What came to pass."""

    expiries: int = 0
    rotated: int = 0
    """Refreshes, by Exact's count."""
    stored: int = 0
    """Refreshes, by the grant's row."""
    refused: int = 0
    """How often Exact was shown a used token."""
    orphans: int = 0
    """Intents left behind by the dead, the stopped, and those who got no answer."""
    probes: int = 0
    unfounded: int = 0
    """Refusals but the one that each orphaned intent with a used token is good for."""
    consents: Counter[str] = field(default_factory=Counter)
    """Why a person was needed, each time one was."""
    late: int = 0
    """Ends undone by a worker that had been stopped with the next pair in its hand."""
    fell: Counter[str] = field(default_factory=Counter)
    """Where workers were killed or stopped, and how answers got lost."""
    users: Counter[str] = field(default_factory=Counter)
    """Whom the last workers' tokens belong to, by Exact's answer."""

    def __str__(self) -> str:
        casualties = "".join(f"\n  {number:4} {place}" for place, number in sorted(self.fell.items()))
        return (
            f"{self.expiries} expiries: {self.rotated} refreshes by Exact's count, {self.stored} stored, "
            f"{self.rotated - self.stored} lost; {self.orphans} orphaned intents, {self.probes} probes, "
            f"{self.refused} refused, {self.unfounded} of them for no reason; new consents: {dict(self.consents)}; "
            f"ends undone by a late answer: {self.late}; fallen:{casualties}"
        )


class TokenDesk:
    """Watches the token endpoint from inside Exact, and loses an answer when told to."""

    def __init__(self, world: World) -> None:
        self._lock = threading.Lock()
        self.answers: Counter[int] = Counter()
        self.lose_next: LostBy | None = None
        for action in (self._lose, self._count):
            world.simulator.plant(Fault(action=action, endpoint=TOKEN_ENDPOINT, occurrences=frozenset()))

    def _lose(self, request: Request, call: Call) -> Response:
        if self.lose_next is None or not _is_refresh(request):
            return call()
        by, self.lose_next = self.lose_next, None
        return token_answer_lost(by=by)(request, call)

    def _count(self, request: Request, call: Call) -> Response:
        response = call()
        if _is_refresh(request):
            with self._lock:
                self.answers[response.status] += 1
        return response


def _is_refresh(request: Request) -> bool:
    return request.form().get("grant_type") == "refresh_token"


class GrantTorture:
    """The workers, and the one who lets time pass and workers fall."""

    def __init__(self, world: World, *, workers: int, seed: int) -> None:
        self.figures = Figures()
        self._world = world
        self._random = Random(seed)
        self._desk = Desk.of(world)
        self._store = PostgresTokenStore(world.engine, [self._desk.key])
        self._exact = TokenDesk(world)
        self._workers = [self._hire() for _ in range(workers)]
        self._stopped: dict[Worker, float] = {}
        """Since when workers are stopped."""
        self._due: list[tuple[float, Callable[[], None]]] = []
        """What is to happen at a moment to come."""
        self._killed: dict[Worker, str] = {}
        """Those whom we killed, and where."""
        self._expected_refused = 0
        self._holder: Worker | None = None
        """The worker whose answer shall come after the probe: no one consents while it may."""
        self._was_ended = False

    def run(self, expiries: int) -> Figures:
        """Let so many tokens expire, then see that new workers can go on.

        Raises:
            AssertionError: nothing goes on any more.
        """
        seen, seen_at = "", time.monotonic()
        try:
            while not self._take_step(expiries):
                if seen != str(self.figures):
                    seen, seen_at = str(self.figures), time.monotonic()
                assert time.monotonic() - seen_at < STUCK_S, f"nothing goes on any more: {seen}"
                time.sleep(0.002)
            self._relieve()
            self._judge_refusals()
        finally:
            for worker in self._workers:
                worker.kill()
        return self.figures

    def _relieve(self) -> None:
        """Replace all by workers who do their work once and come to an end."""
        for place, worker in enumerate(self._workers):
            worker.kill()
            self._workers[place] = Worker(ask_for_tokens, self._desk)
            self._workers[place].dismiss()
        self.figures.users = Counter(worker.hear() for worker in self._workers)
        self._count()

    def _hire(self) -> Worker:
        """Every worker carries its fate: at which point of which of its refreshes it will fall."""
        point, action = self._random.choice(POINTS), self._random.choice(ACTIONS)
        return Worker(ask_for_tokens, self._desk, planted=f"{point}={action}:{self._random.randint(1, 3)}")

    def _take_step(self, expiries: int) -> bool:
        """Look after the workers and the grant once; return whether all has come to its end."""
        self._do_what_is_due()
        self._notice_the_fallen()
        with self._world.engine.begin() as connection:
            row = self._locked(connection)
            is_at_rest = row.status == "active" and row.intent_owner is None and row.due_in_s > EVE_S
            if row.status == "active" and row.intent_owner is not None and row.lease_s > 0:
                self._see_to_intent(connection, row)
            elif is_at_rest and self.figures.expiries < expiries:
                self._expire(connection, row)
                return False
        self._see_to_status(row)
        return is_at_rest and not self._stopped and not self._due

    def _expire(self, connection: Connection, row: Any) -> None:
        """Let the token's life pass, and perhaps decide that something will go wrong around its refresh."""
        self._pass(connection, row.due_in_s - self._random.uniform(0, EVE_S))
        self.figures.expiries += 1
        if self._random.random() < KILL_SHARE:
            self._later(self._random.uniform(0, 3 * EVE_S), self._kill_someone)
        if self._random.random() < LOST_SHARE:
            self._exact.lose_next = self._random.choice(get_args(LostBy))
        if self.figures.expiries % REPORT_EVERY == 0:
            sys.stdout.write(f"… {self.figures.expiries} expiries, {self.figures.fell.total()} fallen\n")
            sys.stdout.flush()

    def _pass(self, connection: Connection, seconds: float) -> None:
        """Let time pass while the row is locked: first for Exact, so that our doing makes no one early."""
        self._world.simulator.clock.advance(seconds)
        connection.execute(_PASS, {"s": seconds})

    def _see_to_intent(self, connection: Connection, row: Any) -> None:
        """Let the lease of an intent pass, if its owner cannot end it."""
        owner = self._owner(row)
        is_dead = owner is None or not owner.is_alive
        is_unanswered = row.intent_owner.startswith(NOBODY)
        is_stopped = owner is not None and time.monotonic() - self._stopped.get(owner, inf) > CLAIM_S
        if not (is_dead or is_unanswered or is_stopped):
            return
        is_used = self._is_used(row)
        self.figures.orphans += 1
        self._judge_refusals()
        self._expected_refused = self.figures.refused + is_used
        self.figures.fell["answer lost by Exact"] += is_unanswered
        self._holder = owner if is_stopped and is_used and self._random.choice((True, False)) else None
        self._pass(connection, row.lease_s)

    def _see_to_status(self, row: Any) -> None:
        """Once a person is needed, consent anew, unless the lost answer is about to come after all."""
        is_awaited = self._holder is not None and self._holder.is_alive
        if row.status == "active":
            self.figures.late += self._was_ended
            self._was_ended = False
        elif is_awaited:
            self._was_ended = True
        else:
            self._was_ended = False
            self._consent()
            self.figures.consents[row.reason] += 1

    def _consent(self) -> None:
        location = httpx.get(oauth.authorise_url(self._desk.app, "state")).headers["location"]
        accept_code(self._desk.app, oauth.code_of(location), self._store, PostgresLedger(self._world.engine))

    def _judge_refusals(self) -> None:
        self.figures.unfounded += max(0, self.figures.refused - self._expected_refused)

    # Those who fall

    def _notice_the_fallen(self) -> None:
        """Replace the dead, and let the stopped go on after a while, before they die, too."""
        for place, worker in enumerate(self._workers):
            if not worker.is_alive:
                self.figures.fell[self._killed.pop(worker, f"killed at {worker.fate}")] += 1
                self._stopped.pop(worker, None)
                self._workers[place] = self._hire()
            elif worker not in self._stopped and worker.is_stopped:
                self._stopped[worker] = time.monotonic()
                self.figures.fell[f"stopped at {worker.fate}"] += 1
                self._later(CLAIM_S + self._random.uniform(0.02, 0.3), partial(self._resume, worker))

    def _resume(self, worker: Worker) -> None:
        del self._stopped[worker]
        if worker.fate == "refresh.answered":
            self._holder = worker
        worker.resume()
        self._later(self._random.uniform(0.05, 0.3), partial(self._kill, worker))

    def _kill_someone(self) -> None:
        """Kill who is refreshing, or anyone."""
        with self._world.engine.begin() as connection:
            owner = self._owner(self._locked(connection))
        victim = owner or self._random.choice(self._workers)
        if victim.is_alive and victim not in self._stopped:
            self._kill(victim)

    def _kill(self, worker: Worker) -> None:
        worker.kill()
        with self._world.engine.begin() as connection:
            row = self._locked(connection)
            if self._owner(row) is not worker or row.status != "active":
                where = "between refreshes"
            else:
                where = "while refreshing, " + ("with the answer lost" if self._is_used(row) else "the token unused")
        self._killed[worker] = f"killed at random, {where}"

    def _later(self, wait_s: float, happen: Callable[[], None]) -> None:
        self._due.append((time.monotonic() + wait_s, happen))

    def _do_what_is_due(self) -> None:
        now = time.monotonic()
        due = [entry for entry in self._due if entry[0] <= now]
        self._due = [entry for entry in self._due if entry[0] > now]
        for _, happen in due:
            happen()

    # What is known

    def _locked(self, connection: Connection) -> Any:
        row = connection.execute(_LOCK).one()
        self.figures.stored, self.figures.probes = row.refreshes, row.probes
        return row

    def _owner(self, row: Any) -> Worker | None:
        """Who holds the intent to refresh, if they are not replaced yet."""
        pid = int(row.intent_owner.split("/")[1]) if row.intent_owner else None
        return next((worker for worker in self._workers if worker.pid == pid), None)

    def _is_used(self, row: Any) -> bool:
        """Whether Exact has given a pair that is not stored, and no new consent made up for it."""
        self._count()
        return self.figures.rotated > row.refreshes + self.figures.consents.total()

    def _count(self) -> None:
        self._world.settle()
        self.figures.rotated, self.figures.refused = self._exact.answers[200], self._exact.answers[401]
