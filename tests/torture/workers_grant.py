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
from random import Random
from typing import TYPE_CHECKING, Any, get_args

import httpx
from cryptography.fernet import Fernet
from sqlalchemy import text

from exactsync.credentials import NOBODY
from exactsync.exact import oauth
from exactsync.exact.consent import accept_code
from exactsync.simulator import Fault
from exactsync.simulator.faults import token_answer_lost
from exactsync.simulator.faults.surroundings import LostBy
from exactsync.warehouse.ledger import PostgresLedger
from exactsync.warehouse.tokens import PostgresTokenStore
from tests.torture.workers import Desk, Worker
from tests.torture.workers_crew import Crew

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from exactsync.simulator.faults.planting import Call
    from exactsync.simulator.messages import Request, Response
    from tests.torture.conftest import World

TOKEN_ENDPOINT = "/api/oauth2/token"
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
    """Refusals of a used token but the one that each orphaned intent to use it is good for."""
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
        self._good_for_one: set[str] = set()
        self.answers: Counter[int] = Counter()
        self.unfounded = 0
        self.lose_next: LostBy | None = None
        for action in (self._lose, self._count):
            world.simulator.plant(Fault(action=action, endpoint=TOKEN_ENDPOINT, occurrences=frozenset()))

    def expect_refusal(self, token: str) -> None:
        """Take the next refusal of this token, which was used by who knows whom, for founded; but only that one."""
        with self._lock:
            self._good_for_one.add(token)

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
                if response.status == 401:
                    token = request.form()["refresh_token"]
                    self.unfounded += token not in self._good_for_one
                    self._good_for_one.discard(token)
        return response


def _is_refresh(request: Request) -> bool:
    return request.form().get("grant_type") == "refresh_token"


class GrantTorture:
    """A crew at work on one grant, and the one who lets time pass for it."""

    def __init__(self, world: World, *, workers: int, seed: int) -> None:
        self.figures = Figures()
        self._world = world
        self._random = Random(seed)
        self._desk = Desk.of(world)
        self._store = PostgresTokenStore(world.engine, [self._desk.key])
        self._exact = TokenDesk(world)
        self._crew = Crew(
            self._desk, size=workers, random=self._random, fell=self.figures.fell, tell_where=self._where_killed
        )
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
            self.figures.users = self._crew.relieve()
            self._count()
        finally:
            self._crew.disband()
        return self.figures

    def _take_step(self, expiries: int) -> bool:
        """Look after the workers and the grant once; return whether all has come to its end."""
        self._crew.look_after()
        with self._world.engine.begin() as connection:
            row = self._locked(connection)
            is_at_rest = row.status == "active" and row.intent_owner is None and row.due_in_s > EVE_S
            if row.status == "active" and row.intent_owner is not None and row.lease_s > 0:
                self._see_to_intent(connection, row)
            elif is_at_rest and self.figures.expiries < expiries:
                self._expire(connection, row)
                return False
        self._see_to_status(row)
        return is_at_rest and self._crew.is_at_rest

    def _expire(self, connection: Connection, row: Any) -> None:
        """Let the token's life pass, and perhaps decide that something will go wrong around its refresh."""
        self._pass(connection, row.due_in_s - self._random.uniform(0, EVE_S))
        self.figures.expiries += 1
        if self._random.random() < KILL_SHARE:
            self._crew.kill_within(3 * EVE_S, self._find_refresher)
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
        is_stopped = owner is not None and self._crew.is_stopped_for_long(owner)
        if not (is_dead or is_unanswered or is_stopped):
            return
        is_used = self._is_used(row)
        self.figures.orphans += 1
        self.figures.fell["answer lost by Exact"] += is_unanswered
        if is_used:
            self._exact.expect_refusal(Fernet(self._desk.key).decrypt(row.refresh_token).decode())
        if owner is not None and is_stopped and is_used and self._random.choice((True, False)):
            self._crew.await_answer_of(owner)
        self._pass(connection, row.lease_s)

    def _see_to_status(self, row: Any) -> None:
        """Once a person is needed, consent anew, unless the lost answer is about to come after all."""
        if row.status == "active":
            self.figures.late += self._was_ended
            self._was_ended = False
        elif self._crew.is_answer_to_come:
            self._was_ended = True
        else:
            self._was_ended = False
            self._consent()
            self.figures.consents[row.reason] += 1

    def _consent(self) -> None:
        location = httpx.get(oauth.authorise_url(self._desk.app, "state")).headers["location"]
        accept_code(self._desk.app, oauth.code_of(location), self._store, PostgresLedger(self._world.engine))

    # What is known

    def _locked(self, connection: Connection) -> Any:
        row = connection.execute(_LOCK).one()
        self.figures.stored, self.figures.probes = row.refreshes, row.probes
        return row

    def _owner(self, row: Any) -> Worker | None:
        """Who holds the intent to refresh, if they are not replaced yet."""
        return self._crew.find(int(row.intent_owner.split("/")[1])) if row.intent_owner else None

    def _find_refresher(self) -> Worker | None:
        with self._world.engine.begin() as connection:
            return self._owner(self._locked(connection))

    def _where_killed(self, worker: Worker) -> str:
        with self._world.engine.begin() as connection:
            row = self._locked(connection)
            if self._owner(row) is not worker or row.status != "active":
                return "between refreshes"
            return "while refreshing, " + ("with the answer lost" if self._is_used(row) else "the token unused")

    def _is_used(self, row: Any) -> bool:
        """Whether Exact has given a pair that is not stored, and no new consent made up for it."""
        self._count()
        return self.figures.rotated > row.refreshes + self.figures.consents.total()

    def _count(self) -> None:
        self._world.settle()
        self.figures.rotated, self.figures.refused = self._exact.answers[200], self._exact.answers[401]
        self.figures.unfounded = self._exact.unfounded
