"""When Exact changes: what it sends that no declaration knows, and how many records it counts itself."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE exactsync.novelties (
    division integer NOT NULL,
    entity text NOT NULL,
    property text NOT NULL,
    value text NOT NULL,
    noted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (division, entity, property, value)
);
COMMENT ON TABLE exactsync.novelties IS
    'Properties and code values that Exact sent and no declaration knows: each is told once.';
COMMENT ON COLUMN exactsync.novelties.property IS 'Exact''s name of it.';
COMMENT ON COLUMN exactsync.novelties.value IS 'A value that its code list does not name; empty: it is itself unknown.';

CREATE TABLE exactsync.counts (
    division integer NOT NULL,
    entity text NOT NULL,
    counted_at timestamptz NOT NULL,
    at_exact bigint,
    least bigint NOT NULL,
    most bigint NOT NULL,
    difference bigint,
    difference_before bigint,
    PRIMARY KEY (division, entity)
);
COMMENT ON TABLE exactsync.counts IS 'How many records Exact counted in a data set, and how many it should have been.';
COMMENT ON COLUMN exactsync.counts.at_exact IS 'What Exact''s $count answered; null: nothing that can be used.';
COMMENT ON COLUMN exactsync.counts.least IS 'The live rows.';
COMMENT ON COLUMN exactsync.counts.most IS
    'These, records in quarantine of which no row is live, and persons who were erased.';
COMMENT ON COLUMN exactsync.counts.difference IS 'How many records Exact has more (or, below 0, fewer) than it should.';
COMMENT ON COLUMN exactsync.counts.difference_before IS 'What the count before found.';
"""


def upgrade() -> None:
    """Create them."""
    op.execute(STATEMENTS)


def downgrade() -> None:
    """Refuse: migrations only go forward."""
    raise RuntimeError("Migrations only go forward: restore a backup instead.")
