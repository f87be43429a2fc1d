"""A warehouse as analysts meet it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exactsync.warehouse.engine import create_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine


@pytest.fixture
def engine(migrated_database: str) -> Iterator[Engine]:
    """A migrated warehouse, by its owner."""
    engine = create_engine(migrated_database)
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """A transaction of its owner that leaves nothing behind."""
    with engine.connect() as connection:
        yield connection
