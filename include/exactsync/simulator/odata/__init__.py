"""The part of OData v2's `$filter` that Exact documents: lexer, parser with type checks, evaluator."""

from __future__ import annotations

from exactsync.simulator.odata.evaluate import create_predicate
from exactsync.simulator.odata.parser import parse_filter
from exactsync.simulator.odata.syntax import (
    Call,
    Comparison,
    EdmType,
    Expression,
    FilterError,
    Literal,
    Logical,
    Negation,
    Property,
    comparisons_in,
    properties_in,
)
from exactsync.simulator.odata.tokens import parse_literals

__all__ = [
    "Call",
    "Comparison",
    "EdmType",
    "Expression",
    "FilterError",
    "Literal",
    "Logical",
    "Negation",
    "Property",
    "comparisons_in",
    "create_predicate",
    "parse_filter",
    "parse_literals",
    "properties_in",
]
