"""Twins: the same invoice under two keys."""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

STATEMENTS = r"""
ALTER TABLE exactsync.payables_outbox ADD COLUMN purchase text;
ALTER TABLE exactsync.payables_outbox ADD COLUMN is_no_twin boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN exactsync.payables_outbox.purchase IS
    'Supplier at Exact, number, amount and currency, once they are known: payables of one purchase have the same.';
COMMENT ON COLUMN exactsync.payables_outbox.is_no_twin IS
    'A person has said that it is a purchase of its own, whatever other payable has the same.';
CREATE INDEX payables_outbox_purchase ON exactsync.payables_outbox (division, purchase) WHERE purchase IS NOT NULL;

UPDATE exactsync.payables_outbox AS outbox
SET purchase = concat_ws(' ', sent.supplier, sent.number, trim_scale(outbox.amount), outbox.currency)
FROM (
    SELECT booked.source, booked.payable_id, step.sent ->> 'supplier' AS supplier,
           lower(regexp_replace(booked.payable ->> 'number', '\W|_', '', 'g')) AS number
    FROM exactsync.payables_outbox AS booked
    JOIN exactsync.export_steps AS step
        ON (step.source, step.subject, step.step) = (booked.source, booked.payable_id, 'entry')
    WHERE booked.state IN ('exporting', 'in_doubt', 'exported', 'exported_manually')
) AS sent
WHERE (sent.source, sent.payable_id) = (outbox.source, outbox.payable_id)
  AND sent.supplier IS NOT NULL AND sent.number <> '';
"""


def upgrade() -> None:
    """Add what tells them, also for what was booked before."""
    op.execute(STATEMENTS)


def downgrade() -> None:
    """Refuse: migrations only go forward."""
    raise RuntimeError("Migrations only go forward: restore a backup instead.")
