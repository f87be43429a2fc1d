"""What believable records hold, by entity set; `data` gives them their ids and who made them when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exactsync.simulator.records import axes, ledger, purchases, relations, tax

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from exactsync.simulator.data import RecordFactory

MAKERS: Mapping[str, Callable[[RecordFactory, int], dict[str, Any]]] = {
    "VATCodes": tax.make_vat_code,
    "PaymentConditions": relations.make_payment_condition,
    "Costcenters": axes.make_cost_center,
    "Costunits": axes.make_cost_unit,
    "GLAccounts": ledger.make_gl_account,
    "Accounts": relations.make_account,
    "VatPercentages": tax.make_vat_percentage,
    "GLClassifications": ledger.make_gl_classification,
    "GLAccountClassificationMappings": ledger.make_mapping,
    "Journals": ledger.make_journal,
    "FinancialPeriods": ledger.make_financial_period,
    "BankAccounts": relations.make_bank_account,
    "Projects": axes.make_project,
    "PurchaseEntries": purchases.make_purchase_entry,
    "PurchaseEntryLines": purchases.make_purchase_entry_line,
    "Documents": purchases.make_document,
}
"""How the n-th record of an entity set is made. What refers to something comes after it: the order of seeding."""
