"""Workers that sync again and again while the keys to their tokens are replaced under their hands.

Nothing is restarted at once: each worker takes the new keys when its turn comes, as processes do that are restarted one
after the other. Tokens live out their time in between: whenever nobody refreshes, time passes for Exact and the grant's
row together, up to the refresh.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet
from sqlalchemy import text

from exactsync.environment import read_deployment
from exactsync.load import DivisionRef, Run
from tests.torture.conftest import CONNECTION
from tests.torture.workers import END_S, Worker

if TYPE_CHECKING:
    from collections.abc import Mapping
    from multiprocessing.connection import Connection
    from random import Random

    from tests.torture.conftest import World

KEYS = "EXACTSYNC_TOKEN_KEYS"
PATIENCE_S = 60.0
NAP_S = 0.05
EVE_S = 0.02
"""How long before a refresh is due, at most, the passing of time ends."""

_LOCK = text("""
SELECT intent_owner, extract(epoch FROM refreshable_at - clock_timestamp())::double precision AS due_in_s
FROM exactsync.grants FOR UPDATE
""")
_PASS = text("""
UPDATE exactsync.grants SET
    obtained_at = obtained_at - make_interval(secs => :s), refreshable_at = refreshable_at - make_interval(secs => :s),
    expires_at = expires_at - make_interval(secs => :s)
""")


@dataclass(slots=True)
class Tally:
    """What a worker tells at its end."""

    syncs: int = 0
    failures: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Figures:
    """What came to pass."""

    rotations: int = 0
    renewed: int = 0
    expiries: int = 0
    refreshes: int = 0
    syncs: int = 0
    failures: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.rotations} rotations, {self.renewed} times encrypted anew, {self.expiries} expiries, "
            f"{self.refreshes} refreshes, {self.syncs} syncs, {len(self.failures)} failures"
        )


class Clerk(Worker):
    """A process that syncs one data set again and again, with the keys that it was given last."""

    def take(self, keys: str) -> None:
        """Hand it new keys, and return when it works with them."""
        self._line.send(keys)
        assert self._line.poll(END_S), f"process {self.pid} does not take its keys"
        assert self._line.recv() == keys.count(",")


def sync_for_ever(line: Connection, environment: Mapping[str, str], division: int, entity: str) -> Tally:
    """Sync a data set until dismissed; new keys come through the line."""
    tally = Tally()
    ref = DivisionRef(integration=CONNECTION, division=division, name="", country="NL")
    run = Run(run_id="keys", holder=f"keys/{division}/{entity}")
    deployment = read_deployment(environment, patience_s=PATIENCE_S)
    while True:
        if line.poll():
            keys = line.recv()
            if keys == "enough":
                return tally
            deployment.close()
            deployment = read_deployment({**environment, KEYS: keys}, patience_s=PATIENCE_S)
            line.send(keys.count(","))
        try:
            deployment.sync(ref, entity, mode="incremental", run=run)
            tally.syncs += 1
        except Exception as error:
            tally.failures.append(f"{type(error).__name__}: {error}")
        time.sleep(NAP_S)


class KeyTorture:
    """A crew at work, and the one who replaces their keys."""

    def __init__(self, world: World, data_sets: list[tuple[int, str]], random: Random) -> None:
        self.figures = Figures()
        self._world = world
        self._random = random
        self._key = world.environment[KEYS]
        self._clerks = [Clerk(sync_for_ever, world.environment, *data_set) for data_set in data_sets]

    @property
    def keys(self) -> str:
        """The one key that is left."""
        return self._key

    def run(self, rotations: int) -> Figures:
        """Replace the key so many times, then let everyone come to an end."""
        try:
            for _ in range(rotations):
                self._replace_key()
            for clerk in self._clerks:
                clerk.dismiss()
            for clerk in self._clerks:
                tally = clerk.hear()
                self.figures.syncs += tally.syncs
                self.figures.failures += tally.failures
        finally:
            for clerk in self._clerks:
                clerk.kill()
        self.figures.refreshes = self._scalar("SELECT refreshes FROM exactsync.grants")
        return self.figures

    def _replace_key(self) -> None:
        """Go through the steps of docs/grants.md; tokens are refreshed meanwhile."""
        old, new = self._key, Fernet.generate_key().decode()
        self._hand_out(f"{old},{new}")
        self._hand_out(f"{new},{old}", expires=False)
        self._rotate(f"{new},{old}")
        self._hand_out(new)
        self._key = new
        self.figures.rotations += 1

    def _hand_out(self, keys: str, *, expires: bool = True) -> None:
        """Give everyone their keys, one after the other; the token expires when some have theirs and some do not."""
        self._random.shuffle(self._clerks)
        expires_before = self._random.choice(self._clerks[1:]) if expires else None
        for clerk in self._clerks:
            if clerk is expires_before:
                self._expire()
            clerk.take(keys)

    def _rotate(self, keys: str) -> None:
        """Encrypt what is stored anew, while the token is refreshed."""
        deployment = read_deployment({**self._world.environment, KEYS: keys})
        self._expire()
        rotation = deployment.keeper.rotate_keys()
        self.figures.renewed += len(rotation.renewed)
        assert not rotation.unreadable
        assert deployment.keeper.rotate_keys().current, "nobody encrypts with the old key any more"
        deployment.close()

    def _expire(self) -> None:
        """Let the token's life pass as soon as nobody refreshes it."""
        give_up_at = time.monotonic() + END_S
        while not self._try_to_expire():
            assert time.monotonic() < give_up_at, "a refresh does not come to its end"
            time.sleep(0.01)
        self.figures.expiries += 1

    def _try_to_expire(self) -> bool:
        with self._world.engine.begin() as connection:
            row: Any = connection.execute(_LOCK).one()
            if row.intent_owner is not None or row.due_in_s < EVE_S:
                return False
            seconds = row.due_in_s - self._random.uniform(0, EVE_S)
            self._world.simulator.clock.advance(seconds)
            connection.execute(_PASS, {"s": seconds})
        return True

    def _scalar(self, query: str) -> Any:
        with self._world.engine.connect() as connection:
            return connection.scalar(text(query))
