"""Grants, integrations and the call ledger."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE SCHEMA IF NOT EXISTS exactsync;

CREATE TABLE exactsync.grants (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id text NOT NULL,
    app_key text NOT NULL,
    user_id text NOT NULL,
    user_name text NOT NULL,
    generation integer NOT NULL,
    access_token text NOT NULL,
    refresh_token text NOT NULL,
    lifetime_s double precision NOT NULL,
    obtained_at timestamptz NOT NULL,
    refreshable_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    status text NOT NULL CHECK (status IN ('active', 'reconnect_needed')),
    reason text CHECK (reason IN ('used', 'lapsed', 'revoked')),
    intent_owner text,
    intent_expires_at timestamptz,
    intent_is_probe boolean NOT NULL DEFAULT false,
    refreshes bigint NOT NULL DEFAULT 0,
    probes bigint NOT NULL DEFAULT 0,
    UNIQUE (app_key, user_id),
    CHECK ((intent_owner IS NULL) = (intent_expires_at IS NULL)),
    CHECK ((status = 'active') = (reason IS NULL))
);
COMMENT ON TABLE exactsync.grants IS
    'What one Exact user gave one app. Tokens are encrypted by EXACTSYNC_TOKEN_KEYS; all times by the database clock.';
COMMENT ON COLUMN exactsync.grants.refreshable_at IS
    'From here on Exact takes a refresh: 95 % of the lifetime after the last answer.';
COMMENT ON COLUMN exactsync.grants.intent_owner IS
    'Who announced a refresh of this generation and has not told its end yet.';

CREATE TABLE exactsync.integrations (
    name text PRIMARY KEY,
    grant_id bigint NOT NULL REFERENCES exactsync.grants,
    connection_id text NOT NULL,
    all_divisions boolean NOT NULL DEFAULT true,
    inactive_axes text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON COLUMN exactsync.integrations.all_divisions IS 'Divisions that appear later are chosen, too.';

CREATE TABLE exactsync.integration_divisions (
    integration text NOT NULL REFERENCES exactsync.integrations ON UPDATE CASCADE ON DELETE CASCADE,
    division integer NOT NULL,
    name text NOT NULL,
    country text NOT NULL DEFAULT '',
    region text NOT NULL,
    is_permitted boolean NOT NULL DEFAULT true,
    is_chosen boolean NOT NULL DEFAULT false,
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (integration, division)
);
CREATE UNIQUE INDEX integration_divisions_chosen ON exactsync.integration_divisions (division) WHERE is_chosen;
COMMENT ON INDEX exactsync.integration_divisions_chosen IS
    'A division is loaded by one integration: a code of another region or another integration is refused.';

CREATE TABLE exactsync.call_ledger (
    app_key text NOT NULL,
    division integer NOT NULL,
    minute_number bigint NOT NULL DEFAULT 0,
    minute_limit integer NOT NULL,
    minute_used integer NOT NULL DEFAULT 0,
    minute_resets_at double precision NOT NULL DEFAULT '-infinity',
    minute_is_known boolean NOT NULL DEFAULT false,
    day_number bigint NOT NULL DEFAULT 0,
    day_limit integer NOT NULL,
    day_used integer NOT NULL DEFAULT 0,
    day_resets_at double precision NOT NULL DEFAULT '-infinity',
    day_is_known boolean NOT NULL DEFAULT false,
    clock_low_s double precision NOT NULL DEFAULT '-infinity',
    clock_high_s double precision NOT NULL DEFAULT 'infinity',
    foreign_until double precision NOT NULL DEFAULT '-infinity',
    calls bigint NOT NULL DEFAULT 0,
    throttled bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (app_key, division)
);
COMMENT ON TABLE exactsync.call_ledger IS
    'What is left of Exact''s call limits. Times are epoch seconds: windows by Exact''s clock, the rest by ours.';
COMMENT ON COLUMN exactsync.call_ledger.calls IS 'Calls answered since the ledger exists.';
COMMENT ON COLUMN exactsync.call_ledger.throttled IS 'Of these, those answered 429.';

CREATE TABLE exactsync.calls_in_flight (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    app_key text NOT NULL,
    division integer NOT NULL,
    endpoint text NOT NULL,
    purpose text NOT NULL,
    minute_number bigint NOT NULL,
    has_landed boolean NOT NULL DEFAULT false,
    reserved_at double precision NOT NULL,
    expires_at double precision NOT NULL,
    FOREIGN KEY (app_key, division) REFERENCES exactsync.call_ledger ON DELETE CASCADE
);
CREATE INDEX ON exactsync.calls_in_flight (app_key, division);
COMMENT ON COLUMN exactsync.calls_in_flight.has_landed IS
    'The call is so old that Exact must have counted it in a window before the current one.';

CREATE TABLE exactsync.call_errors (
    app_key text NOT NULL,
    division integer NOT NULL,
    endpoint text NOT NULL,
    status smallint NOT NULL,
    occurred_at double precision NOT NULL
);
CREATE INDEX ON exactsync.call_errors (app_key, division, endpoint, occurred_at);
COMMENT ON TABLE exactsync.call_errors IS
    'Answers 400, 401, 403 and 404 of the last hour: above 10 an endpoint, Exact blocks the app there for an hour.';
"""


def upgrade() -> None:
    """Create them."""
    op.execute(STATEMENTS)


def downgrade() -> None:
    """Refuse: migrations only go forward."""
    raise RuntimeError("Migrations only go forward: restore a backup instead.")
