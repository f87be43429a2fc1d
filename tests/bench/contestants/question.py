"""What every contestant asks for; imports nothing, so that it costs them nothing."""

PROPERTIES = (
    "ID", "Code", "Name", "SearchCode", "Blocked", "Status", "Type", "VATNumber", "ChamberOfCommerce", "AddressLine1",
    "AddressLine2", "Postcode", "City", "Country", "CountryName", "Email", "Phone", "Website", "Language",
    "PurchaseCurrency", "PurchaseVATCode", "PurchaseLeadDays", "PaymentConditionPurchase", "GLAccountPurchase",
    "CreditLinePurchase", "IsSales", "StartDate", "EndDate", "Created", "Modified",
)  # fmt: skip
"""The 30 columns of a supplier."""
COLUMNS = (*PROPERTIES, "Timestamp", "IsSupplier")
"""Beside them a record says its Timestamp, and that it is a supplier."""
SELECT = ",".join(COLUMNS)
