"""The control API: what `Simulator` offers to tests, as JSON below `/_simulator/`, for those in another process.

| method and path | body → answer |
|---|---|
| GET truth/{division}/{entity set} | → `{"kinds": {property: kind}, "records": […]}`, see `Simulator.truth` |
| GET calls | → `[{"endpoint", "division", "status", "calls"}, …]` |
| GET writes | the same of calls that were to create something |
| GET violations | → `[{"rule", "detail", "at"}, …]` |
| POST journal/clear | forgets calls and violations |
| GET settings, POST settings | changes of numbers, texts and switches → the settings now |
| GET clock, POST clock | `{"advance_s": 60}` → `{"now": seconds since the epoch}` |
| POST changes | `{"changes": [change, …]}` or `{"random": n, "seed", "divisions", "entity_sets"}` → the changes made |
| POST divisions/{code} | `{"permitted": bool}`, `{"refusal": reason or null}` |
| POST periods | `{"division", "journal", "year", "period", "closed": bool}` closes a period, or opens it |
| POST grants/revoke | ends every login |
| GET fault-library | → every fault there is: `[{"name", "does", "parameters", "source", "way_out", …}, …]` |
| POST faults | `{"name", "parameters", "endpoint", "division", "occurrences", …}`, see `Fault` → as planted |
| GET faults | → what is planted, with `id` and how many calls each has `seen` and `struck` |
| DELETE faults, DELETE faults/{id} | removes all, or one |
| POST late-changes/commit | → `{"committed": n}` |
| GET secrets | → every secret there has been, for searches of logs |

A change is `{"kind", "division", "entity_set", "key", "values"}` with kind insert, update, touch or delete; values
are written as `truth` writes them.
"""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from exactsync.simulator.catalogue import Kind, load_catalogue
from exactsync.simulator.faults.description import fault_from_json, library_as_json, planted_as_json
from exactsync.simulator.messages import Request, Response, json_response
from exactsync.simulator.wire import truth_as_json

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable

    from exactsync.simulator.rules import CallKey
    from exactsync.simulator.simulator import Simulator

CONTROL_PREFIX = "/_simulator/"
_CONTENTS = frozenset({"companies", "apps", "user"})
_PARSERS: dict[Kind, Callable[[str], object]] = {
    Kind.GUID: UUID,
    Kind.MOMENT: datetime.fromisoformat,
    Kind.DAY: date.fromisoformat,
}


class ControlApi:
    """Answers the control API."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._routes: dict[tuple[str, str], Callable[..., object]] = {
            ("GET", "truth"): self._truth,
            ("GET", "calls"): self._calls,
            ("GET", "writes"): self._writes,
            ("GET", "violations"): self._violations,
            ("POST", "journal"): self._clear_journal,
            ("GET", "settings"): self._settings,
            ("POST", "settings"): self._configure,
            ("GET", "clock"): self._clock,
            ("POST", "clock"): self._advance,
            ("POST", "changes"): self._change,
            ("POST", "divisions"): self._set_division,
            ("POST", "periods"): self._close_period,
            ("POST", "grants"): self._revoke_grants,
            ("GET", "fault-library"): self._fault_library,
            ("POST", "faults"): self._plant,
            ("GET", "faults"): self._planted,
            ("DELETE", "faults"): self._remove_faults,
            ("POST", "late-changes"): self._commit,
            ("GET", "secrets"): self._secrets,
        }

    def answer(self, request: Request) -> Response:
        """Answer a request of a test: 404 for an unknown path or record, 400 for a body that makes no sense."""
        name, *arguments = request.path.removeprefix(CONTROL_PREFIX).rstrip("/").split("/")
        route = self._routes.get((request.method, name))
        if route is None:
            return json_response({"error": "no such path"}, status=404)
        try:
            body = orjson.loads(request.body) if request.body else {}
            return json_response(route(body, *arguments))
        except (KeyError, IndexError) as error:
            return json_response({"error": f"there is no {error}"}, status=404)
        except (TypeError, ValueError) as error:
            return json_response({"error": str(error)}, status=400)

    def _truth(self, _body: Any, division: str, entity_set: str) -> object:
        properties = load_catalogue().entity_sets[entity_set].properties
        records = self._simulator.truth(int(division), entity_set)
        return {
            "kinds": {"Timestamp": Kind.INT64, **{name: spec.kind for name, spec in properties.items()}},
            "records": [{name: truth_as_json(value) for name, value in record.items()} for record in records],
        }

    def _calls(self, _body: Any) -> object:
        return _counted(self._simulator.calls())

    def _writes(self, _body: Any) -> object:
        return _counted(self._simulator.writes())

    def _violations(self, _body: Any) -> object:
        return [asdict(violation) for violation in self._simulator.violations()]

    def _clear_journal(self, _body: Any, action: str) -> object:
        _require(action, "clear")
        self._simulator.clear_journal()
        return {}

    def _settings(self, _body: Any) -> object:
        settings = self._simulator.settings
        return {f.name: getattr(settings, f.name) for f in fields(settings) if f.name not in _CONTENTS}

    def _configure(self, body: dict[str, Any]) -> object:
        if refused := _CONTENTS & body.keys():
            raise ValueError(f"{', '.join(sorted(refused))} cannot be changed while it runs")
        self._simulator.configure(**body)
        return self._settings(body)

    def _clock(self, _body: Any) -> object:
        return {"now": self._simulator.clock.now()}

    def _advance(self, body: dict[str, Any]) -> object:
        self._simulator.clock.advance(float(body["advance_s"]))
        return self._clock(body)

    def _change(self, body: dict[str, Any]) -> object:
        if "random" in body:
            changes = self._simulator.random_changes(
                int(body["random"]),
                seed=int(body.get("seed", 0)),
                divisions=body.get("divisions", ()),
                entity_sets=body.get("entity_sets", ()),
            )
        else:
            changes = [self._apply(change) for change in body["changes"]]
        return [asdict(change) for change in changes]

    def _apply(self, change: dict[str, Any]) -> Any:
        place = int(change["division"]), str(change["entity_set"])
        values = _parse_values(place[1], change.get("values", {}))
        kind = change["kind"]
        if kind == "insert":
            return self._simulator.insert(*place, values)
        key = UUID(change["key"]) if isinstance(change["key"], str) else int(change["key"])
        if kind == "update":
            return self._simulator.update(*place, key, values)
        if kind == "touch":
            return self._simulator.touch(*place, key)
        _require(kind, "delete")
        return self._simulator.delete(*place, key)

    def _set_division(self, body: dict[str, Any], code: str) -> object:
        if "permitted" in body:
            self._simulator.permit(int(code), permitted=bool(body["permitted"]))
        if "refusal" in body:
            self._simulator.refuse_division(int(code), body["refusal"])
        return {}

    def _close_period(self, body: dict[str, Any]) -> object:
        place = int(body["division"]), str(body["journal"]), int(body["year"]), int(body["period"])
        self._simulator.close_period(*place, is_closed=bool(body["closed"]))
        return {}

    def _revoke_grants(self, _body: Any, action: str) -> object:
        _require(action, "revoke")
        self._simulator.revoke_grants()
        return {}

    def _fault_library(self, _body: Any) -> object:
        return library_as_json()

    def _plant(self, body: dict[str, Any]) -> object:
        planted_id = self._simulator.plant(fault_from_json(body))
        return next(fault for fault in self._planted(body) if fault["id"] == planted_id)

    def _planted(self, _body: Any) -> list[dict[str, Any]]:
        return [planted_as_json(planted) for planted in self._simulator.planted_faults()]

    def _remove_faults(self, body: Any, fault_id: str | None = None) -> object:
        if fault_id is None:
            self._simulator.clear_faults()
        else:
            self._simulator.remove_fault(int(fault_id))
        return self._planted(body)

    def _commit(self, _body: Any, action: str) -> object:
        _require(action, "commit")
        return {"committed": self._simulator.commit_late_changes()}

    def _secrets(self, _body: Any) -> object:
        return self._simulator.secrets()


def _counted(calls: Counter[CallKey]) -> object:
    return [{**key._asdict(), "calls": number} for key, number in calls.items()]


def _require(word: str, expected: str) -> None:
    if word != expected:
        raise KeyError(word)
    return


def _parse_values(entity_set: str, values: dict[str, Any]) -> dict[str, Any]:
    """Read values as `truth_as_json` writes them."""
    properties = load_catalogue().entity_sets[entity_set].properties
    parsed = {}
    for name, value in values.items():
        parse = _PARSERS.get(properties[name].kind) if name in properties else None
        parsed[name] = parse(value) if parse and value is not None else value
    return parsed
