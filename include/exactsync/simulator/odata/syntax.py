"""The words of a `$filter`: types, and the tree that the parser builds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SYNTAX_ERROR = "Error in query syntax"
"""What Exact says about anything it cannot parse (exact-php-client#609)."""


class FilterError(ValueError):
    """The filter is refused; the message is what Exact answers."""

    def __init__(self, message: str = SYNTAX_ERROR) -> None:
        super().__init__(message)


class EdmType(Enum):
    """A type of Exact's data model, named as its error messages name it."""

    GUID = "System.Guid"
    STRING = "System.String"
    BOOLEAN = "System.Boolean"
    BYTE = "System.Byte"
    INT16 = "System.Int16"
    INT32 = "System.Int32"
    INT64 = "System.Int64"
    DOUBLE = "System.Double"
    DATETIME = "System.DateTime"
    BINARY = "System.Byte[]"
    NAVIGATION = "System.Collections"
    NULL = "null"

    @property
    def is_numeric(self) -> bool:
        """Numbers of every width compare with each other."""
        return self in _NUMERIC

    def is_comparable_with(self, other: EdmType) -> bool:
        """Tell whether an operator may stand between the two."""
        if EdmType.NULL in (self, other):
            return True
        return self is other or (self.is_numeric and other.is_numeric)


_NUMERIC = {EdmType.BYTE, EdmType.INT16, EdmType.INT32, EdmType.INT64, EdmType.DOUBLE}


@dataclass(frozen=True, slots=True)
class Literal:
    """A value written in the query."""

    value: object
    type: EdmType


@dataclass(frozen=True, slots=True)
class Property:
    """A property of the record."""

    name: str
    type: EdmType


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments; the parser has checked both."""

    function: str
    arguments: tuple[Expression, ...]
    type: EdmType


@dataclass(frozen=True, slots=True)
class Comparison:
    """`left operator right` with one of eq ne gt ge lt le."""

    operator: str
    left: Expression
    right: Expression
    type: EdmType = EdmType.BOOLEAN


@dataclass(frozen=True, slots=True)
class Logical:
    """`left and right`, `left or right`."""

    operator: str
    left: Expression
    right: Expression
    type: EdmType = EdmType.BOOLEAN


@dataclass(frozen=True, slots=True)
class Negation:
    """`not operand`."""

    operand: Expression
    type: EdmType = EdmType.BOOLEAN


Expression = Literal | Property | Call | Comparison | Logical | Negation


def _walk(expression: Expression) -> Iterator[Expression]:
    yield expression
    children: tuple[Expression, ...] = ()
    if isinstance(expression, Call):
        children = expression.arguments
    elif isinstance(expression, (Comparison, Logical)):
        children = (expression.left, expression.right)
    elif isinstance(expression, Negation):
        children = (expression.operand,)
    for child in children:
        yield from _walk(child)


def properties_in(expression: Expression) -> list[str]:
    """Return the properties that the expression mentions, each once, in order."""
    return list(dict.fromkeys(node.name for node in _walk(expression) if isinstance(node, Property)))


def comparisons_in(expression: Expression) -> list[Comparison]:
    """Return every comparison in the expression."""
    return [node for node in _walk(expression) if isinstance(node, Comparison)]
