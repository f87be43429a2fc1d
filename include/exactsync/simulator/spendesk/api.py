"""The endpoints: `/v1/…`, and the addresses of receipts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode
from uuid import UUID

import orjson

from exactsync.simulator.messages import Response, json_response
from exactsync.simulator.spendesk.rules import SpendeskRule, refuse
from exactsync.simulator.spendesk.snapshots import Snapshots
from exactsync.simulator.spendesk.wire import plain, write_v0

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from exactsync.simulator.clock import Clock
    from exactsync.simulator.messages import Request
    from exactsync.simulator.spendesk.accounts import SpendeskAccount
    from exactsync.simulator.spendesk.settings import SpendeskSettings

_STATUSES: Final = frozenset({"prepared", "unprepared", "exported", "failedToExport", "exportedManually"})
_TYPES: Final = {"pdf": "application/pdf", "png": "image/png"}
_SUPPLIERS_A_PAGE: Final = 30


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, and the rule that was broken by asking, if one was."""

    response: Response
    broken: tuple[SpendeskRule, str] | None = None


@dataclass(frozen=True, slots=True)
class _Route:
    method: str
    path: re.Pattern[str]
    scope: str
    answer: Callable[[Request, SpendeskSettings, Sequence[str]], Answer]


class SpendeskApi:
    """Answers calls that have passed the gate. Not thread-safe: the simulator holds its lock."""

    def __init__(self, account: SpendeskAccount, clock: Clock) -> None:
        self._account = account
        self._clock = clock
        self._snapshots = Snapshots()
        self._routes = [
            _Route("POST", re.compile(r"/v1/snapshots/payables"), "payable:read", self._ask),
            _Route("GET", re.compile(r"/v1/snapshots/payables/([^/]+)"), "payable:read", self._snapshot),
            _Route("PUT", re.compile(r"/v1/payables/bookkeeping-status"), "payable:manage", self._report),
            _Route("GET", re.compile(r"/v1/payables/([^/]+)"), "payable:read", self._payable),
            _Route(
                "GET", re.compile(r"/v1/payables/([^/]+)/attachments"), "payable-attachment:read", self._attachments
            ),
            _Route("GET", re.compile(r"/v1/settlements"), "settlement:read", self._list(lambda: account.settlements)),
            _Route("GET", re.compile(r"/v1/suppliers"), "supplier:read", self._list(account.suppliers)),
            _Route("GET", re.compile(r"/v1/users"), "user:read", self._list(account.users)),
            _Route(
                "GET",
                re.compile(r"/v1/analytical-fields"),
                "analytical-field:read",
                self._list(account.analytical_fields),
            ),
            _Route("GET", re.compile(r"/v1/cost-centers"), "cost-center:read", self._list(account.cost_centers)),
        ]

    def answer(self, request: Request, scopes: frozenset[str], settings: SpendeskSettings) -> Answer:
        """Answer one call.

        Raises:
            SpendeskRefusedError: it is refused.
        """
        for route in self._routes:
            match = route.path.fullmatch(request.path)
            if match and route.method == request.method:
                if route.scope not in scopes:
                    raise refuse(403, "forbidden", f"Scope {route.scope} is missing.", rule=SpendeskRule.MISSING_SCOPE)
                return route.answer(request, settings, match.groups())
        raise refuse(404, "not_found", "Not found.", rule=SpendeskRule.UNKNOWN_PATH)

    def _ask(self, request: Request, settings: SpendeskSettings, _: Sequence[str]) -> Answer:
        body = _json(request)
        if settings.body == "query":
            query = body.get("query")
            if not isinstance(query, dict) or len(body) != 1:
                raise refuse(400, "validation", "query is missing.", rule=None)
        else:
            query = body
        payables = self._account.payables.values()
        return Answer(json_response(self._snapshots.ask(query, payables, settings, self._clock.utc()), status=201))

    def _snapshot(self, request: Request, settings: SpendeskSettings, arguments: Sequence[str]) -> Answer:
        page, size = _paging(request, settings.page_size, settings.largest_page)
        content, is_hasty = self._snapshots.read(arguments[0], page, size, settings, self._clock.utc())
        broken = (SpendeskRule.HASTY_POLL, "asked again within 60 s") if is_hasty else None
        return Answer(json_response(content), broken)

    def _payable(self, request: Request, settings: SpendeskSettings, arguments: Sequence[str]) -> Answer:
        return Answer(json_response({"data": write_v0(self._find(arguments[0]))}))

    def _attachments(self, request: Request, settings: SpendeskSettings, arguments: Sequence[str]) -> Answer:
        payable = self._find(arguments[0])
        until = round(self._clock.now() + settings.link_lifetime_s)
        data = []
        for attachment in payable["attachments"]:
            link = {"until": until, "signature": _sign(attachment["id"], until, settings)}
            url = f"{request.base_url}/files/{payable['id']}/{attachment['id']}?{urlencode(link)}"
            shown = {name: value for name, value in attachment.items() if name != "content"}
            data.append(plain(shown) | {"url": url})
        return Answer(json_response({"data": data}))

    def _report(self, request: Request, settings: SpendeskSettings, _: Sequence[str]) -> Answer:
        body = _json(request)
        status = body.get("bookkeepingStatus")
        if status not in _STATUSES or body.keys() - {"payableId", "bookkeepingStatus", "reason"}:
            raise refuse(400, "validation", "bookkeepingStatus is not allowed.", rule=SpendeskRule.BAD_REQUEST)
        payable = self._find(str(body.get("payableId")))
        if not self._account.report(payable["id"], status, body.get("reason"), self._clock.utc()):
            raise refuse(409, "status", "The payable is booked.", rule=SpendeskRule.STATUS_OF_BOOKED)
        return Answer(Response(status=204))

    def _list(self, records: Callable[[], list[dict[str, Any]]]) -> Callable[..., Answer]:
        def answer(request: Request, settings: SpendeskSettings, _: Sequence[str]) -> Answer:
            page, size = _paging(request, _SUPPLIERS_A_PAGE, _SUPPLIERS_A_PAGE)
            found = records()
            first = (page - 1) * size
            pagination = {"page": page, "pageSize": size, "total": len(found)}
            data = [plain(one) for one in found[first : first + size]]
            return Answer(json_response({"data": data, "meta": {"pagination": pagination}}))

        return answer

    def file(self, request: Request, settings: SpendeskSettings) -> Response:
        """Answer a call for a receipt: its address is signed, and good for some minutes; no token is asked for.

        Raises:
            SpendeskRefusedError: the address is wrong or too old.
        """
        _, _, payable_id, attachment_id, *_ = (*request.path.split("/"), "", "")
        parameters = request.parameters()
        until = parameters.get("until", "0")
        is_signed = parameters.get("signature") == _sign(attachment_id, until, settings)
        if not (is_signed and float(until) > self._clock.now()):
            raise refuse(403, "forbidden", "The link has expired.", rule=None)
        for attachment in self._find(payable_id)["attachments"]:
            if str(attachment["id"]) == attachment_id:
                headers = {"Content-Type": _TYPES[attachment["mimeType"]]}
                return Response(status=200, headers=headers, body=attachment["content"])
        raise refuse(404, "not_found", "No such file.", rule=None)

    def _find(self, payable_id: str) -> dict[str, Any]:
        try:
            return self._account.payables[UUID(payable_id)]
        except (KeyError, ValueError):
            raise refuse(404, "not_found", "There is no such payable.", rule=None) from None


def _paging(request: Request, usual: int, largest: int) -> tuple[int, int]:
    parameters = request.parameters()
    page, size = parameters.get("page", "1"), parameters.get("pageSize", str(usual))
    if not (page.isdigit() and size.isdigit() and int(page) >= 1 and 1 <= int(size) <= largest):
        raise refuse(400, "pagination", f"page and pageSize (up to {largest}).", rule=SpendeskRule.BAD_REQUEST)
    return int(page), int(size)


def _sign(attachment_id: object, until: object, settings: SpendeskSettings) -> str:
    return sha256(f"{attachment_id} {until} {settings.client_secret}".encode()).hexdigest()[:32]


def _json(request: Request) -> dict[str, Any]:
    try:
        body = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise refuse(400, "body", "The body is no JSON object.", rule=SpendeskRule.BAD_REQUEST)
    return body
