"""What outside data may be: any bytes, any JSON, and what was genuine before something happened to it."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import orjson
from hypothesis import strategies as st

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

Json = Any

_WICKED = st.sampled_from(
    [
        None,
        True,
        "",
        "\0",
        "\ud800",
        "A" * 5_000,
        "1e999",
        "NaN",
        "9" * 400,
        "-" * 36,
        "/Date(99999999999999999)/",
        "/Date(-99999999999999999)/",
        "9999-12-31T23:59:59.999999+14:00",
        "0000-00-00",
        2**63,
        -(2**63) - 1,
        10**400,
        1e308,
        -0.0,
        [],
        {},
        [[[[]]]],
        {"results": None},
        [None],
    ]
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | _WICKED
_nested = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)
values: SearchStrategy[Json] = st.one_of(_WICKED, _WICKED, scalars, scalars, _nested)


@st.composite
def mutated(draw: st.DrawFn, genuine: Json) -> Json:
    """Draw genuine JSON with one to three of its places replaced, doubled or removed."""
    hurt = deepcopy(genuine)
    for _ in range(draw(st.integers(1, 3))):
        places = _places(hurt)
        if not places:
            return deepcopy(draw(values))
        holder, key = places[draw(st.integers(0, len(places) - 1))]
        match draw(st.sampled_from(["replace", "replace", "replace", "remove", "double"])):
            case "remove":
                del holder[key]
            case "double" if isinstance(holder, list):
                holder.append(holder[key])
            case _:
                holder[key] = deepcopy(draw(values))  # what is drawn is drawn again: it must not be hurt itself
    return hurt


def _places(value: Json) -> list[tuple[Any, Any]]:
    """Every place in a JSON value: the object or list that holds it, and where in it."""
    found: list[tuple[Any, Any]] = []
    pending = [value]
    while pending:
        holder = pending.pop()
        keys = list(holder) if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ()
        for key in keys:
            found.append((holder, key))
            pending.append(holder[key])
    return found


def body_of(value: Json) -> bytes:
    """Write JSON as somebody who is not careful may: what orjson cannot write, Python's own writer can."""
    try:
        return orjson.dumps(value)
    except (TypeError, ValueError):
        import json

        return json.dumps(value).encode("utf-8", "surrogatepass")


def bodies(genuine: Json) -> SearchStrategy[bytes]:
    """Bodies of answers: hurt genuine ones mostly; any JSON; any bytes; cut off; wrapped too deep."""
    hurt = mutated(genuine).map(body_of)
    cut = st.tuples(hurt, st.integers(0, 400)).map(lambda drawn: drawn[0][: -drawn[1] or None])
    deep = st.integers(1, 100_000).map(lambda depth: b'{"d":' + b"[" * depth)
    return st.one_of(hurt, hurt, hurt, values.map(body_of), st.binary(max_size=200), cut, deep)


texts = st.text(max_size=60) | _WICKED.map(str)
headers = st.dictionaries(
    st.sampled_from(
        [
            "content-type",
            "date",
            "reason",
            "retry-after",
            "x-ratelimit-limit",
            "x-ratelimit-remaining",
            "x-ratelimit-reset",
            "x-ratelimit-minutely-limit",
            "x-ratelimit-minutely-remaining",
            "x-ratelimit-minutely-reset",
        ]
    ),
    st.sampled_from(
        ["", "0", "-1", "60", "9" * 400, "1e999", "nan", "inf", "text/html", "application/json; charset=no-such"]
    )
    | st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40),
    max_size=5,
)
statuses = st.sampled_from([200, 200, 200, 201, 204, 302, 400, 401, 403, 404, 408, 429, 500, 502, 503, 599])
