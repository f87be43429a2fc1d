"""Alembic's entry: runs the numbered migrations on the connection that `exactsync.warehouse.migrate` hands over."""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table="schema_version",
    version_table_schema="exactsync",
    transaction_per_migration=False,
)
context.run_migrations()
