"""What checks found, in `exactsync.quality_results`: a line for as long as a check finds the same."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from exactsync.errors import QualityError
from exactsync.warehouse.quality.rules import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

_NAMED_AT_MOST: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What one check of one data set found."""

    division: int
    entity: str
    rule: str
    subject: str
    severity: Severity
    checked: int
    """How many live rows it is about."""
    failing: int
    """How many of them are not as they should be; 0: it passed."""
    sample: tuple[str, ...]
    """Some of the failing ones: their keys, or what they hold."""
    told: str
    """What is wrong with them."""

    def __str__(self) -> str:
        return (
            f"division {self.division}, entity {self.entity}: {self.subject} ({self.rule}, {self.severity}): "
            f"{self.failing:,} of {self.checked:,}: {self.told}, e.g. {', '.join(self.sample)}."
        )


def keep(connection: Connection, found: Sequence[CheckResult], *, run_id: str) -> None:
    """Write what was found; where that is what was found before, only when it was found last."""
    rows = json.dumps([asdict(result) for result in found])
    for statement in (_SAME, _NEW):
        connection.execute(statement, {"rows": rows, "run_id": run_id})


_FOUND: Final = """
WITH found AS (
    SELECT found.*, latest.id AS latest_id,
           coalesce((latest.severity, latest.failing, latest.sample)
                    = (found.severity, found.failing, found.sample), false) AS is_same
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS found (division integer, entity text, rule text, subject text,
        severity text, checked bigint, failing bigint, sample text[])
    LEFT JOIN LATERAL (
        SELECT id, severity, failing, sample FROM exactsync.quality_results AS result
        WHERE (result.division, result.entity, result.rule, result.subject)
              = (found.division, found.entity, found.rule, found.subject)
        ORDER BY id DESC LIMIT 1) AS latest ON true
)"""

_NEW: Final = text(f"""
{_FOUND}
INSERT INTO exactsync.quality_results
    (division, entity, rule, subject, severity, checked, failing, sample, first_at, last_at, run_id)
SELECT division, entity, rule, subject, severity, checked, failing, sample, clock_timestamp(), clock_timestamp(),
       :run_id
FROM found WHERE NOT is_same
""")

_SAME: Final = text(f"""
{_FOUND}
UPDATE exactsync.quality_results AS result SET checked = found.checked, last_at = clock_timestamp(), run_id = :run_id
FROM found WHERE result.id = found.latest_id AND found.is_same
""")


FAILING: Final = """
SELECT division, entity, count(*) AS failing, count(*) FILTER (WHERE severity = 'error') AS errors FROM (
    SELECT DISTINCT ON (division, entity, rule, subject) * FROM exactsync.quality_results
    WHERE division = ANY(CAST(:divisions AS integer[])) AND rule <> 'fresh'
    ORDER BY division, entity, rule, subject, id DESC) AS latest
WHERE failing > 0 GROUP BY division, entity
"""
"""How many checks of each data set of `:divisions` failed when they were made last, and how many of these are errors;
of the content only: how old a data set is can be told at any moment."""


def trouble(failing: Sequence[CheckResult]) -> QualityError | None:
    """Return the error that failed checks amount to; None where there are at most warnings."""
    errors = [str(result) for result in failing if result.severity is Severity.ERROR]
    if not errors:
        return None
    more = [f"… and {len(errors) - _NAMED_AT_MOST} more checks."] if len(errors) > _NAMED_AT_MOST else []
    return QualityError(" ".join(["Published tables fail their checks:", *errors[:_NAMED_AT_MOST], *more]))
