"""`/api/oauth2/…` with its bookkeeping: broken rules, errors per hour, token calls made at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exactsync.simulator.limits import ErrorSource
from exactsync.simulator.messages import RefusedError, Request, Response, refuse_empty
from exactsync.simulator.oauth import Authority, find_client_id
from exactsync.simulator.readers import Dataset
from exactsync.simulator.rules import Rule

if TYPE_CHECKING:
    from exactsync.simulator.world import World

_TOKEN_ENDPOINT = "oauth2/token"  # noqa: S105 - a path


class LoginApi:
    """Answers the OAuth part of Exact Online."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._authority = Authority(world.clock, world.grants)

    def authorise(self, request: Request) -> Response:
        """Answer the authorise page."""
        with self._world.lock:
            try:
                return self._authority.authorise(request, self._world.settings)
            except RefusedError as refused:
                return self._refused(refused)

    def token(self, request: Request, refusal: Response | None = None) -> Response:
        """Answer the token endpoint, or refuse with `refusal`; refused calls count as errors (exact-php-client#475)."""
        world = self._world
        with world.lock:
            client_id = find_client_id(request, world.settings)
            if client_id is None:
                return self._token(request, refusal)
            calls = Dataset(client_id, None, _TOKEN_ENDPOINT)
            if not world.readers.enter(calls):
                world.journal.record(Rule.PARALLEL_REFRESH, "two token calls at once")
        try:
            world.clock.sleep(world.settings.latency_s)
            with world.lock:
                source = ErrorSource(client_id, "", None, _TOKEN_ENDPOINT)
                return self._token_within_velocity(request, source, refusal)
        finally:
            with world.lock:
                world.readers.leave(calls)

    def _token_within_velocity(self, request: Request, source: ErrorSource, refusal: Response | None) -> Response:
        world = self._world
        if world.velocity.is_blocked(source):
            detail = "token call while blocked for too many errors"
            status = world.settings.velocity_block_status
            return self._refused(refuse_empty(status, rule=Rule.ERROR_VELOCITY, detail=detail))
        response = self._token(request, refusal)
        if world.velocity.count(source, response.status, world.settings):
            world.journal.record(Rule.ERROR_VELOCITY, "too many refused token calls in an hour")
        return response

    def _token(self, request: Request, refusal: Response | None) -> Response:
        if refusal is not None:
            return refusal
        try:
            return self._authority.token(request, self._world.settings)
        except RefusedError as refused:
            return self._refused(refused)

    def _refused(self, refused: RefusedError) -> Response:
        if refused.rule is not None:
            self._world.journal.record(refused.rule, refused.detail)
        return refused.response
