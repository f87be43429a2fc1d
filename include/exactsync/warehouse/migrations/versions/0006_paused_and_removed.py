"""What outlives the end of a grant, that an integration was paused; and what outlives an integration, its history."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STATEMENTS = """
ALTER TABLE exactsync.integrations ADD COLUMN is_paused boolean NOT NULL DEFAULT false;
UPDATE exactsync.integrations SET is_paused = true WHERE state = 'paused';
COMMENT ON COLUMN exactsync.integrations.is_paused IS
    'Somebody has paused it, and nobody has resumed it since; also while its grant has ended.';

ALTER TABLE exactsync.integration_journal DROP CONSTRAINT integration_journal_integration_fkey;
COMMENT ON COLUMN exactsync.integration_journal.integration IS
    'The name of an integration that is there, was removed, or was set up anew under the same name.';
"""


def upgrade() -> None:
    """Change them; what is paused now stays so."""
    op.execute(STATEMENTS)


def downgrade() -> None:
    """Refuse: migrations only go forward."""
    raise RuntimeError("Migrations only go forward: restore a backup instead.")
