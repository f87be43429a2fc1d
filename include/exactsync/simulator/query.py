"""Query options of one request, checked against what its endpoint allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exactsync.simulator.catalogue import Endpoint, EndpointKind, Kind
from exactsync.simulator.messages import RefusedError, Request, refuse
from exactsync.simulator.odata import (
    Comparison,
    Expression,
    FilterError,
    Literal,
    Logical,
    Property,
    comparisons_in,
    create_predicate,
    parse_filter,
    parse_literals,
    properties_in,
)
from exactsync.simulator.rules import Rule
from exactsync.simulator.wire import comparable_reader

if TYPE_CHECKING:
    from collections.abc import Callable

    from exactsync.simulator.wire import Record

_OPTIONS = frozenset(
    {"$select", "$filter", "$top", "$skiptoken", "$inlinecount", "$orderby", "$format", "$expand", "$skip"}
)
_UNSUPPORTED_FILTER = "This $filter parameter is not supported for this resource."
_SYNTAX_ERROR = "Error in query syntax"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What a request asks of a list. `order` holds property and whether it descends; the key is always last."""

    select: tuple[str, ...] | None
    predicate: Callable[[Record], bool] | None
    top: int | None
    order: tuple[tuple[str, bool], ...]
    resume_after: tuple[object, ...] | None
    wants_count: bool


def parse_query(request: Request, endpoint: Endpoint, *, is_count: bool = False) -> Query:
    """Return the checked query of a list request, or of `/$count`.

    Raises:
        RefusedError: 400 in Exact's words, where they are known.
    """
    options = _options(request)
    top = _top(options.get("$top"))
    expression = _filter(options.get("$filter"), endpoint)
    select = _select(options.get("$select"), endpoint)
    if endpoint.select_required and select is None and top != 1 and not is_count:
        text = "Please add a $select or a $top=1 statement to the query string."
        raise refuse(400, text, rule=Rule.MISSING_SELECT)
    order = _order(options.get("$orderby"), endpoint)
    return Query(
        select=select,
        predicate=None
        if expression is None
        else create_predicate(expression, lambda name: comparable_reader(endpoint.properties[name])),
        top=top,
        order=order,
        resume_after=_resume_after(options.get("$skiptoken"), order, endpoint),
        wants_count=_wants_count(options.get("$inlinecount")),
    )


def parse_key_query(request: Request, endpoint: Endpoint) -> tuple[str, ...] | None:
    """Return the `$select` of a request for one record by its key."""
    return _select(_options(request).get("$select"), endpoint)


def parse_key(text: str, endpoint: Endpoint) -> object:
    """Return the key in `Entity(…)`.

    Raises:
        RefusedError: it is no literal of the key's type.
    """
    try:
        (literal,) = parse_literals(text)
    except ValueError as error:
        raise _bad_query(_SYNTAX_ERROR) from error
    if not literal.type.is_comparable_with(endpoint.properties[endpoint.key].kind.edm_type):
        raise _bad_query(_SYNTAX_ERROR)
    return literal.value


def _bad_query(text: str) -> RefusedError:
    return refuse(400, text, rule=Rule.BAD_QUERY)


def _options(request: Request) -> dict[str, str]:
    pairs = [(name, value) for name, value in request.query_pairs() if name.startswith("$")]
    options = dict(pairs)
    unknown = options.keys() - _OPTIONS
    if len(options) < len(pairs) or unknown:
        raise _bad_query(_SYNTAX_ERROR)
    for refused in ("$skip", "$expand"):
        if refused in options:  # $skip: refused on endpoints newer than 2017-03-01
            raise _bad_query(f"The query option '{refused}' is not supported for this resource.")
    return options


def _top(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()):
        raise _bad_query(_SYNTAX_ERROR)
    return int(text)


def _wants_count(text: str | None) -> bool:
    if text not in (None, "allpages", "none"):
        raise _bad_query(_SYNTAX_ERROR)
    return text == "allpages"


def _select(text: str | None, endpoint: Endpoint) -> tuple[str, ...] | None:
    if text is None:
        return None
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    if names == ("*",):
        return tuple(endpoint.properties)
    for name in names:
        if name not in endpoint.properties:
            model = endpoint.entity_set.model
            raise _bad_query(f"Could not find a property named '{name}' on type '{model}'.")
    return names


def _filter(text: str | None, endpoint: Endpoint) -> Expression | None:
    if text is None:
        if endpoint.mandatory_filters:
            raise _refuse_missing_filter(endpoint)
        return None
    try:
        expression = parse_filter(text, properties=endpoint.edm_types, model=endpoint.entity_set.model)
    except FilterError as error:
        raise _bad_query(str(error)) from error
    used = properties_in(expression)
    if endpoint.filters is not None:
        _check_allowed(used, expression, endpoint)
    if endpoint.mandatory_filters and not set(used) & set(endpoint.mandatory_filters):
        raise _refuse_missing_filter(endpoint)
    return expression


def _check_allowed(used: list[str], expression: Expression, endpoint: Endpoint) -> None:
    refused = [name for name in used if name not in (endpoint.filters or ())]
    if endpoint.kind is EndpointKind.SYNC:
        if refused or not _is_sync_filter(expression):
            raise refuse(400, _UNSUPPORTED_FILTER, rule=Rule.FORBIDDEN_FILTER)
    elif refused:
        text = f"Filtering on these fields is not supported: {','.join(refused)}"
        raise refuse(400, text, rule=Rule.FORBIDDEN_FILTER)


def _is_sync_filter(expression: Expression) -> bool:
    """Sync endpoints take comparisons of Timestamp joined by `and`; sync/Deleted also `EntityType eq n`."""

    def is_plain(node: Expression) -> bool:
        if isinstance(node, Logical):
            return node.operator == "and" and is_plain(node.left) and is_plain(node.right)
        return (
            isinstance(node, Comparison)
            and isinstance(node.left, Property)
            and isinstance(node.right, Literal)
            and (node.left.name == "Timestamp" or node.operator == "eq")
        )

    return bool(comparisons_in(expression)) and is_plain(expression)


def _refuse_missing_filter(endpoint: Endpoint) -> RefusedError:
    text = (
        "This endpoint has mandatory filtering applied. A GET request for this endpoint must have a $filter "
        f"parameter with one of the following fields in the url:{','.join(endpoint.mandatory_filters)}."
    )
    return refuse(400, text, rule=Rule.MISSING_FILTER)


def _order(text: str | None, endpoint: Endpoint) -> tuple[tuple[str, bool], ...]:
    key = tuple((name, False) for name in endpoint.keys)
    if text is None:
        return key
    if endpoint.kind is not EndpointKind.SINGLE:
        raise _bad_query("The query option '$orderby' is not supported for this resource.")
    order = []
    for part in text.split(","):
        name, _, direction = part.strip().partition(" ")
        spec = endpoint.properties.get(name)
        unsortable = spec is None or spec.kind in (Kind.NAVIGATION, Kind.BINARY)
        if unsortable or direction.strip() not in ("", "asc", "desc"):
            raise _bad_query(_SYNTAX_ERROR)
        order.append((name, direction.strip() == "desc"))
    return (*order, *key)


def _resume_after(
    text: str | None, order: tuple[tuple[str, bool], ...], endpoint: Endpoint
) -> tuple[object, ...] | None:
    """Read a skip token: a literal for each property of the order."""
    if text is None:
        return None
    try:
        literals = parse_literals(text)
    except ValueError as error:
        raise _bad_query(_SYNTAX_ERROR) from error
    types = [endpoint.properties[name].kind.edm_type for name, _ in order]
    if len(literals) != len(types) or not all(
        literal.type.is_comparable_with(expected) for literal, expected in zip(literals, types, strict=True)
    ):
        raise _bad_query(_SYNTAX_ERROR)
    return tuple(literal.value for literal in literals)
