"""What a good client of Spendesk never does."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from exactsync.simulator.messages import Response, json_response

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class SpendeskRule(StrEnum):
    """A rule of Spendesk that a client can break."""

    WRONG_CREDENTIALS = "wrong_credentials"
    EXPIRED_TOKEN = "expired_token"  # noqa: S105 - used after its end
    UNAUTHENTICATED = "unauthenticated"
    MISSING_SCOPE = "missing_scope"
    MINUTE_LIMIT = "minute_limit"
    IN_FLIGHT_LIMIT = "in_flight_limit"
    PARALLEL_SNAPSHOTS = "parallel_snapshots"
    HASTY_POLL = "hasty_poll"
    LONG_PERIOD = "long_period"
    FUTURE_END = "future_end"
    BAD_REQUEST = "bad_request"
    UNKNOWN_PATH = "unknown_path"
    STATUS_OF_BOOKED = "status_of_booked"  # the bookkeeping status of something that is exported was changed


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendeskViolation:
    """A rule broken, what was done, and when by the simulator's clock. Never holds a secret."""

    rule: SpendeskRule
    detail: str
    at: datetime


class SpendeskRefusedError(Exception):
    """A request is refused: the answer, and the rule that it broke (None where a good client may meet it)."""

    def __init__(self, response: Response, rule: SpendeskRule | None, detail: str) -> None:
        super().__init__(detail)
        self.response = response
        self.rule = rule
        self.detail = detail


def refuse(
    status: int, code: str, detail: str, *, rule: SpendeskRule | None, headers: Mapping[str, str] | None = None
) -> SpendeskRefusedError:
    """Return a refusal in the envelope of Spendesk's errors (v0 OpenAPI)."""
    content = {"errors": [{"code": code, "detail": detail, "source": None}]}
    return SpendeskRefusedError(json_response(content, status=status, headers=headers), rule, detail)
