"""`read/sync/Sync/SyncTimestamp`: a day → the Timestamp to read a sync endpoint from (exact-php-client#689).

Only reports tell of it, so what it does where they are silent is a setting.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from exactsync.simulator.catalogue import EndpointKind
from exactsync.simulator.messages import Request, Response, json_response, refuse
from exactsync.simulator.odata import EdmType, parse_literals
from exactsync.simulator.rules import Rule
from exactsync.simulator.wire import encode_date, wall_clock

if TYPE_CHECKING:
    from exactsync.simulator.catalogue import Endpoint
    from exactsync.simulator.world import World


def answer_sync_timestamp(world: World, request: Request, endpoint: Endpoint, division: int) -> Response:
    """Answer with the Timestamp that belongs to a moment of the Dutch clock."""
    if world.settings.sync_timestamp == "absent":
        raise refuse(404, "Resource not found for the segment 'SyncTimestamp'.", rule=None)
    moment = _argument(request, "modified", EdmType.DATETIME)
    name = _argument(request, "endPoint", EdmType.STRING)
    is_synced = any(
        each.kind is EndpointKind.SYNC and each.entity_set.name == name for each in world.catalogue.endpoints.values()
    )
    if not isinstance(moment, datetime) or not isinstance(name, str) or not is_synced:
        raise refuse(400, "Error in query syntax", rule=Rule.BAD_QUERY)
    found = _find(world, division, name, moment)
    content = {
        "__metadata": {"type": endpoint.entity_set.model},
        "Modified": encode_date(moment),
        "API": name,
        "TimeStampAsBigInt": None if found is None else str(found),
    }
    return json_response({"d": content})


def _argument(request: Request, name: str, type_: EdmType) -> object:
    try:
        (literal,) = parse_literals(request.parameters()[name])
    except (KeyError, ValueError) as error:
        raise refuse(400, "Error in query syntax", rule=Rule.BAD_QUERY) from error
    return literal.value if literal.type is type_ else None


def _find(world: World, division: int, entity_set: str, moment: datetime) -> int | None:
    """Return the lowest Timestamp changed since, or the highest changed before; None if nothing was."""
    with world.lock:
        records = world.database.by_timestamp(division, entity_set)
    if world.settings.sync_timestamp == "last_before":
        return max((one["Timestamp"] for one in records if wall_clock(one["Modified"]) < moment), default=None)
    return min((one["Timestamp"] for one in records if wall_clock(one["Modified"]) >= moment), default=None)
