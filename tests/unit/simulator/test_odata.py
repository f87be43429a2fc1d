from __future__ import annotations

from datetime import datetime
from uuid import UUID

import pytest

from exactsync.simulator.odata import EdmType, FilterError, create_predicate, parse_filter, parse_literals

ID = UUID("0b6a3c52-5a1e-4d0f-8a39-d1c5f0a4e7b2")
PROPERTIES = {
    "ID": EdmType.GUID,
    "Code": EdmType.STRING,
    "Name": EdmType.STRING,
    "Blocked": EdmType.BOOLEAN,
    "Flag": EdmType.BYTE,
    "Type": EdmType.INT32,
    "Timestamp": EdmType.INT64,
    "Rate": EdmType.DOUBLE,
    "Modified": EdmType.DATETIME,
    "Lines": EdmType.NAVIGATION,
}
RECORD = {
    "ID": ID,
    "Code": "                 8",
    "Name": "O'Neill & Zn.",
    "Blocked": False,
    "Flag": 1,
    "Type": 24,
    "Timestamp": 2**53 + 1,
    "Rate": 0.21,
    "Modified": datetime(2024, 3, 1, 9, 30),  # noqa: DTZ001 - wall-clock time
}


def passes(query, **changes):
    expression = parse_filter(query, properties=PROPERTIES, model="Test.Model")
    predicate = create_predicate(expression, lambda name: lambda record: record.get(name))
    return predicate({**RECORD, **changes})


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"ID eq guid'{ID}'", True),
        (f"ID eq guid '{ID}'", True),
        (f"ID ne guid'{str(ID).upper()}'", False),
        ("Code eq '8'", False),
        ("Code eq '                 8'", True),
        ("trim(Code) eq '8'", True),
        ("Name eq 'O''Neill & Zn.'", True),
        ("substringof('Neill',Name)", True),
        ("substringof('neill', tolower(Name)) and startswith(Name,'O')", True),
        ("endswith(Name,'Zn.') eq false", False),
        ("toupper(Name) eq 'O''NEILL & ZN.'", True),
        ("length(Code) eq 18", True),
        ("Blocked", False),
        ("not Blocked", True),
        ("not (Blocked or Flag eq 1)", False),
        ("Blocked eq false and Type ge 24 and Type le 24", True),
        ("Type eq 10 or Type eq 24 and Flag eq 0", False),
        ("(Type eq 10 or Type eq 24) and Flag eq 1", True),
        ("Timestamp gt 9007199254740992L", True),
        ("Timestamp gt 9007199254740993L", False),
        ("Timestamp gt 1", True),
        ("Rate lt 0.211 and Rate gt 2e-1 and Rate ge 0", True),
        ("Rate gt -1", True),
        ("Modified gt datetime'2024-03-01T09:29:59.5'", True),
        ("Modified ge datetime'2024-03-02'", False),
        ("Name eq null", False),
        ("Name ne null", True),
        ("'8' eq trim(Code)", True),
    ],
)
def test_filters_mean_what_they_say(query, expected):
    assert passes(query) is expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Name eq null", True),
        ("Name ne 'x'", True),
        ("Rate gt 0", False),
        ("Rate le 0", False),
        ("startswith(Name,'a')", False),
        ("trim(Name) eq null", True),
    ],
)
def test_null_is_equal_to_null_and_neither_less_nor_greater(query, expected):
    assert passes(query, Name=None, Rate=None) is expected


@pytest.mark.parametrize(
    ("query", "types", "position"),
    [
        ("ID eq 5", "'eq' incompatible with operand types 'System.Guid' and 'System.Int32'", 3),
        ("ID eq '5'", "'eq' incompatible with operand types 'System.Guid' and 'System.String'", 3),
        ("Blocked eq 1", "'eq' incompatible with operand types 'System.Boolean' and 'System.Int32'", 8),
        ("Code gt 5L", "'gt' incompatible with operand types 'System.String' and 'System.Int64'", 5),
        ("Modified gt '2024-01-01'", "'gt' incompatible with operand types 'System.DateTime' and 'System.String'", 9),
        ("Type eq 1 or Rate eq true", "'eq' incompatible with operand types 'System.Double' and 'System.Boolean'", 18),
        ("Blocked gt true", "'gt' incompatible with operand types 'System.Boolean' and 'System.Boolean'", 8),
    ],
)
def test_types_that_do_not_fit_are_named_with_their_position(query, types, position):
    with pytest.raises(FilterError) as caught:
        passes(query)
    assert str(caught.value) == f"Operator {types} at position {position}."


def test_an_unknown_property_is_named():
    with pytest.raises(FilterError, match=r"No property 'Nope' exists in type 'Test\.Model' at position 13\."):
        passes("Type eq 1 or Nope eq 2")


@pytest.mark.parametrize(
    "query",
    [
        "",
        " ",
        "Type",
        "5",
        "Type eq",
        "Type = 5",
        "Type eq 5 and",
        "Type eq 5 Type eq 6",
        "(Type eq 5",
        "Type eq 5)",
        "Name eq 'open",
        "Name eq 'it's'",
        'Name eq "x"',
        "Name eq “x”",
        "Type EQ 5",
        "ID eq guid'5'",
        "ID eq guid'zzzzzzzz-5a1e-4d0f-8a39-d1c5f0a4e7b2'",
        "Modified gt datetime'yesterday'",
        "Modified gt datetime'2024-02-30'",
        "Modified gt datetime'2024-01-31T00:00:00Z'",
        "Timestamp gt 99999999999999999999L",
        "Code eq Name",
        "Lines eq null",
        "Lines/ID eq 1",
        "unknown(Name) eq 'x'",
        "trim(Name,Name) eq 'x'",
        "trim(5) eq 'x'",
        "trim(Name",
        "startswith(Name 'a')",
        "Name and Blocked",
        "not Type",
        "Type add 1 eq 5",
        "(" * 500 + "Blocked" + ")" * 500,
        "not " * 500 + "Blocked",
        "Type eq 1 eq true",
    ],
)
def test_everything_else_is_an_error_in_query_syntax(query):
    with pytest.raises(FilterError, match=r"^Error in query syntax$"):
        passes(query)


def test_keys_and_skip_tokens_are_lists_of_literals():
    assert [literal.value for literal in parse_literals(f"'10',6,387L,guid'{ID}',null")] == ["10", 6, 387, ID, None]
    for wrong in ("", ",", "1,", "1 2", "Name", "1,,2", "(1)"):
        with pytest.raises(FilterError):
            parse_literals(wrong)


def test_filters_on_the_wire_see_padding_and_dutch_time(visitor):
    vat = visitor.simulator.truth(101, "VATCodes")[0]
    padded = vat["Code"].ljust(3)
    assert len(visitor.records("101/vat/VATCodes", filter=f"Code eq '{padded}'")) == 1
    assert visitor.records("101/vat/VATCodes", filter=f"Code eq '{vat['Code']}'") == []
    visitor.simulator.update(101, "VATCodes", vat["ID"], {})  # at noon UTC, 14:00 in the Netherlands
    this = f"ID eq guid'{vat['ID']}'"
    for moment, expected in (("13:59:59", 1), ("14:00:00", 0)):
        found = visitor.records("101/vat/VATCodes", filter=f"{this} and Modified gt datetime'2024-06-15T{moment}'")
        assert len(found) == expected


def test_errors_in_filters_come_in_exacts_envelope(visitor):
    response = visitor.get("101/vat/VATCodes", filter="ID eq 5")
    assert response.status_code == 400
    value = "Operator 'eq' incompatible with operand types 'System.Guid' and 'System.Int32' at position 3."
    assert response.json() == {"error": {"code": "", "message": {"lang": "", "value": value}}}
