"""A parsed `$filter` → a predicate over records."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from exactsync.simulator.odata.syntax import Call, Comparison, Expression, Literal, Logical, Negation, Property

Record = Mapping[str, Any]
Reader = Callable[[Record], Any]

_EQUALITY: dict[str, Callable[[Any, Any], bool]] = {"eq": operator.eq, "ne": operator.ne}
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "substringof": lambda part, whole: part in whole,
    "startswith": str.startswith,
    "endswith": str.endswith,
    "trim": str.strip,
    "tolower": str.lower,
    "toupper": str.upper,
    "length": len,
}


def create_predicate(expression: Expression, reader: Callable[[str], Reader]) -> Callable[[Record], bool]:
    """Return a function that tells whether a record passes.

    Args:
        expression: what `parse_filter` returned.
        reader: gives, for a property, the function that reads it from a record as it stands on the wire
            (padded codes padded, moments as Dutch wall-clock time), since that is what Exact compares.
    """
    evaluate = _compile(expression, reader)
    return lambda record: bool(evaluate(record))


def _compile(expression: Expression, reader: Callable[[str], Reader]) -> Reader:
    match expression:
        case Literal(value=value):
            return lambda _record: value
        case Property(name=name):
            return reader(name)
        case Negation(operand=operand):
            inner = _compile(operand, reader)
            return lambda record: not inner(record)
        case Logical():
            return _compile_logical(expression, reader)
        case Comparison():
            return _compile_comparison(expression, reader)
        case Call(function=function, arguments=arguments):
            return _compile_call(function, [_compile(argument, reader) for argument in arguments])


def _compile_logical(expression: Logical, reader: Callable[[str], Reader]) -> Reader:
    left, right = _compile(expression.left, reader), _compile(expression.right, reader)
    if expression.operator == "and":
        return lambda record: left(record) and right(record)
    return lambda record: left(record) or right(record)


def _compile_comparison(expression: Comparison, reader: Callable[[str], Reader]) -> Reader:
    left, right = _compile(expression.left, reader), _compile(expression.right, reader)
    if expression.operator in _EQUALITY:
        equal = _EQUALITY[expression.operator]
        return lambda record: equal(left(record), right(record))
    ordered = _ORDER[expression.operator]

    def compare(record: Record) -> bool:
        a, b = left(record), right(record)
        return a is not None and b is not None and ordered(a, b)

    return compare


def _compile_call(function: str, arguments: list[Reader]) -> Reader:
    """Compile a call; a null argument makes the result null."""
    apply = _FUNCTIONS[function]

    def call(record: Record) -> Any:
        values = [argument(record) for argument in arguments]
        return None if None in values else apply(*values)

    return call
