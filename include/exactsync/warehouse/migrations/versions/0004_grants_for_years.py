"""Whose grants are, how they ended, and which alerts are out."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STATEMENTS = """
ALTER TABLE exactsync.grants
    ADD COLUMN instance_id text,
    ADD COLUMN consented_at timestamptz,
    ADD COLUMN client_refused text,
    ADD COLUMN client_refused_at timestamptz,
    DROP CONSTRAINT grants_reason_check,
    ADD CONSTRAINT grants_reason_check CHECK (reason IN ('used', 'lapsed', 'revoked', 'replaced', 'used_elsewhere'));
COMMENT ON COLUMN exactsync.grants.instance_id IS
    'The installation that may refresh it; null: the first one that does.';
COMMENT ON COLUMN exactsync.grants.consented_at IS 'When a person last gave it; null: before this was recorded.';
COMMENT ON COLUMN exactsync.grants.client_refused IS
    'Fingerprint of the client id and secret that Exact refused at client_refused_at.';

CREATE TABLE exactsync.alerts (
    integration text NOT NULL REFERENCES exactsync.integrations ON UPDATE CASCADE ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('act', 'failing')),
    since timestamptz NOT NULL,
    claimed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    sent_at timestamptz,
    PRIMARY KEY (integration, kind)
);
COMMENT ON TABLE exactsync.alerts IS
    'What people were told of each integration, so that they are told once: the latest occurrence of each kind.';
COMMENT ON COLUMN exactsync.alerts.since IS 'When what the alert is about began: with another moment it is news.';
"""


def upgrade() -> None:
    """Create them; a grant from before belongs to the first installation that refreshes it."""
    op.execute(STATEMENTS)


def downgrade() -> None:
    """Refuse: migrations only go forward."""
    raise RuntimeError("Migrations only go forward: restore a backup instead.")
