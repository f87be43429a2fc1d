"""Payables on their way to Exact Online: their sources and mappings, where each stands, what was sent of it."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE exactsync.payable_sources (
    source text PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('spendesk', 'files')),
    integration text,
    division integer,
    creates_suppliers boolean NOT NULL DEFAULT false,
    requires_receipt boolean NOT NULL DEFAULT true,
    start_date date,
    entry_currency text NOT NULL DEFAULT 'functional' CHECK (entry_currency IN ('functional', 'payment')),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor text NOT NULL,
    CHECK ((integration IS NULL) = (division IS NULL))
);
COMMENT ON TABLE exactsync.payable_sources IS
    'Where payables come from, by connection, and the one company that they are booked in.';
COMMENT ON COLUMN exactsync.payable_sources.division IS 'Null while the accounting base is files.';
COMMENT ON COLUMN exactsync.payable_sources.creates_suppliers IS 'Whether a supplier that matches none is created.';
COMMENT ON COLUMN exactsync.payable_sources.start_date IS 'The cut-over: what was spent earlier stays out.';
COMMENT ON COLUMN exactsync.payable_sources.entry_currency IS
    'Whose currency entries are made in: the wallet''s, or the payment''s.';

CREATE TABLE exactsync.payable_mappings (
    source text NOT NULL REFERENCES exactsync.payable_sources (source),
    kind text NOT NULL,
    key text NOT NULL,
    target text NOT NULL,
    set_by text NOT NULL DEFAULT current_user,
    set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    note text,
    PRIMARY KEY (source, kind, key)
);
COMMENT ON TABLE exactsync.payable_mappings IS
    'How what payables name is called at Exact; docs/payables.md lists kinds, keys and targets. For people and SQL.';

CREATE SEQUENCE exactsync.export_fence;

CREATE TABLE exactsync.payables_outbox (
    source text NOT NULL REFERENCES exactsync.payable_sources (source),
    payable_id text NOT NULL,
    integration text,
    division integer,
    state text NOT NULL CHECK (state IN ('prepared', 'blocked', 'exporting', 'in_doubt', 'failed', 'exported',
                                         'exported_manually', 'sent_back')),
    payable jsonb NOT NULL,
    fingerprint text NOT NULL,
    reference text NOT NULL UNIQUE,
    kind text NOT NULL,
    currency text NOT NULL,
    amount numeric NOT NULL,
    entry_date date NOT NULL,
    counterparty text NOT NULL,
    reasons jsonb NOT NULL DEFAULT '[]',
    message text,
    edited jsonb,
    edited_fingerprint text,
    is_edited boolean NOT NULL GENERATED ALWAYS AS (edited IS NOT NULL) STORED,
    attempts integer NOT NULL DEFAULT 0,
    owner text,
    fence bigint UNIQUE,
    lease_until timestamptz,
    doubt_since timestamptz,
    looks integer NOT NULL DEFAULT 0,
    look_at timestamptz,
    entry_id uuid,
    entry_number integer,
    link text,
    document_id uuid,
    reported_state text,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    exported_at timestamptz,
    PRIMARY KEY (source, payable_id),
    CHECK ((state IN ('exported')) = (entry_id IS NOT NULL))
);
CREATE INDEX payables_outbox_due ON exactsync.payables_outbox (integration, division, state, entry_date)
    WHERE state IN ('prepared', 'exporting', 'in_doubt');
CREATE INDEX payables_outbox_state ON exactsync.payables_outbox (state, updated_at);
COMMENT ON TABLE exactsync.payables_outbox IS 'Every payable there has been, and where it stands on its way to Exact.';
COMMENT ON COLUMN exactsync.payables_outbox.reference IS 'Ours; stands in the entry, which is found again by it.';
COMMENT ON COLUMN exactsync.payables_outbox.reasons IS 'What is in the way: [{check, message, remedy}].';
COMMENT ON COLUMN exactsync.payables_outbox.message IS
    'Why it failed or is in doubt; Exact''s own words where it spoke.';
COMMENT ON COLUMN exactsync.payables_outbox.edited IS
    'How the source tells it now, where that came too late: it was booked, or on its way.';
COMMENT ON COLUMN exactsync.payables_outbox.fence IS 'Of the worker that took it last; each is given once.';
COMMENT ON COLUMN exactsync.payables_outbox.look_at IS
    'When it is next taken up; of one in doubt: null waits for a person.';
COMMENT ON COLUMN exactsync.payables_outbox.reported_state IS 'What the source was last told.';

CREATE TABLE exactsync.payables_outbox_history (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL,
    payable_id text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    from_state text,
    to_state text NOT NULL,
    why text NOT NULL,
    actor text NOT NULL,
    run_id text
);
CREATE INDEX payables_outbox_history_payable ON exactsync.payables_outbox_history (source, payable_id, id);
CREATE INDEX payables_outbox_history_run ON exactsync.payables_outbox_history (run_id);

CREATE TABLE exactsync.export_steps (
    source text NOT NULL,
    subject text NOT NULL,
    step text NOT NULL,
    first_intent_at timestamptz NOT NULL,
    intent_at timestamptz NOT NULL,
    settles_at timestamptz NOT NULL,
    fence bigint NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('intended', 'done', 'refused', 'not_sent', 'lost', 'absent')),
    sent jsonb NOT NULL,
    looks integer NOT NULL DEFAULT 0,
    looked_at timestamptz,
    exact_id uuid,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (source, subject, step),
    CHECK (outcome <> 'done' OR exact_id IS NOT NULL)
);
COMMENT ON TABLE exactsync.export_steps IS
    'Everything that was ever to be created at Exact: the intent, committed before the POST, and what came of it.';
COMMENT ON COLUMN exactsync.export_steps.subject IS 'A payable; of step supplier: a counterparty.';
COMMENT ON COLUMN exactsync.export_steps.settles_at IS
    'From when on Exact must show it if it was created: only what is not found later than that counts.';
COMMENT ON COLUMN exactsync.export_steps.outcome IS
    'intended and lost: nobody knows; refused, not_sent: looked for before the next try; absent: twice not found.';
"""


def upgrade() -> None:
    """Create them."""
    op.execute(STATEMENTS)


def downgrade() -> None:
    """Refuse: migrations only go forward."""
    raise RuntimeError("Migrations only go forward: restore a backup instead.")
