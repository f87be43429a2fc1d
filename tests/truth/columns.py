"""What every column of the five tables must hold, written down a second time: column → property and rule.

Nothing here comes from the library's declarations. A column that the library adds and this page does not know fails
the tests, and so does one that it knows and the warehouse lacks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.truth.rules import BYTE, CODE, DAY, FLAG, FRACTION, INT16, INT32, KEY, MOMENT, TEXT, Rule

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of the warehouse, and the entity set of Exact that it mirrors."""

    name: str
    entity_set: str
    endpoint: str
    page_size: int
    columns: Mapping[str, tuple[str, Rule]]
    members: str | None = None
    """The property that must be true for a record to be in the table."""

    @property
    def has_timestamps(self) -> bool:
        """Whether it is read from a sync endpoint."""
        return self.endpoint.startswith("sync/")


_AXIS = {
    "id": ("ID", KEY),
    "code": ("Code", CODE),
    "description": ("Description", TEXT),
    "end_date": ("EndDate", DAY),
    "created_at": ("Created", MOMENT),
    "modified_at": ("Modified", MOMENT),
}

TABLES = (
    Table(
        name="gl_accounts",
        entity_set="GLAccounts",
        endpoint="sync/Financial/GLAccounts",
        page_size=1000,
        columns={
            "id": ("ID", KEY),
            "code": ("Code", CODE),
            "description": ("Description", TEXT),
            "type": ("Type", INT32),
            "type_description": ("TypeDescription", TEXT),
            "balance_side": ("BalanceSide", CODE),
            "balance_type": ("BalanceType", CODE),
            "search_code": ("SearchCode", CODE),
            "reporting_code": ("ReportingCode", CODE),
            "is_blocked": ("IsBlocked", FLAG),
            "vat_code": ("VATCode", CODE),
            "vat_description": ("VATDescription", TEXT),
            "vat_gl_account_type": ("VATGLAccountType", CODE),
            "vat_system": ("VATSystem", CODE),
            "assimilated_vat_box": ("AssimilatedVATBox", INT16),
            "vat_non_deductible_gl_account_id": ("VATNonDeductibleGLAccount", KEY),
            "vat_non_deductible_percentage": ("VATNonDeductiblePercentage", FRACTION),
            "expense_non_deductible_percentage": ("ExpenseNonDeductiblePercentage", FRACTION),
            "exclude_vat_listing": ("ExcludeVATListing", BYTE),
            "belcotax_type": ("BelcotaxType", INT32),
            "private_gl_account_id": ("PrivateGLAccount", KEY),
            "private_percentage": ("PrivatePercentage", FRACTION),
            "cost_center_code": ("Costcenter", CODE),
            "cost_center_description": ("CostcenterDescription", TEXT),
            "cost_unit_code": ("Costunit", CODE),
            "cost_unit_description": ("CostunitDescription", TEXT),
            "use_cost_center": ("UseCostcenter", BYTE),
            "use_cost_unit": ("UseCostunit", BYTE),
            "is_compressed": ("Compress", FLAG),
            "has_matching": ("Matching", FLAG),
            "is_currency_revalued": ("RevalueCurrency", FLAG),
            "allow_costs_in_sales": ("AllowCostsInSales", BYTE),
            "year_end_cost_gl_account_id": ("YearEndCostGLAccount", KEY),
            "year_end_reflection_gl_account_id": ("YearEndReflectionGLAccount", KEY),
            "created_at": ("Created", MOMENT),
            "modified_at": ("Modified", MOMENT),
        },
    ),
    Table(
        name="vat_codes",
        entity_set="VATCodes",
        endpoint="vat/VATCodes",
        page_size=60,
        columns={
            "id": ("ID", KEY),
            "code": ("Code", CODE),
            "description": ("Description", TEXT),
            "percentage": ("Percentage", FRACTION),
            "type": ("Type", CODE),
            "vat_transaction_type": ("VATTransactionType", CODE),
            "is_blocked": ("IsBlocked", FLAG),
            "is_charged": ("Charged", FLAG),
            "country": ("Country", CODE),
            "oss_country": ("OssCountry", CODE),
            "calculation_basis": ("CalculationBasis", BYTE),
            "eu_sales_listing": ("EUSalesListing", CODE),
            "exclude_vat_listing": ("ExcludeVATListing", BYTE),
            "is_intrastat": ("IntraStat", FLAG),
            "intrastat_type": ("IntrastatType", CODE),
            "tax_return_type": ("TaxReturnType", INT16),
            "vat_doc_type": ("VatDocType", CODE),
            "vat_margin": ("VatMargin", BYTE),
            "vat_partial_ratio": ("VATPartialRatio", INT16),
            "legal_text": ("LegalText", TEXT),
            "account_id": ("Account", KEY),
            "account_code": ("AccountCode", CODE),
            "account_name": ("AccountName", TEXT),
            "gl_to_claim_id": ("GLToClaim", KEY),
            "gl_to_claim_code": ("GLToClaimCode", CODE),
            "gl_to_claim_description": ("GLToClaimDescription", TEXT),
            "gl_to_pay_id": ("GLToPay", KEY),
            "gl_to_pay_code": ("GLToPayCode", CODE),
            "gl_to_pay_description": ("GLToPayDescription", TEXT),
            "gl_discount_purchase_id": ("GLDiscountPurchase", KEY),
            "gl_discount_purchase_code": ("GLDiscountPurchaseCode", CODE),
            "gl_discount_sales_id": ("GLDiscountSales", KEY),
            "gl_discount_sales_code": ("GLDiscountSalesCode", CODE),
            "created_at": ("Created", MOMENT),
            "modified_at": ("Modified", MOMENT),
        },
    ),
    Table(name="cost_centers", entity_set="Costcenters", endpoint="hrm/Costcenters", page_size=60, columns=_AXIS),
    Table(name="cost_units", entity_set="Costunits", endpoint="hrm/Costunits", page_size=60, columns=_AXIS),
    Table(
        name="suppliers",
        entity_set="Accounts",
        endpoint="sync/CRM/Accounts",
        page_size=1000,
        members="IsSupplier",
        columns={
            "id": ("ID", KEY),
            "code": ("Code", CODE),
            "name": ("Name", TEXT),
            "trade_name": ("TradeName", TEXT),
            "search_code": ("SearchCode", CODE),
            "code_at_supplier": ("CodeAtSupplier", TEXT),
            "is_blocked": ("Blocked", FLAG),
            "status": ("Status", CODE),
            "type": ("Type", CODE),
            "vat_number": ("VATNumber", TEXT),
            "vat_liability": ("VATLiability", CODE),
            "chamber_of_commerce": ("ChamberOfCommerce", TEXT),
            "rsin": ("RSIN", TEXT),
            "oin_number": ("OINNumber", TEXT),
            "duns_number": ("DunsNumber", TEXT),
            "eori_number": ("EORINumber", TEXT),
            "gln_number": ("GlnNumber", TEXT),
            "peppol_identifier": ("PeppolIdentifier", TEXT),
            "peppol_identifier_type": ("PeppolIdentifierType", INT32),
            "address_line1": ("AddressLine1", TEXT),
            "address_line2": ("AddressLine2", TEXT),
            "address_line3": ("AddressLine3", TEXT),
            "postcode": ("Postcode", TEXT),
            "city": ("City", TEXT),
            "state": ("State", CODE),
            "country": ("Country", CODE),
            "email": ("Email", TEXT),
            "phone": ("Phone", TEXT),
            "website": ("Website", TEXT),
            "language": ("Language", CODE),
            "parent_id": ("Parent", KEY),
            "invoice_account_id": ("InvoiceAccount", KEY),
            "purchase_currency": ("PurchaseCurrency", CODE),
            "purchase_vat_code": ("PurchaseVATCode", CODE),
            "purchase_lead_days": ("PurchaseLeadDays", INT32),
            "payment_condition_purchase": ("PaymentConditionPurchase", CODE),
            "gl_account_purchase_id": ("GLAccountPurchase", KEY),
            "gl_ap_id": ("GLAP", KEY),
            "cost_center_code": ("Costcenter", CODE),
            "credit_line_purchase": ("CreditLinePurchase", FRACTION),
            "discount_purchase": ("DiscountPurchase", FRACTION),
            "is_sales": ("IsSales", FLAG),
            "start_date": ("StartDate", DAY),
            "end_date": ("EndDate", DAY),
            "created_at": ("Created", MOMENT),
            "modified_at": ("Modified", MOMENT),
        },
    ),
)
