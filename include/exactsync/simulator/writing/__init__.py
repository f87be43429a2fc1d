"""POST: what a client wants created is read, checked against the division's books, stored, and told of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from exactsync.simulator.messages import json_response, refuse
from exactsync.simulator.rules import Rule
from exactsync.simulator.wire import RecordEncoder
from exactsync.simulator.writing.bodies import read_body
from exactsync.simulator.writing.desk import Desk
from exactsync.simulator.writing.documents import make_attachment, make_document
from exactsync.simulator.writing.entries import make_entry, note_double, renumbered
from exactsync.simulator.writing.relations import make_relation
from exactsync.simulator.writing.words import Complaints

if TYPE_CHECKING:
    from collections.abc import Callable

    from exactsync.simulator.catalogue import Endpoint
    from exactsync.simulator.messages import Created, Request, Response
    from exactsync.simulator.world import World
    from exactsync.simulator.writing.bodies import Values
    from exactsync.simulator.writing.desk import Written

_MAKERS: Final[dict[str, Callable[[Desk, Values], list[Written]]]] = {
    "PurchaseEntries": make_entry,
    "Documents": make_document,
    "DocumentAttachments": make_attachment,
    "Accounts": make_relation,
}
_URL_SAFE: Final = "/:$'(),"


def answer_create(world: World, request: Request, endpoint: Endpoint, division: int) -> Response:
    """Create what the body says and answer 201.

    Raises:
        RefusedError: 400 for what is no such thing at all, 500 for what the books don't allow.
    """
    if "application/json" not in request.headers.get("accept", "*/*"):
        raise refuse(415, "Unsupported media type requested.", rule=Rule.NOT_JSON)
    entity_set = endpoint.entity_set
    nested = {"PurchaseEntryLines": world.catalogue.entity_sets["PurchaseEntryLines"]}
    values = read_body(request, entity_set, nested, world.settings)
    with world.lock:
        desk = Desk(world=world, division=division, complaints=Complaints(world.settings.language))
        written = _MAKERS[entity_set.name](desk, values)
        if desk.complaints:
            raise desk.complaints.refusal()
        for one in written:
            world.database.put(division, one.entity_set, one.record)
        record = written[0].record
        if entity_set.name == "PurchaseEntries":
            note_double(world, division, record)
    base_url = world.settings.public_url or request.base_url
    collection_url = f"{base_url}{quote(request.path, safe=_URL_SAFE)}"
    encoded = RecordEncoder(endpoint, collection_url, None).encode(record)
    if not _is_whole(world, request):
        encoded = {name: value if name == "__metadata" else None for name, value in encoded.items()}
    keys = tuple((one.entity_set, one.record[world.catalogue.entity_sets[one.entity_set].key]) for one in written)
    headers = {"Location": encoded["__metadata"]["uri"]}
    return json_response({"d": encoded}, status=201, headers=headers).about(division, keys)


def withhold(world: World, created: Created) -> Callable[[], None]:
    """Take out what was created as if it had never been, and return what brings it back, once.

    It comes back as it would be created then: with a new rowversion, and another number where its own is taken.
    """
    division = created.division
    records = [(name, world.database.take_out(division, name, key)) for name, key in created.keys]

    def commit() -> None:
        for name, record in records:
            if name == "PurchaseEntries":
                record = renumbered(world, division, record)
            world.database.put(division, name, record)
            if name == "PurchaseEntries":
                note_double(world, division, record)
        records.clear()

    return commit


def _is_whole(world: World, request: Request) -> bool:
    wanted = world.settings.created_answer
    prefers = "return=representation" in request.headers.get("prefer", "")
    return prefers if wanted == "preferred" else wanted == "whole"
