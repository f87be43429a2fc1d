"""Lists, single records and counts, once it is clear that the caller may have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from exactsync.simulator.atom import ATOM_TYPE, encode_feed
from exactsync.simulator.catalogue import Endpoint, EndpointKind
from exactsync.simulator.database import SHARED
from exactsync.simulator.messages import Request, Response, json_response, refuse, text_response
from exactsync.simulator.paging import count, read_page
from exactsync.simulator.people import describe_me
from exactsync.simulator.periods import journal_statuses
from exactsync.simulator.query import Query, parse_key, parse_key_query, parse_query
from exactsync.simulator.rules import Rule
from exactsync.simulator.wire import RecordEncoder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exactsync.simulator.paging import RecordPage
    from exactsync.simulator.readers import Dataset
    from exactsync.simulator.wire import Record
    from exactsync.simulator.world import World

_URL_SAFE = "/:$'(),"


def answer_list(
    world: World,
    request: Request,
    endpoint: Endpoint,
    client_id: str,
    division: int | None,
    dataset: Dataset | None,
) -> Response:
    """Answer one page of a list."""
    wants_json = _wants_json(world, request)
    query = parse_query(request, endpoint)
    sequence = _follow(world, request, query, dataset)
    page_size = _page_size(world, endpoint)
    page = read_page(_records(world, endpoint, client_id, division), query, endpoint, page_size=page_size)
    next_url = _next_url(world, request, page, dataset, sequence)
    encoder = RecordEncoder(endpoint, _collection_url(world, request), query.select)
    additions = world.settings.additions.get(endpoint.entity_set.name, {})
    encoded = [{**encoder.encode(record), **additions} for record in page.records]
    if not wants_json:
        return Response(status=200, headers={"Content-Type": ATOM_TYPE}, body=encode_feed(encoded, next_url))
    return json_response({"d": _envelope(encoded, query, page, next_url)})


def records_of_page(
    world: World, request: Request, endpoint: Endpoint, client_id: str, division: int | None
) -> list[Record]:
    """Return the typed records that a list request, known to be right, is answered with now."""
    records = _records(world, endpoint, client_id, division)
    return read_page(records, parse_query(request, endpoint), endpoint, page_size=_page_size(world, endpoint)).records


def first_of_next_page(
    world: World, request: Request, endpoint: Endpoint, client_id: str, division: int | None
) -> dict[str, Any] | None:
    """Return the encoded record that the page after the requested one begins with; None if there is no such page."""
    query = parse_query(request, endpoint)
    size = _page_size(world, endpoint)
    page = read_page(_records(world, endpoint, client_id, division), query, endpoint, page_size=size + 1)
    if query.top is not None or len(page.records) <= size:
        return None
    return RecordEncoder(endpoint, _collection_url(world, request), query.select).encode(page.records[size])


def answer_entity(
    world: World, request: Request, endpoint: Endpoint, client_id: str, division: int | None, key: str
) -> Response:
    """Answer one record by its key: `{"d": {…}}`."""
    _wants_json(world, request)
    select = parse_key_query(request, endpoint)
    wanted = parse_key(key, endpoint)
    for record in _records(world, endpoint, client_id, division):
        if record[endpoint.key] == wanted:
            path = request.path.rpartition("(")[0]
            collection_url = f"{_base_url(world, request)}{quote(path, safe=_URL_SAFE)}"
            return json_response({"d": RecordEncoder(endpoint, collection_url, select).encode(record)})
    raise refuse(404, f"Resource not found for the segment '{endpoint.entity_set.name}'.", rule=None)


def answer_count(world: World, request: Request, endpoint: Endpoint, client_id: str, division: int | None) -> Response:
    """Answer `/$count`: a number as text."""
    query = parse_query(request, endpoint, is_count=True)
    return text_response(str(count(_records(world, endpoint, client_id, division), query)))


def _wants_json(world: World, request: Request) -> bool:
    """Tell JSON from Atom; `application/xml` is refused (Exact's OData page)."""
    accept = request.headers.get("accept", "*/*")
    if "application/json" in accept:
        return True
    if "application/atom+xml" not in accept and "*/*" not in accept:
        raise refuse(415, "Unsupported media type requested.", rule=Rule.NOT_JSON)
    with world.lock:
        world.journal.record(Rule.NOT_JSON, f"Accept: {accept}")
    return False


def _records(world: World, endpoint: Endpoint, client_id: str, division: int | None) -> Sequence[Record]:
    """Return the records that the endpoint shows, in the order of its key."""
    entity_set = endpoint.entity_set.name
    with world.lock:
        if entity_set == "Me":
            return [describe_me(world)]
        if entity_set == "Divisions":
            divisions = world.database.by_key(SHARED, entity_set)
            return [record for record in divisions if world.may_read(client_id, record["Code"])]
        assert division is not None  # noqa: S101 - `Target` has one for every other endpoint
        if entity_set == "Deleted":
            world.database.forget_deletions(world.settings.deleted_log_days)
        if entity_set == "JournalStatusList":
            return journal_statuses(world, division)
        if endpoint.kind is EndpointKind.SYNC:
            return world.database.by_timestamp(division, entity_set)
        return world.database.by_key(division, entity_set)


def _envelope(
    encoded: list[dict[str, Any]], query: Query, page: RecordPage, next_url: str | None
) -> list[dict[str, Any]] | dict[str, Any]:
    """Return what stands in `d`: an object with `results`, or the bare list that `$top` gives."""
    if query.top is not None and page.total is None:
        return encoded
    envelope: dict[str, Any] = {"results": encoded}
    if page.total is not None:
        envelope["__count"] = str(page.total)
    if next_url is not None:
        envelope["__next"] = next_url
    return envelope


def _follow(world: World, request: Request, query: Query, dataset: Dataset | None) -> int | None:
    """Note which sequence of pages the request belongs to; return its number."""
    if dataset is None or (query.top is not None and query.resume_after is None):
        return None
    with world.lock:
        if query.resume_after is None:
            return world.readers.begin_sequence(dataset)
        sequence = world.readers.find_sequence(dataset, request.query_pairs())
        where = f"{dataset.division}/{dataset.endpoint}"
        if sequence is None:
            world.journal.record(Rule.FORGED_SKIPTOKEN, f"no __next had this $skiptoken: {where}")
            return world.readers.begin_sequence(dataset)
        if not world.readers.go_on(dataset, sequence):
            world.journal.record(Rule.PARALLEL_READ, f"pages of two readers mixed: {where}")
        return sequence


def _next_url(
    world: World, request: Request, page: RecordPage, dataset: Dataset | None, sequence: int | None
) -> str | None:
    """Return the absolute link to the next page: the query as it came, and the new `$skiptoken`."""
    if page.skiptoken is None:
        return None
    pairs = [(name, value) for name, value in request.query_pairs() if name != "$skiptoken"]
    pairs.append(("$skiptoken", page.skiptoken))
    if dataset is not None and sequence is not None:
        with world.lock:
            world.readers.give_link(dataset, pairs, sequence)
    query = "&".join(f"{quote(name, safe='$')}={quote(value, safe=_URL_SAFE)}" for name, value in pairs)
    return f"{_base_url(world, request)}{quote(request.path, safe=_URL_SAFE)}?{query}"


def _page_size(world: World, endpoint: Endpoint) -> int:
    if endpoint.page_size is not None and world.settings.page_size_by_reference:
        return min(endpoint.page_size, world.settings.bulk_page_size)
    is_large = endpoint.kind is not EndpointKind.SINGLE
    return world.settings.bulk_page_size if is_large else world.settings.single_page_size


def _collection_url(world: World, request: Request) -> str:
    return f"{_base_url(world, request)}{quote(request.path, safe=_URL_SAFE)}"


def _base_url(world: World, request: Request) -> str:
    return world.settings.public_url or request.base_url
