"""Loads and their staging, sync state, leases, tombstones, quarantine and the load log."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE SCHEMA IF NOT EXISTS exact_online;
CREATE SCHEMA IF NOT EXISTS exactsync_staging;
COMMENT ON SCHEMA exact_online IS 'Master data of Exact Online, one table per entity, for analysts.';
COMMENT ON SCHEMA exactsync IS 'The books of exactsync itself; not for analysts.';
COMMENT ON SCHEMA exactsync_staging IS 'Pages read from Exact that are not published yet.';

CREATE TABLE exactsync.sync_state (
    division integer NOT NULL,
    entity text NOT NULL,
    watermark bigint,
    load_id bigint,
    full_at timestamptz,
    published_at timestamptz,
    attempted_at timestamptz,
    run_id text,
    outcome text,
    message text,
    PRIMARY KEY (division, entity)
);
COMMENT ON TABLE exactsync.sync_state IS 'How far each data set (division, entity) is, and how its last attempt ended.';
COMMENT ON COLUMN exactsync.sync_state.watermark IS 'Highest Timestamp (rowversion) published; null: nothing read yet.';

CREATE TABLE exactsync.leases (
    division integer NOT NULL,
    entity text NOT NULL,
    holder text NOT NULL,
    host text NOT NULL,
    pid integer NOT NULL,
    fence bigint NOT NULL,
    acquired_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (division, entity)
);
COMMENT ON TABLE exactsync.leases IS 'Who may read a data set; the fence tells a late holder from the present one.';

CREATE TABLE exactsync.loads (
    load_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    division integer NOT NULL,
    entity text NOT NULL,
    mode text NOT NULL CHECK (mode IN ('incremental', 'full')),
    watermark_before bigint,
    watermark_read bigint,
    next_url text,
    pages integer NOT NULL DEFAULT 0,
    is_complete boolean NOT NULL DEFAULT false,
    rows_read bigint NOT NULL DEFAULT 0,
    characters_dropped bigint NOT NULL DEFAULT 0,
    calls integer NOT NULL DEFAULT 0,
    seconds double precision NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (division, entity)
);
COMMENT ON TABLE exactsync.loads IS
    'Loads under way: pages staged so far and the link to the next one. Gone once published.';

CREATE TABLE exactsync.load_log (
    load_id bigint NOT NULL,
    integration text NOT NULL,
    division integer NOT NULL,
    entity text NOT NULL,
    mode text NOT NULL,
    outcome text NOT NULL,
    rows_read bigint NOT NULL,
    inserted bigint NOT NULL,
    updated bigint NOT NULL,
    deleted bigint NOT NULL,
    unchanged bigint NOT NULL,
    quarantined bigint NOT NULL,
    characters_dropped bigint NOT NULL,
    calls integer NOT NULL,
    seconds double precision NOT NULL,
    watermark_before bigint,
    watermark_after bigint,
    run_id text NOT NULL,
    try_number integer NOT NULL,
    published_at timestamptz NOT NULL,
    PRIMARY KEY (load_id, entity)
);
CREATE INDEX load_log_data_set ON exactsync.load_log (division, entity, published_at);
CREATE INDEX load_log_run ON exactsync.load_log (run_id);
COMMENT ON TABLE exactsync.load_log IS
    'Every published load that changed something, and the last one of each data set that did not.';

CREATE TABLE exactsync.tombstones (
    division integer NOT NULL,
    entity_type smallint NOT NULL,
    key uuid NOT NULL,
    source_timestamp bigint NOT NULL,
    noted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (division, entity_type, key)
);
COMMENT ON TABLE exactsync.tombstones IS
    'What Exact''s Deleted log said; no row whose Timestamp is not above its tombstone is ever merged.';

CREATE TABLE exactsync.quarantine (
    division integer NOT NULL,
    entity text NOT NULL,
    record_key text NOT NULL,
    reason text NOT NULL,
    record bytea NOT NULL,
    load_id bigint NOT NULL,
    noted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (division, entity, record_key)
);
COMMENT ON TABLE exactsync.quarantine IS 'Records that could not be normalised, as Exact sent them, and why.';
COMMENT ON COLUMN exactsync.quarantine.record IS 'Raw JSON, UTF-8; bytes, because it may hold what text cannot.';
"""


def upgrade() -> None:
    """Create them."""
    op.execute(STATEMENTS)


def downgrade() -> None:
    """Refuse: migrations only go forward."""
    raise RuntimeError("Migrations only go forward: restore a backup instead.")
