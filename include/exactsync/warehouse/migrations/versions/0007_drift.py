"""Drift: what comparisons found that incremental loads should have brought."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE exactsync.drift (
    load_id bigint PRIMARY KEY,
    integration text NOT NULL,
    division integer NOT NULL,
    entity text NOT NULL,
    run_id text NOT NULL,
    compared_at timestamptz NOT NULL,
    watermark bigint,
    missed_inserts bigint NOT NULL,
    missed_updates bigint NOT NULL,
    missed_deletes bigint NOT NULL,
    late_rows bigint NOT NULL,
    changed_since bigint NOT NULL
);
CREATE INDEX drift_data_set ON exactsync.drift (division, entity, compared_at);
CREATE INDEX drift_run ON exactsync.drift (run_id);
COMMENT ON TABLE exactsync.drift IS
    'Every comparison that found drift or changes, and the last of each data set that found neither.';
COMMENT ON COLUMN exactsync.drift.watermark IS 'Up to where the data set had been read before it was compared.';
COMMENT ON COLUMN exactsync.drift.missed_inserts IS 'Rows that should have been in the table, and were not.';
COMMENT ON COLUMN exactsync.drift.missed_updates IS 'Rows that should have had another content.';
COMMENT ON COLUMN exactsync.drift.missed_deletes IS 'Rows that should have been deleted, and were not.';
COMMENT ON COLUMN exactsync.drift.late_rows IS
    'Of the missed inserts and updates: those with a Timestamp below the watermark that the table did not have.';
COMMENT ON COLUMN exactsync.drift.changed_since IS
    'Rows that changed at Exact after the table was last brought up to date, or may have: no drift.';
"""


def upgrade() -> None:
    """Create it."""
    op.execute(STATEMENTS)


def downgrade() -> None:
    """Refuse: migrations only go forward."""
    raise RuntimeError("Migrations only go forward: restore a backup instead.")
