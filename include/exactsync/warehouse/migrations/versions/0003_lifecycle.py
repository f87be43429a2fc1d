"""States of integrations and their journal, consents that are asked for, and the accounting base."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STATEMENTS = """
ALTER TABLE exactsync.integrations
    ALTER COLUMN grant_id DROP NOT NULL,
    ADD COLUMN state text NOT NULL DEFAULT 'awaiting_consent',
    ADD COLUMN reason text,
    ADD COLUMN message text,
    ADD COLUMN since timestamptz NOT NULL DEFAULT clock_timestamp(),
    ADD COLUMN authorised_at timestamptz,
    ADD COLUMN last_sync_at timestamptz,
    ADD COLUMN failed_at timestamptz,
    ADD COLUMN concluded_at timestamptz,
    ADD COLUMN failing_runs integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN exactsync.integrations.state IS 'See docs/connections.md; reason and since belong to it.';
COMMENT ON COLUMN exactsync.integrations.failed_at IS 'When a sync last could not even begin.';
COMMENT ON COLUMN exactsync.integrations.concluded_at IS 'The youngest attempt that the state takes account of.';
COMMENT ON COLUMN exactsync.integrations.failing_runs IS 'How many runs in a row were not all fine.';

ALTER TABLE exactsync.integration_divisions
    ADD COLUMN customer text NOT NULL DEFAULT '',
    ADD COLUMN status text NOT NULL DEFAULT '';
COMMENT ON COLUMN exactsync.integration_divisions.customer IS 'The Exact customer (licence) the company belongs to.';
COMMENT ON COLUMN exactsync.integration_divisions.status IS 'active, inactive or archived; empty: not known yet.';

ALTER TABLE exactsync.sync_state
    ADD COLUMN reason text,
    ADD COLUMN holder text;
COMMENT ON COLUMN exactsync.sync_state.reason IS 'Why the last attempt failed, by the reasons of docs/connections.md.';
COMMENT ON COLUMN exactsync.sync_state.holder IS 'Who made the last attempt, by the name that leases know.';

CREATE TABLE exactsync.integration_journal (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    integration text NOT NULL REFERENCES exactsync.integrations ON UPDATE CASCADE ON DELETE CASCADE,
    event text NOT NULL,
    from_state text NOT NULL,
    to_state text NOT NULL,
    reason text,
    message text,
    actor text NOT NULL
);
CREATE INDEX ON exactsync.integration_journal (integration, id);
COMMENT ON TABLE exactsync.integration_journal IS
    'Every change of an integration''s state, written in the transaction that made it.';

CREATE TABLE exactsync.consents (
    state_hash text PRIMARY KEY,
    integration text NOT NULL REFERENCES exactsync.integrations ON UPDATE CASCADE ON DELETE CASCADE,
    actor text NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
COMMENT ON TABLE exactsync.consents IS
    'Consents asked for at Exact: each is good once, for a short time, for one person.';
COMMENT ON COLUMN exactsync.consents.state_hash IS 'SHA-256 of the state that Exact sends back.';

CREATE TABLE exactsync.accounting_bases (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    base text NOT NULL CHECK (base IN ('files', 'exact_online')),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor text NOT NULL
);
COMMENT ON TABLE exactsync.accounting_bases IS 'Where accounting goes; the youngest row counts, none: never chosen.';
"""

# What was set up before there were states: as far as the tables tell it.
EXISTING = """
UPDATE exactsync.integration_divisions SET seen_at = '-infinity';

WITH known AS (
    SELECT integration.name, integration.created_at, grants.status, grants.reason, chosen.divisions, chosen.loaded
    FROM exactsync.integrations AS integration
    JOIN exactsync.grants ON grants.id = integration.grant_id
    CROSS JOIN LATERAL (
        SELECT count(*) AS divisions, coalesce(bool_and(loaded.is_loaded), false) AS loaded
        FROM exactsync.integration_divisions AS division
        CROSS JOIN LATERAL (
            SELECT coalesce(bool_and(published_at IS NOT NULL), false) AS is_loaded
            FROM exactsync.sync_state WHERE sync_state.division = division.division
        ) AS loaded
        WHERE division.integration = integration.name AND division.is_chosen
    ) AS chosen
), moved AS (
    UPDATE exactsync.integrations AS integration SET
        authorised_at = known.created_at,
        state = CASE WHEN known.status = 'reconnect_needed' THEN 'reconnect_needed'
                     WHEN known.divisions = 0 THEN 'choose_company'
                     WHEN known.loaded THEN 'healthy'
                     ELSE 'initial_sync' END,
        reason = known.reason,
        last_sync_at = (
            SELECT max(published_at) FROM exactsync.sync_state JOIN exactsync.integration_divisions AS division
            ON division.division = sync_state.division AND division.is_chosen
            WHERE division.integration = known.name)
    FROM known WHERE known.name = integration.name
    RETURNING integration.name, integration.state, integration.reason
)
INSERT INTO exactsync.integration_journal (integration, event, from_state, to_state, reason, message, actor)
SELECT name, 'created', 'not_configured', state, reason, 'Set up before states were recorded.', 'upgrade' FROM moved;

ALTER TABLE exactsync.integrations
    ADD CHECK (state IN ('awaiting_consent', 'choose_company', 'initial_sync', 'healthy', 'degraded',
                         'reconnect_needed', 'paused', 'disconnected')),
    ADD CHECK ((state IN ('degraded', 'reconnect_needed')) = (reason IS NOT NULL));
"""


def upgrade() -> None:
    """Create them, and give existing integrations their state."""
    op.execute(STATEMENTS)
    op.execute(EXISTING)


def downgrade() -> None:
    """Refuse: migrations only go forward."""
    raise RuntimeError("Migrations only go forward: restore a backup instead.")
