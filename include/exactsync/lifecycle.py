"""Where an integration stands, what may happen to it, and why it stands there: one explicit state machine.

Pure: nothing here reads or writes. `warehouse.journal` applies it; docs/connections.md shows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from exactsync.errors import ConfigurationError


class State(StrEnum):
    """Where an integration stands."""

    NOT_CONFIGURED = "not_configured"
    """There is none, not yet or no more, or its app is not configured: derived, never stored."""
    AWAITING_CONSENT = "awaiting_consent"
    CHOOSE_COMPANY = "choose_company"
    INITIAL_SYNC = "initial_sync"
    HEALTHY = "healthy"
    DEGRADED = "degraded"
    RECONNECT_NEEDED = "reconnect_needed"
    PAUSED = "paused"
    DISCONNECTED = "disconnected"

    @property
    def label(self) -> str:
        """What a person calls it."""
        return self.replace("_", " ").capitalize()


class Event(StrEnum):
    """What happens to an integration."""

    CREATED = "created"
    AUTHORISED = "authorised"
    COMPANIES_CHOSEN = "companies_chosen"
    AXES_CHOSEN = "axes_chosen"
    SYNC_SUCCEEDED = "sync_succeeded"
    SYNC_DEGRADED = "sync_degraded"
    GRANT_ENDED = "grant_ended"
    PAUSED = "paused"
    RESUMED = "resumed"
    DISCONNECTED = "disconnected"
    REMOVED = "removed"

    @property
    def label(self) -> str:
        """What a person calls it."""
        return self.replace("_", " ")

    @property
    def is_noticed(self) -> bool:
        """Whether a sync notices it, again and again; what a person does happens once each time."""
        return self in {Event.SYNC_SUCCEEDED, Event.SYNC_DEGRADED, Event.GRANT_ENDED}


class Action(StrEnum):
    """What a person may do about an integration."""

    AUTHORISE = "authorise"
    RECONNECT = "reconnect"
    CHOOSE_COMPANIES = "choose_companies"
    CHOOSE_AXES = "choose_axes"
    PAUSE = "pause"
    RESUME = "resume"
    DISCONNECT = "disconnect"
    REMOVE = "remove"
    SYNC = "sync"


class Reason(StrEnum):
    """Why an integration is degraded or needs a new consent."""

    BUDGET = "budget"
    MAINTENANCE = "maintenance"
    ACCESS_REFUSED = "access_refused"
    COMPANY_REFUSED = "company_refused"
    SYNC_FAILING = "sync_failing"
    GRANT_LAPSING = "grant_lapsing"
    USED = "used"
    LAPSED = "lapsed"
    REVOKED = "revoked"
    REPLACED = "replaced"
    USED_ELSEWHERE = "used_elsewhere"
    OTHER_INSTANCE = "other_instance"
    WRONG_CLIENT = "wrong_client"

    @property
    def text(self) -> str:
        """What has happened, in a sentence."""
        return _EXPLAINED[self][0]

    @property
    def remedy(self) -> str:
        """What a person does about it."""
        return _EXPLAINED[self][1]


_RECONNECT: Final = "Reconnect: companies, axes and data are kept."

_EXPLAINED: Final[dict[Reason, tuple[str, str]]] = {
    Reason.BUDGET: (
        "Exact's calls of the day are used up, or Exact has blocked an endpoint for an hour.",
        "Nothing: the next run goes on where this one stopped. If it stays so, sync less often or fewer companies.",
    ),
    Reason.MAINTENANCE: (
        "Exact Online does not answer: it is being maintained, or in trouble.",
        "Nothing: the next run tries again.",
    ),
    Reason.ACCESS_REFUSED: (
        "Exact refuses the access token before its time: the authorisation may have been withdrawn at Exact.",
        "Nothing yet: within 10 minutes Exact may be asked for a new token, and its answer tells. If you know that it "
        "was withdrawn, reconnect now.",
    ),
    Reason.COMPANY_REFUSED: (
        "Exact refuses at least one of the companies; the others go on.",
        "Permit it to the app in Exact Online (Import/Export, App permissions, Permitted companies) and check the "
        "user's rights there; or take it out of the choice.",
    ),
    Reason.SYNC_FAILING: ("The last sync failed, at least in part.", "Do what the message says, then sync again."),
    Reason.GRANT_LAPSING: (
        "The authorisation ends soon: Exact ends what is not used for 30 days.",
        "Reconnect now, and see that the syncs or the keep-alive run.",
    ),
    Reason.USED: (
        "The authorisation was lost: Exact gave its successor in an answer that never arrived.",
        _RECONNECT,
    ),
    Reason.LAPSED: ("The authorisation was not used for 30 days, and Exact has ended it.", _RECONNECT),
    Reason.REVOKED: (
        "Exact no longer accepts the authorisation: it was revoked, or replaced by another login of the same user.",
        _RECONNECT,
    ),
    Reason.REPLACED: ("Another login of the same user to this app has replaced the authorisation.", _RECONNECT),
    Reason.USED_ELSEWHERE: (
        "Something else has used the authorisation: a copy of the database is at work, or this one is an older backup.",
        f"Stop the other one, if there is one. After a restore, read docs/operations/backup.md first. {_RECONNECT}",
    ),
    Reason.OTHER_INSTANCE: (
        "The authorisation belongs to another installation: this database is a copy of its database.",
        "If this installation has taken the other's place, run `python -m exactsync adopt`; otherwise disconnect here.",
    ),
    Reason.WRONG_CLIENT: (
        "Exact no longer accepts the app's client id and secret, or they are not those that were authorised.",
        "Correct the app's connection in Airflow, as Exact's App Centre has it. Reconnect if it is another app now.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of an integration's work, beyond its state."""

    has_companies: bool
    """Whether a company is chosen."""
    is_loaded: bool
    """Whether every chosen data set was published once."""
    is_paused: bool = False
    """Whether somebody has paused it, and nobody has resumed it since: a grant that ends does not undo that."""


class Choice(StrEnum):
    """Where the facts decide which state comes next."""

    WORK = "work"
    """No company is chosen: choose_company; not everything was loaded once: initial_sync; else healthy."""
    BACK = "back"
    """It was paused, and nobody has resumed it: paused; else as `WORK`."""

    def resolve(self, facts: Facts) -> State:
        """Return the state that the facts ask for."""
        if self is Choice.BACK and facts.is_paused:
            return State.PAUSED
        if not facts.has_companies:
            return State.CHOOSE_COMPANY
        return State.HEALTHY if facts.is_loaded else State.INITIAL_SYNC


Ways = dict[Event, State | Choice]

_ENDS: Final[Ways] = {Event.GRANT_ENDED: State.RECONNECT_NEEDED, Event.DISCONNECTED: State.DISCONNECTED}
_AT_WORK: Final[Ways] = {
    Event.COMPANIES_CHOSEN: Choice.WORK,
    Event.SYNC_DEGRADED: State.DEGRADED,
    Event.PAUSED: State.PAUSED,
    **_ENDS,
}
_WAYS: Final[dict[State, Ways]] = {
    State.NOT_CONFIGURED: {
        Event.CREATED: State.AWAITING_CONSENT,
    },
    State.AWAITING_CONSENT: {
        Event.AUTHORISED: Choice.WORK,
        Event.AXES_CHOSEN: State.AWAITING_CONSENT,
        Event.DISCONNECTED: State.DISCONNECTED,
        Event.REMOVED: State.NOT_CONFIGURED,
    },
    State.CHOOSE_COMPANY: {
        Event.AUTHORISED: Choice.WORK,
        Event.COMPANIES_CHOSEN: Choice.WORK,
        Event.AXES_CHOSEN: Choice.WORK,
        **_ENDS,
    },
    State.INITIAL_SYNC: {
        Event.AUTHORISED: State.INITIAL_SYNC,
        Event.AXES_CHOSEN: Choice.WORK,
        Event.SYNC_SUCCEEDED: Choice.WORK,
        **_AT_WORK,
    },
    State.HEALTHY: {
        Event.AUTHORISED: State.HEALTHY,
        Event.AXES_CHOSEN: Choice.WORK,
        Event.SYNC_SUCCEEDED: State.HEALTHY,
        **_AT_WORK,
    },
    State.DEGRADED: {
        Event.AUTHORISED: State.DEGRADED,
        Event.AXES_CHOSEN: State.DEGRADED,
        Event.SYNC_SUCCEEDED: Choice.WORK,
        **_AT_WORK,
    },
    State.RECONNECT_NEEDED: {
        Event.AUTHORISED: Choice.BACK,
        Event.AXES_CHOSEN: State.RECONNECT_NEEDED,
        Event.SYNC_SUCCEEDED: Choice.BACK,
        Event.SYNC_DEGRADED: State.DEGRADED,
        **_ENDS,
    },
    State.PAUSED: {
        Event.AUTHORISED: State.PAUSED,
        Event.COMPANIES_CHOSEN: State.PAUSED,
        Event.AXES_CHOSEN: State.PAUSED,
        Event.RESUMED: Choice.WORK,
        **_ENDS,
    },
    State.DISCONNECTED: {
        Event.AUTHORISED: Choice.WORK,
        Event.COMPANIES_CHOSEN: State.DISCONNECTED,
        Event.REMOVED: State.NOT_CONFIGURED,
    },
}

TRANSITIONS: Final = {(state, event): after for state, ways in _WAYS.items() for event, after in ways.items()}
"""What each event leads to from each state; what is not here is refused."""

_ACTIONS: Final[dict[State, tuple[Action, ...]]] = {
    State.NOT_CONFIGURED: (Action.DISCONNECT,),
    State.AWAITING_CONSENT: (Action.AUTHORISE, Action.CHOOSE_AXES, Action.REMOVE),
    State.CHOOSE_COMPANY: (Action.CHOOSE_COMPANIES, Action.CHOOSE_AXES, Action.RECONNECT, Action.DISCONNECT),
    State.INITIAL_SYNC: (
        Action.SYNC,
        Action.CHOOSE_COMPANIES,
        Action.CHOOSE_AXES,
        Action.PAUSE,
        Action.DISCONNECT,
    ),
    State.HEALTHY: (Action.SYNC, Action.CHOOSE_COMPANIES, Action.CHOOSE_AXES, Action.PAUSE, Action.DISCONNECT),
    State.DEGRADED: (
        Action.SYNC,
        Action.CHOOSE_COMPANIES,
        Action.CHOOSE_AXES,
        Action.RECONNECT,
        Action.PAUSE,
        Action.DISCONNECT,
    ),
    State.RECONNECT_NEEDED: (Action.RECONNECT, Action.CHOOSE_AXES, Action.DISCONNECT),
    State.PAUSED: (Action.RESUME, Action.CHOOSE_COMPANIES, Action.CHOOSE_AXES, Action.DISCONNECT),
    State.DISCONNECTED: (Action.RECONNECT, Action.REMOVE),
}


def actions(state: State) -> tuple[Action, ...]:
    """Return what a person may do about an integration in this state, the likeliest first."""
    return _ACTIONS[state]


def next_state(state: State, event: Event, facts: Facts) -> State:
    """Return where an event leads.

    Raises:
        ConfigurationError: it cannot happen in this state; says what can be done.
    """
    found = TRANSITIONS.get((state, event))
    if found is None:
        possible = ", ".join(action.replace("_", " ") for action in actions(state))
        raise ConfigurationError(
            f"It is {state.label.lower()}: it cannot be {event.label} now.",
            remedy=f"Possible now: {possible}.",
        )
    return found.resolve(facts) if isinstance(found, Choice) else found
