"""Faults that can be planted: where and when they strike, and the library of those that Exact is known for.

```python
simulator.plant(Fault(action=slow(seconds=3), endpoint="sync/Financial/GLAccounts", occurrences=frozenset({2})))
for name, kind in FAULTS.items():  # all of them can be made without parameters
    simulator.plant(Fault(action=kind(), endpoint="vat/VATCodes", division=1000001))
```
"""

from __future__ import annotations

from exactsync.simulator.faults.bodies import (
    control_character,
    cut_json,
    duplicate_row,
    falling_timestamps,
    lone_surrogate,
    malformed_json,
)
from exactsync.simulator.faults.connection import dropped_after, dropped_before, slow, truncated_body
from exactsync.simulator.faults.contents import late_commit, record_deleted, row_changed
from exactsync.simulator.faults.kinds import FAULTS, FaultKind, Phase, WayOut
from exactsync.simulator.faults.links import FOREIGN_HOST, absurd_next, foreign_next, looping_next
from exactsync.simulator.faults.planting import (
    EVERYWHERE,
    Action,
    Call,
    Effect,
    Fault,
    PlantedFault,
    Proceed,
    answer,
    replace_answer,
)
from exactsync.simulator.faults.statuses import (
    bad_gateway,
    bad_request,
    day_limit,
    forbidden,
    gateway_timeout,
    limit_without_headers,
    maintenance,
    maintenance_as_success,
    minute_limit,
    not_found,
    request_timeout,
    server_error,
    unauthorised,
    unavailable,
)
from exactsync.simulator.faults.surroundings import (
    client_clock_off,
    empty_token_body,
    expired_access_token,
    foreign_consumer,
    token_answer_lost,
)
from exactsync.simulator.faults.writes import committed_late, failed_after

__all__ = [
    "EVERYWHERE",
    "FAULTS",
    "FOREIGN_HOST",
    "Action",
    "Call",
    "Effect",
    "Fault",
    "FaultKind",
    "Phase",
    "PlantedFault",
    "Proceed",
    "WayOut",
    "absurd_next",
    "answer",
    "bad_gateway",
    "bad_request",
    "client_clock_off",
    "committed_late",
    "control_character",
    "cut_json",
    "day_limit",
    "dropped_after",
    "dropped_before",
    "duplicate_row",
    "empty_token_body",
    "expired_access_token",
    "failed_after",
    "falling_timestamps",
    "forbidden",
    "foreign_consumer",
    "foreign_next",
    "gateway_timeout",
    "late_commit",
    "limit_without_headers",
    "lone_surrogate",
    "looping_next",
    "maintenance",
    "maintenance_as_success",
    "malformed_json",
    "minute_limit",
    "not_found",
    "record_deleted",
    "replace_answer",
    "request_timeout",
    "row_changed",
    "server_error",
    "slow",
    "token_answer_lost",
    "truncated_body",
    "unauthorised",
    "unavailable",
]
