"""Exports wait for minutes, so that nothing is booked twice: here they wait for seconds.

Triggers in the warehouse bring each moment nearer that an export waits for, so that every rule holds in the same order.
The simulated Exact never commits later than it answers, unless it is told to, so that nothing is hidden by it.
"""

from __future__ import annotations

from typing import Final

SCALE: Final = 20
"""A minute is three seconds."""

SOONER: Final = f"""
CREATE FUNCTION exactsync.sooner(moment timestamptz) RETURNS timestamptz LANGUAGE sql AS $$
    SELECT CASE WHEN moment > clock_timestamp()
        THEN clock_timestamp() + (moment - clock_timestamp()) / {SCALE} ELSE moment END
$$;

CREATE FUNCTION exactsync.look_sooner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.look_at := exactsync.sooner(NEW.look_at);
    RETURN NEW;
END $$;
CREATE TRIGGER sooner BEFORE UPDATE ON exactsync.payables_outbox FOR EACH ROW
    WHEN (NEW.look_at IS DISTINCT FROM OLD.look_at) EXECUTE FUNCTION exactsync.look_sooner();

CREATE FUNCTION exactsync.settle_sooner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.settles_at IS DISTINCT FROM OLD.settles_at THEN
        NEW.settles_at := exactsync.sooner(NEW.settles_at);
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.looked_at IS DISTINCT FROM OLD.looked_at THEN  -- the next look counts a minute later
        NEW.looked_at := NEW.looked_at - (interval '1 minute' - interval '1 minute' / {SCALE});
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER sooner BEFORE INSERT OR UPDATE ON exactsync.export_steps FOR EACH ROW
    EXECUTE FUNCTION exactsync.settle_sooner();
"""
