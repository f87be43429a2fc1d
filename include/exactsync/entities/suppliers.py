"""Suppliers: the relations that are marked as one; customers and prospects are never stored."""

from exactsync.entity import Column, ColumnType, Entity, Feed

ENTITY = Entity(
    name="suppliers",
    label="Suppliers",
    endpoint="sync/CRM/Accounts",
    feed=Feed.SYNC,
    deleted_type=2,
    member_property="IsSupplier",
    description="Suppliers of each division. A relation that stops being a supplier is soft-deleted.",
    columns=(
        Column("ID", "id", ColumnType.UUID, "Exact's key of the relation."),
        Column("Code", "code", ColumnType.CODE, "Number of the relation, without its leading blanks."),
        Column("Name", "name", ColumnType.TEXT, "Name of the supplier."),
        Column("TradeName", "trade_name", ColumnType.TEXT, "Name it trades under."),
        Column("SearchCode", "search_code", ColumnType.CODE, "Short name to find the relation by."),
        Column(
            "CodeAtSupplier", "code_at_supplier", ColumnType.TEXT, "Our customer number at this supplier."
        ),
        Column("Blocked", "is_blocked", ColumnType.BOOLEAN, "No new entries may be made for this supplier."),
        Column(
            "Status", "status", ColumnType.CODE, "Customer status: A none, S suspect, P prospect, C customer."
        ),
        Column("Type", "type", ColumnType.CODE, "Kind of relation, as sent."),
        Column("VATNumber", "vat_number", ColumnType.TEXT, "VAT number."),
        Column("VATLiability", "vat_liability", ColumnType.CODE, "VAT liability, as sent."),
        Column(
            "ChamberOfCommerce", "chamber_of_commerce", ColumnType.TEXT, "Company number (KvK, KBO, SIREN)."
        ),
        Column("RSIN", "rsin", ColumnType.TEXT, "Netherlands: number of a legal entity (RSIN)."),
        Column("OINNumber", "oin_number", ColumnType.TEXT, "Netherlands: number of a government body (OIN)."),
        Column("DunsNumber", "duns_number", ColumnType.TEXT, "D-U-N-S number."),
        Column("EORINumber", "eori_number", ColumnType.TEXT, "EORI number."),
        Column("GlnNumber", "gln_number", ColumnType.TEXT, "Global location number."),
        Column("PeppolIdentifier", "peppol_identifier", ColumnType.TEXT, "Identifier on the Peppol network."),
        Column(
            "PeppolIdentifierType", "peppol_identifier_type", ColumnType.INTEGER, "Scheme of that identifier."
        ),
        Column("AddressLine1", "address_line1", ColumnType.TEXT, "First line of the address."),
        Column("AddressLine2", "address_line2", ColumnType.TEXT, "Second line of the address."),
        Column("AddressLine3", "address_line3", ColumnType.TEXT, "Third line of the address."),
        Column("Postcode", "postcode", ColumnType.TEXT, "Postcode."),
        Column("City", "city", ColumnType.TEXT, "City."),
        Column("State", "state", ColumnType.CODE, "State or province."),
        Column("Country", "country", ColumnType.CODE, "Country (ISO 3166-1 alpha-2)."),
        Column("Email", "email", ColumnType.TEXT, "E-mail address."),
        Column("Phone", "phone", ColumnType.TEXT, "Telephone number."),
        Column("Website", "website", ColumnType.TEXT, "Website."),
        Column("Language", "language", ColumnType.CODE, "Language of correspondence."),
        Column("Parent", "parent_id", ColumnType.UUID, "Parent relation."),
        Column("InvoiceAccount", "invoice_account_id", ColumnType.UUID, "Relation that is invoiced instead."),
        Column("PurchaseCurrency", "purchase_currency", ColumnType.CODE, "Currency of purchases (ISO 4217)."),
        Column(
            "PurchaseVATCode", "purchase_vat_code", ColumnType.CODE, "VAT code of purchases: vat_codes.code."
        ),
        Column(
            "PurchaseLeadDays",
            "purchase_lead_days",
            ColumnType.INTEGER,
            "Delivery time of purchases, in days.",
        ),
        Column(
            "PaymentConditionPurchase",
            "payment_condition_purchase",
            ColumnType.CODE,
            "Code of the payment condition of purchases.",
        ),
        Column(
            "GLAccountPurchase",
            "gl_account_purchase_id",
            ColumnType.UUID,
            "Default expense account (gl_accounts.id).",
        ),
        Column("GLAP", "gl_ap_id", ColumnType.UUID, "Accounts payable account (gl_accounts.id)."),
        Column("Costcenter", "cost_center_code", ColumnType.CODE, "Default cost centre: cost_centers.code."),
        Column(
            "CreditLinePurchase", "credit_line_purchase", ColumnType.NUMERIC, "Credit the supplier gives us."
        ),
        Column(
            "DiscountPurchase", "discount_purchase", ColumnType.NUMERIC, "Discount on purchases, as sent."
        ),
        Column("IsSales", "is_sales", ColumnType.BOOLEAN, "The relation is a customer too."),
        Column("StartDate", "start_date", ColumnType.DATE, "First day of the relation."),
        Column("EndDate", "end_date", ColumnType.DATE, "Last day of the relation; null: no end."),
        Column("Created", "created_at", ColumnType.TIMESTAMP, "When it was created at Exact (UTC)."),
        Column("Modified", "modified_at", ColumnType.TIMESTAMP, "When it was last changed at Exact (UTC)."),
    ),
)
