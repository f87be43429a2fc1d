"""What a person should be told unasked: that they must act, or that a sync keeps failing; each occurrence once.

An occurrence is claimed before it is told, so that two tasks do not tell it twice, and given back if it could not be
told. A claim whose owner died is free again after a while.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from sqlalchemy import text

from exactsync.lifecycle import Reason

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Engine

FAILING_RUNS: Final = 3
"""After so many runs in a row that were not all fine, a sync keeps failing."""
CLAIM_MIN: Final = 10
"""For how many minutes a claimed occurrence is left to who claimed it."""

Kind = Literal["act", "failing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One occurrence of what a person should be told."""

    integration: str
    kind: Kind
    """`act`: only a person can mend it. `failing`: it may mend itself, but has not for a while."""
    since: datetime
    """When it began."""
    reason: Reason
    message: str
    """What happened in particular; empty if there is no more to say."""
    failing_runs: int

    @property
    def title(self) -> str:
        """What it is about, in a line."""
        if self.reason is Reason.GRANT_LAPSING:
            return f"{self.integration}: the authorisation at Exact Online ends soon"
        if self.kind == "act":
            return f"{self.integration}: Exact Online must be reconnected"
        return f"{self.integration}: the sync with Exact Online keeps failing"


class Alerts:
    """The occurrences that are due to be told.

    Args:
        engine: where integrations live.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def claim(self) -> list[Alert]:
        """Take every occurrence that was not told yet; each must be settled."""
        with self._engine.begin() as connection:
            connection.execute(_FORGET)
            rows = connection.execute(_CLAIM, _RULES).mappings().all()
        return [Alert(**{**row, "reason": Reason(row["reason"]), "message": row["message"] or ""}) for row in rows]

    def settle(self, alert: Alert, *, is_told: bool) -> None:
        """Remember that an occurrence was told, or give it back."""
        with self._engine.begin() as connection:
            connection.execute(
                _TOLD if is_told else _GIVE_BACK,
                {"integration": alert.integration, "kind": alert.kind, "since": alert.since},
            )


_RULES: Final = {"failing_runs": FAILING_RUNS, "claim_min": CLAIM_MIN}

# A budget that is used up mends itself and is no failure. A sync has kept failing since its state was last fine.
_OPEN: Final = """
SELECT name AS integration, 'act' AS kind, since, reason, message, failing_runs
FROM exactsync.integrations WHERE state = 'reconnect_needed' OR (state = 'degraded' AND reason = 'grant_lapsing')
UNION ALL
SELECT name, 'failing', coalesce((
           SELECT min(entry.at) FROM exactsync.integration_journal AS entry
           WHERE entry.integration = failing.name AND entry.to_state = 'degraded' AND entry.id > coalesce((
               SELECT max(fine.id) FROM exactsync.integration_journal AS fine
               WHERE fine.integration = failing.name AND fine.to_state <> 'degraded'), 0)), since),
       reason, message, failing_runs
FROM exactsync.integrations AS failing
WHERE state = 'degraded' AND reason NOT IN ('grant_lapsing', 'budget') AND failing_runs >= :failing_runs
"""

# What is over may happen again, and is news then.
_FORGET = text("""
DELETE FROM exactsync.alerts AS told USING exactsync.integrations AS integration
WHERE integration.name = told.integration AND CASE told.kind
    WHEN 'act' THEN integration.state <> 'reconnect_needed' AND integration.reason IS DISTINCT FROM 'grant_lapsing'
    ELSE integration.failing_runs = 0 END
""")

_CLAIM = text(f"""
WITH open AS ({_OPEN}), claimed AS (
    INSERT INTO exactsync.alerts AS told (integration, kind, since)
    SELECT integration, kind, since FROM open ORDER BY integration, kind
    ON CONFLICT (integration, kind) DO UPDATE
    SET since = excluded.since, claimed_at = clock_timestamp(), sent_at = NULL
    WHERE told.since <> excluded.since
       OR (told.sent_at IS NULL AND told.claimed_at < clock_timestamp() - make_interval(mins => :claim_min))
    RETURNING integration, kind
)
SELECT open.* FROM open JOIN claimed USING (integration, kind) ORDER BY integration, kind
""")

_TOLD = text("""
UPDATE exactsync.alerts SET sent_at = clock_timestamp()
WHERE integration = :integration AND kind = :kind AND since = :since
""")

_GIVE_BACK = text("""
DELETE FROM exactsync.alerts
WHERE integration = :integration AND kind = :kind AND since = :since AND sent_at IS NULL
""")
