"""Keys are replaced while eight processes sync: nobody fails, and no token ever stands in the database in clear."""

from __future__ import annotations

import sys
from random import Random
from typing import TYPE_CHECKING

import pytest

from exactsync.entities import entities
from exactsync.environment import read_deployment
from exactsync.simulator import Company, Settings
from tests.integration.test_secrets import dump, hits
from tests.torture.conftest import CONNECTION, DIVISION
from tests.torture.workers_keys import KEYS, KeyTorture

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.torture.conftest import World

OTHER_DIVISION = 1000002
WORKERS = 8
SIZES = {"GLAccounts": 5, "VATCodes": 3, "Costcenters": 3, "Costunits": 2, "Accounts": 4}
COMPANIES = tuple(
    Company(code=code, name=f"Demo {code}", country="NL", sizes=SIZES) for code in (DIVISION, OTHER_DIVISION)
)


@pytest.mark.timeout(7200)
def test_no_sync_fails_while_the_keys_are_replaced_and_no_token_is_ever_stored_in_clear(
    make_world: Callable[[Settings], World], seed: int, is_long: bool
) -> None:
    world = make_world(Settings(companies=COMPANIES, calls_per_minute=1_000_000, calls_per_day=10_000_000))
    deployment = read_deployment(world.environment)
    deployment.choose(CONNECTION, [DIVISION, OTHER_DIVISION])
    deployment.close()
    data_sets = [(code, name) for code in (DIVISION, OTHER_DIVISION) for name in entities()][:WORKERS]
    rotations = 50 if is_long else 3

    torture = KeyTorture(world, data_sets, Random(seed))
    figures = torture.run(rotations)
    sys.stdout.write(f"{figures}\n")

    assert figures.failures == []
    assert figures.rotations == rotations
    assert figures.refreshes >= figures.expiries - 1  # the last one may not have been met any more
    assert figures.syncs >= WORKERS
    assert world.simulator.violations() == []
    secrets = world.simulator.secrets()
    assert len(secrets) > 2 * figures.refreshes
    assert hits(dump(world.environment["EXACTSYNC_WAREHOUSE_URL"]), secrets) == []

    last = read_deployment({**world.environment, KEYS: torture.keys})
    assert last.keeper.rotate_keys().current  # the last key alone opens everything
    last.close()
