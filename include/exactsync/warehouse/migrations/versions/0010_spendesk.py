"""What Spendesk tells: payables with their lines, what paid them, suppliers and receipts; and snapshots asked for."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE SCHEMA IF NOT EXISTS spendesk;
COMMENT ON SCHEMA spendesk IS 'Spend as Spendesk tells it, by connection (source); for the export, and for queries.';

CREATE TABLE spendesk.payables (
    source text NOT NULL,
    id text NOT NULL,
    kind text,
    source_kind text,
    number text,
    description text,
    counterparty_kind text,
    counterparty_id text,
    counterparty_name text,
    payable_date date,
    accounting_date date,
    due_date date,
    currency text,
    amount numeric,
    functional_currency text,
    functional_amount numeric,
    exchange_rate numeric,
    bookkeeping_status text,
    receipt_excuse text,
    updated_at timestamptz,
    raw jsonb NOT NULL,
    problem text,
    attachments_read_for text,
    first_received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (source, id)
);
COMMENT ON TABLE spendesk.payables IS 'Approved expenses, each as Spendesk last told it; nothing is ever deleted here.';
COMMENT ON COLUMN spendesk.payables.kind IS 'invoice, card, expense_claim or credit_note: what it is to a bookkeeper.';
COMMENT ON COLUMN spendesk.payables.amount IS 'In units of currency (12.34), negative for what comes back.';
COMMENT ON COLUMN spendesk.payables.raw IS 'The record as Spendesk wrote it.';
COMMENT ON COLUMN spendesk.payables.problem IS 'Why the record could not be read; all other columns are empty then.';
COMMENT ON COLUMN spendesk.payables.attachments_read_for IS 'A digest of the record that its receipts were listed for.';
COMMENT ON COLUMN spendesk.payables.received_at IS 'When a change was last received.';

CREATE TABLE spendesk.payable_lines (
    source text NOT NULL,
    payable_id text NOT NULL,
    ordinal integer NOT NULL,
    description text NOT NULL,
    account_code text,
    vat_account_code text,
    vat_rate numeric,
    net numeric NOT NULL,
    vat numeric NOT NULL,
    gross numeric NOT NULL,
    shares jsonb NOT NULL,
    PRIMARY KEY (source, payable_id, ordinal),
    FOREIGN KEY (source, payable_id) REFERENCES spendesk.payables ON DELETE CASCADE
);
COMMENT ON TABLE spendesk.payable_lines IS
    'Lines of payables. Spendesk gives them no key, so it is their place, from 1.';
COMMENT ON COLUMN spendesk.payable_lines.vat_rate IS 'As a fraction: 0.21.';
COMMENT ON COLUMN spendesk.payable_lines.shares IS
    'Analytical values: [{"amount": net share or null, "values": {field: value}}].';

CREATE TABLE spendesk.payable_allocations (
    source text NOT NULL,
    payable_id text NOT NULL,
    ordinal integer NOT NULL,
    settlement_id text NOT NULL,
    amount numeric NOT NULL,
    PRIMARY KEY (source, payable_id, ordinal),
    FOREIGN KEY (source, payable_id) REFERENCES spendesk.payables ON DELETE CASCADE
);
COMMENT ON TABLE spendesk.payable_allocations IS 'Which settlement paid how much of a payable, in its currency.';

CREATE TABLE spendesk.attachments (
    source text NOT NULL,
    payable_id text NOT NULL,
    id text NOT NULL,
    media_type text NOT NULL,
    checksum text,
    attached_at timestamptz,
    PRIMARY KEY (source, payable_id, id),
    FOREIGN KEY (source, payable_id) REFERENCES spendesk.payables ON DELETE CASCADE
);
COMMENT ON TABLE spendesk.attachments IS 'Receipts of payables. Their addresses are good for minutes and are not kept.';

CREATE TABLE spendesk.settlements (
    source text NOT NULL,
    id text NOT NULL,
    raw jsonb NOT NULL,
    type text,
    medium text,
    paid_from text,
    description text,
    created_at timestamptz,
    cleared_at timestamptz,
    amount numeric,
    currency text,
    billing_amount numeric,
    billing_currency text,
    billing_exchange_rate numeric,
    state text,
    exported_at timestamptz,
    problem text,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (source, id)
);
COMMENT ON TABLE spendesk.settlements IS 'What left or entered the wallet or bank; amounts in units of their currency.';

CREATE TABLE spendesk.suppliers (
    source text NOT NULL,
    id text NOT NULL,
    raw jsonb NOT NULL,
    name text,
    legal_name text,
    registration_no text,
    vat_number text,
    iban text,
    bic text,
    country text,
    is_archived boolean,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (source, id)
);
COMMENT ON TABLE spendesk.suppliers IS 'Suppliers as Spendesk knows them: how they are matched with those at Exact.';

ALTER TABLE exactsync.payable_sources ADD COLUMN address text;
COMMENT ON COLUMN exactsync.payable_sources.address IS
    'Of kind files: the folder that they lie in, here or in an object store.';

CREATE TABLE exactsync.spendesk_snapshots (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL,
    run_id text NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL,
    key text,
    asked_at timestamptz,
    polled_at timestamptz,
    read_at timestamptz,
    payables integer NOT NULL DEFAULT 0,
    changed integer NOT NULL DEFAULT 0,
    unreadable integer NOT NULL DEFAULT 0,
    UNIQUE (source, run_id, first_day)
);
COMMENT ON TABLE exactsync.spendesk_snapshots IS
    'Snapshots of payables that a run asks for, one after the other: where it goes on after it was put off or died.';
"""


def upgrade() -> None:
    """Create them."""
    op.execute(STATEMENTS)


def downgrade() -> None:
    """Refuse: migrations only go forward."""
    raise RuntimeError("Migrations only go forward: restore a backup instead.")
