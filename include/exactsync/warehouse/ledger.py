"""The call budget that all workers share: one row per app and division, decided upon under its lock.

The rules stand in `exactsync.budget`; here they meet the database's clock and the calls in flight. Each reservation
and each answer is one short transaction. No lock is held during a call.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from exactsync.budget import (
    DAY_S,
    ERROR_STATUSES,
    ERROR_WINDOW_S,
    Answer,
    AnsweredCall,
    Budget,
    CallWindow,
    ClockEstimate,
    InFlight,
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

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, TextClause

DAY_RESERVE: Final = 0.05
"""The share of a day's calls that a sync leaves to exports and the page."""
LANDING_S: Final = 30.0
"""By then a call has been counted by Exact or never will be: connecting takes 10 s at most."""
DEFAULT_MINUTE_LIMIT: Final = 60
DEFAULT_DAY_LIMIT: Final = 5_000

_CREATE = text("""
INSERT INTO exactsync.call_ledger (app_key, division, minute_limit, day_limit)
VALUES (:app_key, :division, :minute_limit, :day_limit) ON CONFLICT DO NOTHING
""")
_LOCK = text("SELECT * FROM exactsync.call_ledger WHERE app_key = :app_key AND division = :division FOR UPDATE")
# A statement of its own: the time must be the one after the lock was got.
_NOW = text("SELECT extract(epoch FROM clock_timestamp())::double precision")
_IN_FLIGHT = text("""
SELECT count(*) FILTER (WHERE is_on_its_way) AS on_their_way,
       count(*) FILTER (WHERE is_on_its_way AND minute_number = :minute_number) AS in_minute,
       count(*) FILTER (WHERE expires_at > :now AND endpoint = :endpoint) AS at_endpoint,
       count(*) FILTER (WHERE reserved_at > :cutoff AND NOT has_landed) AS may_land,
       count(*) AS unanswered,
       count(*) FILTER (WHERE minute_number <> :minute_number AND NOT has_landed) AS left_over,
       max(reserved_at) FILTER (WHERE minute_number <> :minute_number AND NOT has_landed) AS last_left_over_at
FROM exactsync.calls_in_flight,
     LATERAL (SELECT expires_at > :now AND reserved_at > :now - :landing_s AS is_on_its_way) AS known
WHERE app_key = :app_key AND division = :division
""")
_ERRORS = text("""
SELECT occurred_at FROM exactsync.call_errors
WHERE app_key = :app_key AND division = :division AND endpoint = :endpoint AND occurred_at > :now - :window_s
""")
_SAVE = text("""
UPDATE exactsync.call_ledger SET
    minute_number = :minute_number, minute_limit = :minute_limit, minute_used = :minute_used,
    minute_resets_at = :minute_resets_at, minute_is_known = :minute_is_known,
    day_number = :day_number, day_limit = :day_limit, day_used = :day_used,
    day_resets_at = :day_resets_at, day_is_known = :day_is_known,
    clock_low_s = :clock_low_s, clock_high_s = :clock_high_s, foreign_until = :foreign_until,
    calls = calls + :calls, throttled = throttled + :throttled
WHERE app_key = :app_key AND division = :division
""")
_TIDY = text("""
DELETE FROM exactsync.calls_in_flight
WHERE app_key = :app_key AND division = :division AND expires_at <= :now AND reserved_at <= :now - :landing_s
""")
_MARK_LANDED = text("""
UPDATE exactsync.calls_in_flight SET has_landed = true
WHERE app_key = :app_key AND division = :division AND reserved_at <= :cutoff AND minute_number <> :minute_number
""")
_RESERVE = text("""
INSERT INTO exactsync.calls_in_flight
    (app_key, division, endpoint, purpose, minute_number, reserved_at, expires_at)
VALUES (:app_key, :division, :endpoint, :purpose, :minute_number, :now, :now + :lease_s) RETURNING id
""")
_END = text("DELETE FROM exactsync.calls_in_flight WHERE id = :id RETURNING reserved_at, has_landed, minute_number")
# Nobody knows in which window Exact counted it, if at all: it stays until it must have landed, but no one waits.
_ABANDON = text("""
UPDATE exactsync.calls_in_flight SET expires_at = :now WHERE id = :id RETURNING reserved_at, has_landed, minute_number
""")
_ADD_ERROR = text("INSERT INTO exactsync.call_errors VALUES (:app_key, :division, :endpoint, :status, :now)")
_FORGET_ERRORS = text("""
DELETE FROM exactsync.call_errors
WHERE app_key = :app_key AND division = :division AND occurred_at <= :now - :window_s
""")


class PostgresLedger:
    """The `Ledger` of `exactsync.exact.quota`, in the table `exactsync.call_ledger`.

    Args:
        engine: where the table is.
        minute_s: the length of Exact's minute, for answers without headers; shorter for a simulator in a hurry.
        day_reserve: the share of a day's calls that a sync leaves to others.
        landing_s: how long after its reservation a call may reach Exact.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        minute_s: float = 60.0,
        day_reserve: float = DAY_RESERVE,
        landing_s: float = LANDING_S,
    ) -> None:
        self._engine = engine
        self._minute_s = minute_s
        self._day_reserve = day_reserve
        self._landing_s = landing_s

    def reserve(
        self, app_key: str, division: int, endpoint: str, *, purpose: Purpose, lease_s: float
    ) -> Reservation | Refusal:
        """Reserve one call, which is over in `lease_s` at the latest, or tell why there is none now."""
        with self._engine.begin() as connection:
            account = self._account(connection, app_key, division)
            in_flight, at_endpoint = account.enter(endpoint)
            plan: Budget | Refusal | None = plan_errors(
                account.error_times(endpoint), now=account.now, in_flight=at_endpoint
            )
            plan = plan or plan_call(
                account.budget,
                now=account.now,
                in_flight=in_flight,
                purpose=purpose,
                day_reserve=self._day_reserve,
            )
            if isinstance(plan, Budget):
                account.budget = plan
            account.save()
            if isinstance(plan, Refusal):
                return plan
            reservation_id = account.run(
                _RESERVE,
                endpoint=endpoint,
                purpose=purpose,
                minute_number=plan.minute.number,
                lease_s=lease_s,
            ).scalar_one()
        return Reservation(id=reservation_id, app_key=app_key, division=division, endpoint=endpoint)

    def settle(self, reservation: Reservation, answer: Answer) -> None:
        """Correct the budget by what the answer told, and end the reservation."""
        with self._engine.begin() as connection:
            account = self._account(connection, reservation.app_key, reservation.division)
            ended = account.run(_END if answer.minute else _ABANDON, id=reservation.id).one_or_none()
            in_flight, _ = account.in_flight(reservation.endpoint)
            account.budget = learn(
                account.budget, answer, account.answered(ended), now=account.now, in_flight=in_flight
            )
            if is_told_full(account.budget, answer):
                account.mark_landed()
            if answer.status in ERROR_STATUSES:
                account.run(_FORGET_ERRORS, window_s=ERROR_WINDOW_S)
                account.run(_ADD_ERROR, endpoint=reservation.endpoint, status=answer.status)
            account.save(calls=1, throttled=int(answer.status == 429))

    def release(self, reservation: Reservation) -> None:
        """Give back a reservation whose call was certainly not sent."""
        with self._engine.begin() as connection:
            account = self._account(connection, reservation.app_key, reservation.division)
            ended = account.run(_END, id=reservation.id).one_or_none()
            if ended is not None and not ended.has_landed:
                account.budget = refund(account.budget)
                account.save()

    def _account(self, connection: Connection, app_key: str, division: int) -> _Account:
        return _Account(connection, app_key, division, minute_s=self._minute_s, landing_s=self._landing_s)


class _Account:
    """One app's row in one division, locked until the transaction ends."""

    def __init__(
        self, connection: Connection, app_key: str, division: int, *, minute_s: float, landing_s: float
    ) -> None:
        self._connection = connection
        self._keys = {"app_key": app_key, "division": division}
        self._landing_s = landing_s
        self.now = 0.0
        row = self.run(_LOCK).mappings().one_or_none()
        if row is None:
            self.run(_CREATE, minute_limit=DEFAULT_MINUTE_LIMIT, day_limit=DEFAULT_DAY_LIMIT)
            row = self.run(_LOCK).mappings().one()
        self.now = connection.execute(_NOW).scalar_one()
        self._minute_number = row["minute_number"]
        self.budget = Budget(
            minute=_window(row, "minute", minute_s),
            day=_window(row, "day", DAY_S),
            clock=ClockEstimate(low_s=row["clock_low_s"], high_s=row["clock_high_s"]),
            foreign_until=row["foreign_until"],
        )
        self._cutoff = landing_cutoff(self.budget, now=self.now, landing_s=landing_s)

    def run(self, statement: TextClause, **values: object) -> Any:
        """Execute a statement with the row's key and time at hand."""
        known = {**self._keys, "now": self.now, "landing_s": self._landing_s}
        return self._connection.execute(statement, {**known, **values})

    def enter(self, endpoint: str) -> tuple[InFlight, int]:
        """Enter the current windows, and return what is in flight there as `in_flight` does."""
        in_flight, at_endpoint = self.in_flight(endpoint)
        if must_roll(self.budget, self.now):
            self.budget = roll(self.budget, now=self.now, in_flight=in_flight)
            in_flight, at_endpoint = self.in_flight(endpoint)
        without = forget_unanswered(self.budget, now=self.now, in_flight=in_flight)
        if without != self.budget:
            self.budget = without
            self.mark_landed()
        return in_flight, at_endpoint

    def in_flight(self, endpoint: str) -> tuple[InFlight, int]:
        """Return the calls without an answer, and how many of them are at `endpoint`."""
        row = self.run(
            _IN_FLIGHT, endpoint=endpoint, minute_number=self.budget.minute.number, cutoff=self._cutoff
        ).one()
        in_flight = InFlight(
            on_their_way=row.on_their_way,
            in_minute=row.in_minute,
            may_land=row.may_land,
            unanswered=row.unanswered,
            left_over=row.left_over,
            left_over_until=(row.last_left_over_at or -inf) + self._landing_s,
        )
        return in_flight, row.at_endpoint

    def answered(self, ended: Any) -> AnsweredCall:
        """Return what is known of the call whose reservation has `ended`; None if it was so late that it is gone."""
        if ended is None:
            return AnsweredCall()
        return AnsweredCall(
            sent_at=ended.reserved_at,
            is_current=ended.minute_number == self.budget.minute.number,
            is_counted=not ended.has_landed,
        )

    def mark_landed(self) -> None:
        """Count no call of an earlier minute in this one any longer."""
        self.run(_MARK_LANDED, minute_number=self.budget.minute.number, cutoff=inf)

    def error_times(self, endpoint: str) -> list[float]:
        """Return when the endpoint answered with an error within the last hour."""
        return list(self.run(_ERRORS, endpoint=endpoint, window_s=ERROR_WINDOW_S).scalars())

    def save(self, *, calls: int = 0, throttled: int = 0) -> None:
        """Store the budget; in a new minute, also what the change of windows means for the calls in flight."""
        budget = self.budget
        if budget.minute.number != self._minute_number:
            self.run(_TIDY)
            self.run(_MARK_LANDED, minute_number=budget.minute.number, cutoff=self._cutoff)
        self.run(
            _SAVE,
            **_columns(budget.minute, "minute"),
            **_columns(budget.day, "day"),
            clock_low_s=budget.clock.low_s,
            clock_high_s=budget.clock.high_s,
            foreign_until=budget.foreign_until,
            calls=calls,
            throttled=throttled,
        )


def _window(row: Any, name: str, length_s: float) -> CallWindow:
    return CallWindow(
        limit=row[f"{name}_limit"],
        length_s=length_s,
        number=row[f"{name}_number"],
        used=row[f"{name}_used"],
        resets_at=row[f"{name}_resets_at"],
        is_known=row[f"{name}_is_known"],
    )


def _columns(window: CallWindow, name: str) -> dict[str, Any]:
    return {
        f"{name}_limit": window.limit,
        f"{name}_used": window.used,
        f"{name}_number": window.number,
        f"{name}_resets_at": window.resets_at,
        f"{name}_is_known": window.is_known,
    }
