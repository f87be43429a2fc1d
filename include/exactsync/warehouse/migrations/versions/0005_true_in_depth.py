"""Validity of versions: when each data set last changed."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STATEMENTS = """
ALTER TABLE exactsync.sync_state
    ADD COLUMN changed_at timestamptz,
    ADD COLUMN incomplete_before timestamptz;
UPDATE exactsync.sync_state SET changed_at = published_at;
COMMENT ON COLUMN exactsync.sync_state.changed_at IS
    'When a change was last published, strictly rising whatever the clock does: the validity of row versions.';
COMMENT ON COLUMN exactsync.sync_state.full_at IS 'When the data set was last read in full and compared.';
COMMENT ON COLUMN exactsync.sync_state.incomplete_before IS
    'Of sync/Deleted: what was deleted before may be missing, so data sets not compared since then are read in full.';
"""


def upgrade() -> None:
    """Create them."""
    op.execute(STATEMENTS)


def downgrade() -> None:
    """Refuse: migrations only go forward."""
    raise RuntimeError("Migrations only go forward: restore a backup instead.")
