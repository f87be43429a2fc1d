"""Values that any record may hold."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from random import Random


def random_id(random: Random) -> UUID:
    """Return the id of something that is nowhere else."""
    return UUID(int=random.getrandbits(128), version=4)


def some_day(random: Random, *, share: float) -> date | None:
    """Return a day since 2016, in this share of the cases."""
    return date(2016, 1, 1) + timedelta(days=random.randrange(5000)) if random.random() < share else None
