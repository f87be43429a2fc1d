from __future__ import annotations

import ast
from pathlib import Path

import pytest

import exactsync.simulator
from exactsync.simulator.catalogue import EndpointKind, Kind, PropertySpec, load_catalogue

ENDPOINTS = {
    "current/Me": ("single", 39),
    "system/Divisions": ("single", 62),
    "financial/GLAccounts": ("single", 44),
    "bulk/Financial/GLAccounts": ("bulk", 44),
    "sync/Financial/GLAccounts": ("sync", 44),
    "vat/VATCodes": ("single", 44),
    "hrm/Costcenters": ("single", 13),
    "hrm/Costunits": ("single", 12),
    "crm/Accounts": ("single", 164),
    "bulk/CRM/Accounts": ("bulk", 164),
    "sync/CRM/Accounts": ("sync", 165),
    "cashflow/PaymentConditions": ("single", 22),
    "vat/VatPercentages": ("single", 14),
    "financial/GLClassifications": ("single", 21),
    "sync/Financial/GLClassifications": ("sync", 22),
    "financial/GLAccountClassificationMappings": ("single", 11),
    "financial/Journals": ("single", 37),
    "financial/FinancialPeriods": ("single", 12),
    "crm/BankAccounts": ("single", 24),
    "project/Projects": ("single", 66),
    "sync/Project/Projects": ("sync", 62),
    "sync/Deleted": ("sync", 7),
    "read/sync/Sync/SyncTimestamp": ("function", 3),
    "read/financial/JournalStatusList": ("single", 8),
    "purchaseentry/PurchaseEntries": ("single", 46),
    "purchaseentry/PurchaseEntryLines": ("single", 52),
    "documents/Documents": ("single", 48),
    "documents/DocumentAttachments": ("single", 6),
}


def test_the_published_endpoints_and_how_many_properties_each_has():
    endpoints = load_catalogue().endpoints
    assert {path: (e.kind.value, len(e.properties)) for path, e in endpoints.items()} == ENDPOINTS


def test_every_datetime_is_known_as_a_day_or_a_moment():
    accounts = load_catalogue().entity_sets["Accounts"].properties
    days = {name for name, spec in accounts.items() if spec.kind is Kind.DAY}
    moments = {name for name, spec in accounts.items() if spec.kind is Kind.MOMENT}
    assert days == {"ControlledDate", "CustomerSince", "EndDate", "EstablishedDate", "StartDate", "StatusSince"}
    assert moments == {"Created", "Modified"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("guid", PropertySpec("x", Kind.GUID)),
        ("code left18", PropertySpec("x", Kind.CODE, "left", 18)),
        ("string right3", PropertySpec("x", Kind.STRING, "right", 3)),
    ],
)
def test_properties_are_written_in_words(words, expected):
    assert PropertySpec.parse("x", words) == expected


def test_filters_of_the_lists_are_published_properties():
    for endpoint in load_catalogue().endpoints.values():
        allowed = set(endpoint.filters or ()) | set(endpoint.mandatory_filters)
        assert allowed <= endpoint.properties.keys(), endpoint.path
        if endpoint.kind is EndpointKind.SYNC:
            assert endpoint.key == "Timestamp"


def test_what_can_be_created_and_what_it_must_have():
    endpoints = load_catalogue().endpoints.values()
    assert {e.path: e.entity_set.mandatory for e in endpoints if e.creates} == {
        "crm/Accounts": ("Name",),
        "purchaseentry/PurchaseEntries": ("Journal", "PurchaseEntryLines", "Supplier"),
        "documents/Documents": ("Subject", "Type"),
        "documents/DocumentAttachments": ("Attachment", "Document", "FileName"),
    }
    for endpoint in endpoints:
        entity_set = endpoint.entity_set
        assert entity_set.read_only | set(entity_set.mandatory) <= entity_set.properties.keys()
        assert not entity_set.read_only & set(entity_set.mandatory)


def test_the_simulator_imports_nothing_else_of_the_library():
    folder = Path(exactsync.simulator.__file__).parent
    files = list(folder.rglob("*.py"))
    assert len(files) > 20
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert all(n.startswith("exactsync.simulator") for n in names if n.startswith("exactsync")), file
