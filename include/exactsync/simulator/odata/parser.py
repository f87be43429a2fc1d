"""Tokens of a `$filter` → a tree whose types fit together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exactsync.simulator.odata.syntax import (
    Call,
    Comparison,
    EdmType,
    Expression,
    FilterError,
    Logical,
    Negation,
    Property,
)
from exactsync.simulator.odata.tokens import Token, tokenize

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_COMPARISONS = frozenset({"eq", "ne", "gt", "ge", "lt", "le"})
_ORDERED = frozenset({"gt", "ge", "lt", "le"})
_UNORDERED_TYPES = frozenset({EdmType.GUID, EdmType.BOOLEAN, EdmType.BINARY})
_MAX_DEPTH = 60


@dataclass(frozen=True, slots=True)
class _Signature:
    arguments: int
    returns: EdmType


_FUNCTIONS = {
    "substringof": _Signature(2, EdmType.BOOLEAN),
    "startswith": _Signature(2, EdmType.BOOLEAN),
    "endswith": _Signature(2, EdmType.BOOLEAN),
    "trim": _Signature(1, EdmType.STRING),
    "tolower": _Signature(1, EdmType.STRING),
    "toupper": _Signature(1, EdmType.STRING),
    "length": _Signature(1, EdmType.INT32),
}


def parse_filter(query: str, *, properties: Mapping[str, EdmType], model: str) -> Expression:
    """Return the tree of a `$filter`.

    Args:
        query: the decoded value of `$filter`.
        properties: the type of each property that the endpoint publishes.
        model: the name of the record's type, for messages.

    Raises:
        FilterError: it cannot be parsed, or its types do not fit; the message is Exact's.
    """
    parser = _Parser(tokenize(query), properties, model)
    expression = parser.parse_or()
    if parser.peek() is not None or expression.type is not EdmType.BOOLEAN:
        raise FilterError
    return expression


class _Parser:
    """Recursive descent: or → and → not → comparison → operand."""

    def __init__(self, tokens: list[Token], properties: Mapping[str, EdmType], model: str) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0
        self._properties = properties
        self._model = model

    def peek(self) -> str | None:
        """Return the next name or mark, '' for a literal, None at the end."""
        if self._next == len(self._tokens):
            return None
        token = self._tokens[self._next]
        return "" if token.literal is not None else token.text

    def parse_or(self) -> Expression:
        expression = self._parse_and()
        while self.peek() == "or":
            self._take()
            expression = _logical("or", expression, self._parse_and())
        return expression

    def _parse_and(self) -> Expression:
        expression = self._parse_not()
        while self.peek() == "and":
            self._take()
            expression = _logical("and", expression, self._parse_not())
        return expression

    def _parse_not(self) -> Expression:
        if self.peek() != "not":
            return self._parse_comparison()
        self._take()
        operand = self._nested(self._parse_not)
        if operand.type is not EdmType.BOOLEAN:
            raise FilterError
        return Negation(operand)

    def _parse_comparison(self) -> Expression:
        left = self._parse_operand()
        if self.peek() not in _COMPARISONS:
            return left
        operator = self._take()
        return _comparison(operator, left, self._parse_operand())

    def _parse_operand(self) -> Expression:
        token = self._take()
        if token.literal is not None:
            return token.literal
        if token.text == "(":
            expression = self._nested(self.parse_or)
            self._expect(")")
            return expression
        if self.peek() == "(":
            return self._parse_call(token)
        return self._property(token)

    def _parse_call(self, name: Token) -> Expression:
        signature = _FUNCTIONS.get(name.text)
        if signature is None:
            raise FilterError
        self._expect("(")
        arguments = [self._nested(self._parse_operand)]
        while self.peek() == ",":
            self._take()
            arguments.append(self._nested(self._parse_operand))
        self._expect(")")
        if len(arguments) != signature.arguments or any(a.type is not EdmType.STRING for a in arguments):
            raise FilterError
        return Call(name.text, tuple(arguments), signature.returns)

    def _property(self, token: Token) -> Property:
        if not token.text.isidentifier():
            raise FilterError
        kind = self._properties.get(token.text)
        if kind is None:
            raise FilterError(
                f"No property '{token.text}' exists in type '{self._model}' at position {token.position}."
            )
        if kind is EdmType.NAVIGATION:
            raise FilterError
        return Property(token.text, kind)

    def _nested(self, parse: Callable[[], Expression]) -> Expression:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise FilterError
        expression = parse()
        self._depth -= 1
        return expression

    def _take(self) -> Token:
        if self._next == len(self._tokens):
            raise FilterError
        self._next += 1
        return self._tokens[self._next - 1]

    def _expect(self, mark: str) -> None:
        token = self._take()
        if token.text != mark or token.literal is not None:
            raise FilterError


def _logical(operator: str, left: Expression, right: Expression) -> Logical:
    if left.type is not EdmType.BOOLEAN or right.type is not EdmType.BOOLEAN:
        raise FilterError
    return Logical(operator, left, right)


def _comparison(operator: Token, left: Expression, right: Expression) -> Comparison:
    if not left.type.is_comparable_with(right.type) or (operator.text in _ORDERED and left.type in _UNORDERED_TYPES):
        raise FilterError(
            f"Operator '{operator.text}' incompatible with operand types '{left.type.value}' and "
            f"'{right.type.value}' at position {operator.position}."
        )
    if isinstance(left, Property) and isinstance(right, Property):
        raise FilterError  # fields cannot be compared with each other (Exact's OData page)
    return Comparison(operator.text, left, right)
