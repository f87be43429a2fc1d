"""Purchase journals: files that payables are written to while the accounting base is files."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE SEQUENCE exactsync.purchase_journal_number;

CREATE TABLE exactsync.purchase_journals (
    name text PRIMARY KEY,
    source text NOT NULL REFERENCES exactsync.payable_sources (source),
    address text NOT NULL,
    payables text[] NOT NULL,
    content text NOT NULL,
    run_id text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    written_at timestamptz,
    CHECK ((content = '') = (written_at IS NOT NULL))
);
CREATE INDEX purchase_journals_unwritten ON exactsync.purchase_journals (source, name) WHERE written_at IS NULL;
COMMENT ON TABLE exactsync.purchase_journals IS
    'Files that payables were written to. Each is known before it is written, so that nothing is written twice.';
COMMENT ON COLUMN exactsync.purchase_journals.address IS 'The folder that it lies in, here or in an object store.';
COMMENT ON COLUMN exactsync.purchase_journals.payables IS 'The source''s keys of the payables in it.';
COMMENT ON COLUMN exactsync.purchase_journals.content IS 'What is to be written; empty once it was.';

ALTER TABLE exactsync.payables_outbox ADD COLUMN journal_file text;
COMMENT ON COLUMN exactsync.payables_outbox.journal_file IS 'The purchase journal that it was written to.';
ALTER TABLE exactsync.payables_outbox DROP CONSTRAINT payables_outbox_check;
ALTER TABLE exactsync.payables_outbox ADD CONSTRAINT payables_outbox_check
    CHECK ((state = 'exported') = (entry_id IS NOT NULL OR journal_file IS NOT NULL));
"""


def upgrade() -> None:
    """Create them."""
    op.execute(STATEMENTS)


def downgrade() -> None:
    """Refuse: migrations only go forward."""
    raise RuntimeError("Migrations only go forward: restore a backup instead.")
