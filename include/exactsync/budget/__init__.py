"""The rules of Exact's call budget, as pure functions over what is known of it.

Exact allows each app 60 calls a clock minute and 5,000 a day per division (KB-limits), counts them by its own clock and
tells the count in the headers of each answer. A `Budget` is what we know of that count. `plan_call` decides whether a
call may be made now, `learn` corrects the budget by what an answer told. Both are given the time and the calls in
flight by the ledger that stores the budget, so that all workers decide by one clock.

Times are epoch seconds.
"""

from __future__ import annotations

from exactsync.budget.answers import Answer, AnsweredCall, InFlight, WindowReading
from exactsync.budget.clock import ClockEstimate
from exactsync.budget.rules import (
    DAY_S,
    ERROR_STATUSES,
    ERROR_WINDOW_S,
    Budget,
    Purpose,
    Refusal,
    Reservation,
    forget_unanswered,
    is_told_full,
    landing_cutoff,
    learn,
    must_roll,
    plan_call,
    plan_errors,
    refund,
    roll,
)
from exactsync.budget.window import CallWindow

__all__ = [
    "DAY_S",
    "ERROR_STATUSES",
    "ERROR_WINDOW_S",
    "Answer",
    "AnsweredCall",
    "Budget",
    "CallWindow",
    "ClockEstimate",
    "InFlight",
    "Purpose",
    "Refusal",
    "Reservation",
    "WindowReading",
    "forget_unanswered",
    "is_told_full",
    "landing_cutoff",
    "learn",
    "must_roll",
    "plan_call",
    "plan_errors",
    "refund",
    "roll",
]
