"""`/api/v1/…`: what stands between a request and the records, in the order in which Exact checks it."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from exactsync.simulator.catalogue import EndpointKind
from exactsync.simulator.limits import AppDivision, ErrorSource
from exactsync.simulator.listing import answer_count, answer_entity, answer_list
from exactsync.simulator.messages import RefusedError, Request, Response, refuse, refuse_empty
from exactsync.simulator.readers import Dataset
from exactsync.simulator.rules import Rule
from exactsync.simulator.sync_timestamp import answer_sync_timestamp
from exactsync.simulator.writing import answer_create

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exactsync.simulator.catalogue import Catalogue, Endpoint
    from exactsync.simulator.world import World

REST_PREFIX = "/api/v1/"
_PATH = re.compile(r"/api/v1/(?:(?P<division>\d{1,9})/)?(?P<endpoint>[^(]*?)(?P<count>/\$count)?(?:\((?P<key>.*)\))?")
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_LIMIT_RULES = {"minute": Rule.MINUTE_LIMIT, "day": Rule.DAY_LIMIT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a path below `/api/v1/` means."""

    name: str
    """The endpoint as written, below the division."""
    endpoint: Endpoint | None
    division: int | None
    key: str | None
    is_count: bool
    is_write: bool
    """It shall change something."""

    @property
    def is_list(self) -> bool:
        """Whether it asks for the pages of a list."""
        return self.key is None and not self.is_count and not self.is_write


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls, by their access token."""

    client_id: str
    user: str
    expires_at: float
    is_aged: bool


def parse_target(method: str, path: str, catalogue: Catalogue, *, exact_case: bool) -> Target:
    """Return what a path asks for; `endpoint` is None if there is no such thing."""
    match = _PATH.fullmatch(path)
    if match is None:
        return Target(name=path, endpoint=None, division=None, key=None, is_count=False, is_write=False)
    division = int(match["division"]) if match["division"] else None
    endpoint = catalogue.find(match["endpoint"], exact_case=exact_case)
    if endpoint is not None and endpoint.has_division != (division is not None):
        endpoint = None
    return Target(
        name=endpoint.path if endpoint else match["endpoint"],
        endpoint=endpoint,
        division=division,
        key=match["key"],
        is_count=match["count"] is not None,
        is_write=method not in _READING,
    )


class RestApi:
    """Answers the REST part of Exact Online."""

    def __init__(self, world: World) -> None:
        self._world = world

    def answer(self, request: Request, target: Target, refusal: Response | None = None) -> Response:
        """Answer a request, or refuse it with `refusal`; limits, errors and broken rules are counted."""
        world = self._world
        with world.lock:
            try:
                caller = self._authenticate(request)
            except RefusedError as refused:
                return self._refused(refused, target, None)
            source = ErrorSource(caller.client_id, caller.user, target.division, target.name)
            try:
                self._check_token_age(caller)
                self._check_velocity(source)
                _check_refusal(refusal, is_authentication=True)
                limit_headers = self._count_call(caller, target)
            except RefusedError as refused:
                return self._refused(refused, target, source)
        try:
            _check_refusal(refusal, is_authentication=False)
            with self._reading(caller, target) as dataset:
                response = self._perform(request, target, caller, dataset)
                world.clock.sleep(world.settings.latency_s)
            if not target.is_write:
                with world.lock:
                    self._check_end(caller)
        except RefusedError as refused:
            with world.lock:
                response = self._refused(refused, target, source)
        return response.with_headers(limit_headers)

    def _authenticate(self, request: Request) -> Caller:
        token = self._world.grants.find_access_token(request.bearer_token())
        if token is None:
            headers = {"Reason": "Authentication Required", "WWW-Authenticate": "Bearer"}
            detail = "no access token, or not one that is in force"
            raise refuse_empty(401, rule=Rule.UNAUTHENTICATED, detail=detail, headers=headers)
        return Caller(
            client_id=token.chain.client_id,
            user=token.chain.user,
            expires_at=token.expires_at,
            is_aged=token.is_aged,
        )

    def _check_token_age(self, caller: Caller) -> None:
        if self._world.clock.steady() >= caller.expires_at:
            raise _expired(None if caller.is_aged else Rule.EXPIRED_TOKEN)

    def _check_end(self, caller: Caller) -> None:
        """Refuse an answer whose token expired meanwhile (exact-php-client#487); a good client may meet that."""
        if self._world.clock.steady() >= caller.expires_at:
            raise _expired(None)

    def _check_velocity(self, source: ErrorSource) -> None:
        world = self._world
        if world.velocity.is_blocked(source):
            detail = "call while blocked for too many errors"
            raise refuse_empty(world.settings.velocity_block_status, rule=Rule.ERROR_VELOCITY, detail=detail)

    def _count_call(self, caller: Caller, target: Target) -> dict[str, str]:
        """Count the call and return the limit headers; paths without a division are free."""
        if target.division is None:
            return {}
        world = self._world
        verdict = world.limits.admit(AppDivision(caller.client_id, target.division), world.settings)
        if verdict.breached is not None:
            rule = None if verdict.is_excused else _LIMIT_RULES[verdict.breached]
            detail = f"429: {verdict.breached} limit"
            raise refuse_empty(429, rule=rule, detail=detail, headers=verdict.headers)
        return dict(verdict.headers)

    def _perform(self, request: Request, target: Target, caller: Caller, dataset: Dataset | None) -> Response:
        endpoint = self._find_endpoint(request, target)
        self._check_rights(endpoint, target, caller)
        if target.is_write:
            assert target.division is not None  # noqa: S101 - whatever takes POST stands below one
            return answer_create(self._world, request, endpoint, target.division)
        if endpoint.kind is EndpointKind.FUNCTION and target.division is not None:
            return answer_sync_timestamp(self._world, request, endpoint, target.division)
        if target.is_count:
            return answer_count(self._world, request, endpoint, caller.client_id, target.division)
        if target.key is not None:
            return answer_entity(self._world, request, endpoint, caller.client_id, target.division, target.key)
        return answer_list(self._world, request, endpoint, caller.client_id, target.division, dataset)

    def _find_endpoint(self, request: Request, target: Target) -> Endpoint:
        if target.name.endswith("$batch"):
            raise refuse(404, "Resource not found for the segment '$batch'.", rule=Rule.BATCH)
        if target.endpoint is None:
            segment = target.name.rpartition("/")[2]
            raise refuse(404, f"Resource not found for the segment '{segment}'.", rule=Rule.UNKNOWN_PATH)
        may_create = target.endpoint.creates and target.key is None and not target.is_count
        if request.method != "GET" and not (request.method == "POST" and may_create):
            raise refuse(405, "Method not allowed.", rule=Rule.UNKNOWN_METHOD)
        return target.endpoint

    def _check_rights(self, endpoint: Endpoint, target: Target, caller: Caller) -> None:
        world = self._world
        with world.lock:
            app = next(app for app in world.settings.apps if app.client_id == caller.client_id)
            scope = endpoint.entity_set.scope
            if scope is not None and scope not in app.scopes:
                text = f"Forbidden - Application Scope Violated. Cannot read '{scope}' scope."
                raise refuse(403, text, rule=Rule.FORBIDDEN_SCOPE)
            if target.division is None or endpoint.any_division:
                return
            if not world.may_read(caller.client_id, target.division):
                text = "Forbidden - User division is not within division scope"
                raise refuse(403, text, rule=Rule.FORBIDDEN_DIVISION)
            refusal = world.access[target.division].refusal
            if refusal is not None:
                raise refuse(403, "Forbidden", rule=Rule.FORBIDDEN_DIVISION, reason=refusal)

    @contextmanager
    def _reading(self, caller: Caller, target: Target) -> Iterator[Dataset | None]:
        """Watch a list being read; what was asked of it is known only inside."""
        world = self._world
        if target.endpoint is None or not target.is_list or target.division is None:
            yield None
            return
        dataset = Dataset(caller.client_id, target.division, target.name)
        with world.lock:
            if not world.readers.enter(dataset):
                world.journal.record(Rule.PARALLEL_READ, f"two calls at once: {_where(target)}")
        try:
            yield dataset
        finally:
            with world.lock:
                world.readers.leave(dataset)

    def _refused(self, refused: RefusedError, target: Target, source: ErrorSource | None) -> Response:
        """Record what was refused and count it as an error."""
        world = self._world
        if refused.rule is not None:
            world.journal.record(refused.rule, f"{refused.detail} ({_where(target)})")
        if source is not None and world.velocity.count(source, refused.response.status, world.settings):
            world.journal.record(Rule.ERROR_VELOCITY, f"too many errors in an hour ({_where(target)})")
        return refused.response


def _where(target: Target) -> str:
    return target.name if target.division is None else f"{target.division}/{target.name}"


def _check_refusal(refusal: Response | None, *, is_authentication: bool) -> None:
    """Refuse what is to be refused: a 401 before the call is counted, everything else after that."""
    if refusal is not None and (refusal.status == HTTPStatus.UNAUTHORIZED) == is_authentication:
        raise RefusedError(refusal, None, "planted")


def _expired(rule: Rule | None) -> RefusedError:
    headers = {
        "Reason": "Authentication Required",
        "WWW-Authenticate": 'Bearer error="invalid_token", error_description="access%20token%20expired"',
    }
    return refuse_empty(401, rule=rule, detail="the access token has expired", headers=headers)
