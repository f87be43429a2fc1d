"""Quality: what the checks of the published tables found."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE exactsync.quality_results (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    division integer NOT NULL,
    entity text NOT NULL,
    rule text NOT NULL,
    subject text NOT NULL,
    severity text NOT NULL CHECK (severity IN ('error', 'warn')),
    checked bigint NOT NULL,
    failing bigint NOT NULL,
    sample text[] NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    run_id text NOT NULL
);
CREATE INDEX quality_results_check ON exactsync.quality_results (division, entity, rule, subject, id);
COMMENT ON TABLE exactsync.quality_results IS
    'What each check of the published tables found; a line for as long as it found the same.';
COMMENT ON COLUMN exactsync.quality_results.subject IS 'The column that is checked, or what else is.';
COMMENT ON COLUMN exactsync.quality_results.severity IS 'error: the task publish fails; warn: it is only told.';
COMMENT ON COLUMN exactsync.quality_results.checked IS 'How many live rows the check is about, when it was made last.';
COMMENT ON COLUMN exactsync.quality_results.failing IS 'How many of them are not as they should be; 0: passed.';
COMMENT ON COLUMN exactsync.quality_results.sample IS 'The keys of some that are not, or what they hold.';
COMMENT ON COLUMN exactsync.quality_results.first_at IS 'When this was found first.';
COMMENT ON COLUMN exactsync.quality_results.last_at IS 'When this was found last.';
"""


def upgrade() -> None:
    """Create it."""
    op.execute(STATEMENTS)


def downgrade() -> None:
    """Refuse: migrations only go forward."""
    raise RuntimeError("Migrations only go forward: restore a backup instead.")
