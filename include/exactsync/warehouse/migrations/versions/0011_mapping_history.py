"""How payables were mapped before, and who has changed it: on the page or by SQL."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE exactsync.payable_mappings_history (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL,
    kind text NOT NULL,
    key text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    former text,
    target text,
    note text,
    actor text NOT NULL
);
CREATE INDEX payable_mappings_history_of ON exactsync.payable_mappings_history (source, kind, key, id);
COMMENT ON TABLE exactsync.payable_mappings_history IS
    'Every change of payable_mappings, whoever made it: what was mapped to what, before and since.';
COMMENT ON COLUMN exactsync.payable_mappings_history.former IS 'What it was mapped to; null: nothing.';
COMMENT ON COLUMN exactsync.payable_mappings_history.target IS 'What it is mapped to since; null: nothing.';
COMMENT ON COLUMN exactsync.payable_mappings_history.actor IS 'Who: of SQL, the user of the database.';

CREATE FUNCTION exactsync.sign_payable_mapping() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.target <> OLD.target AND NEW.set_at = OLD.set_at THEN  -- SQL that says neither who nor when
        NEW.set_by := session_user;
        NEW.set_at := clock_timestamp();
        NEW.note := CASE NEW.kind WHEN 'supplier' THEN 'person' END;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER sign BEFORE UPDATE ON exactsync.payable_mappings
    FOR EACH ROW EXECUTE FUNCTION exactsync.sign_payable_mapping();

CREATE FUNCTION exactsync.note_payable_mapping() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.source, NEW.kind, NEW.key) = (OLD.source, OLD.kind, OLD.key) THEN
        IF NEW.target <> OLD.target THEN
            INSERT INTO exactsync.payable_mappings_history (source, kind, key, former, target, note, actor)
            VALUES (NEW.source, NEW.kind, NEW.key, OLD.target, NEW.target, NEW.note, NEW.set_by);
        END IF;
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO exactsync.payable_mappings_history (source, kind, key, former, actor)
        VALUES (OLD.source, OLD.kind, OLD.key, OLD.target,
                coalesce(nullif(current_setting('exactsync.actor', true), ''), session_user));
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO exactsync.payable_mappings_history (source, kind, key, target, note, actor)
        VALUES (NEW.source, NEW.kind, NEW.key, NEW.target, NEW.note, NEW.set_by);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON exactsync.payable_mappings
    FOR EACH ROW EXECUTE FUNCTION exactsync.note_payable_mapping();
"""


def upgrade() -> None:
    """Create them."""
    op.execute(STATEMENTS)


def downgrade() -> None:
    """Refuse: migrations only go forward."""
    raise RuntimeError("Migrations only go forward: restore a backup instead.")
