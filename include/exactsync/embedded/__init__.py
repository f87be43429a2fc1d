"""A real PostgreSQL for the demo and the tests, started from a wheel, with nothing to set up."""

from __future__ import annotations

from exactsync.embedded.server import EmbeddedPostgresError, PostgresServer

__all__ = ["EmbeddedPostgresError", "PostgresServer"]
