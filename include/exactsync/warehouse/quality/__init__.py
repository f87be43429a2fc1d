"""Whether the published tables are fit to be trusted: rules derived from the declarations, and what they found.

| rule | severity | every live row … |
| --- | --- | --- |
| `unique` | error | has a key of its own; a warning where it is a code that other entities refer to |
| `filled` | warn | has a code, where its entity has codes |
| `resolves` | warn | points to a live row, where it points to an entity that is synced |
| `counted` | warn | is one of as many as Exact counts, where its data set is not compared every day |
| `fresh` | warn | was brought up to date lately |

An error says that exactsync has failed, and fails the task; a warning may be how the books are kept at Exact. Nothing
is ever taken back from readers.
"""

from __future__ import annotations

from exactsync.warehouse.quality.checking import check
from exactsync.warehouse.quality.results import FAILING, CheckResult, trouble
from exactsync.warehouse.quality.rules import Rule, Severity, late_after, rules

__all__ = ["FAILING", "CheckResult", "Rule", "Severity", "check", "late_after", "rules", "trouble"]
