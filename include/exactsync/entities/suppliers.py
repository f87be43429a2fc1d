"""Suppliers: the relations that are marked as one; customers and prospects are never stored.

What Exact knows of a relation as a customer or as a prospect is left out, and so is what is about persons: `left_out`.
"""

from exactsync.entity import Column, ColumnType, Entity, Feed

_PERSONS = (
    "AccountManager", "AccountManagerFullName", "AccountManagerHID", "MainContact", "PhoneExtension",
)  # fmt: skip
_OTHER_RELATIONS = (
    "Accountant", "InvoiceAccountCode", "InvoiceAccountName", "Reseller", "ResellerCode", "ResellerName",
)  # fmt: skip
_CUSTOMER = (
    "ConsolidationScenario", "CreditLineSales", "CustomerSince", "DatevDebtorCode", "DeliveryAdvice",
    "DiscountSales", "EnableSalesPaymentLink", "GLAR", "GLAccountSales", "HasWithholdingTaxSales",
    "IncotermAddressSales", "IncotermCodeSales", "IncotermVersionSales", "InvoiceAttachmentType", "InvoicingMethod",
    "PaymentConditionSales", "PaymentConditionSalesDescription", "PriceList", "RecepientOfCommissions",
    "SalesCurrency", "SalesCurrencyDescription", "SalesTaxSchedule", "SalesTaxScheduleCode",
    "SalesTaxScheduleDescription", "SalesVATCode", "SalesVATCodeDescription", "SeparateInvPerProject",
    "SeparateInvPerSubscription", "ShippingLeadDays", "ShippingMethod", "ShowRemarkForSales", "StatusSince",
)  # fmt: skip
_CRM = (
    "BRIN", "Document", "IsAccountant", "IsAgency", "IsCompetitor", "IsMailing", "IsMember", "IsPilot",
    "IsReseller", "LeadPurpose", "LeadSource", "SecurityLevel", "Source",
)  # fmt: skip
_LOOKS = (
    "AddressSource", "Fax", "Latitude", "Logo", "LogoFileName", "LogoThumbnailUrl", "LogoUrl", "Longitude",
)  # fmt: skip

ENTITY = Entity(
    name="suppliers",
    label="Suppliers",
    endpoint="sync/CRM/Accounts",
    feed=Feed.SYNC,
    deleted_type=2,
    member_property="IsSupplier",
    member_endpoint="crm/Accounts",
    description="Suppliers of each division. A relation that stops being a supplier is soft-deleted.",
    left_out={
        "numbers that a state gives to persons": ("BSN", "PayAsYouEarn", "UniqueTaxpayerReference"),
        "about persons: contacts, account managers, extensions": _PERSONS,
        "free text that may say anything about persons": ("Remarks",),
        "about other relations, which may be no suppliers": _OTHER_RELATIONS,
        "`supplier_bank_accounts` holds them": ("BankAccounts",),
        "the relation as a customer": _CUSTOMER,
        "the relation as a prospect or a partner, and what only Exact's CRM uses": _CRM,
        "looks: logos, a place on the map, a fax machine, how Exact found the address": _LOOKS,
        "says nothing that another column does not": ("CostPaid", "Currency", "IgnoreDatevWarningMessage"),
    },
    columns=(
        Column("ID", "id", ColumnType.UUID, "Exact's key of the relation."),
        Column("Code", "code", ColumnType.CODE, "Number of the relation, without its leading blanks."),
        Column("Name", "name", ColumnType.TEXT, "Name of the supplier."),
        Column("TradeName", "trade_name", ColumnType.TEXT, "Name it trades under."),
        Column("SearchCode", "search_code", ColumnType.CODE, "Short name to find the relation by."),
        Column("CodeAtSupplier", "code_at_supplier", ColumnType.TEXT, "Our customer number at this supplier."),
        Column("Blocked", "is_blocked", ColumnType.BOOLEAN, "No new entries may be made for this supplier."),
        Column(
            "Status",
            "status",
            ColumnType.CODE,
            "What it is as a customer; null for a pure supplier.",
            values={"A": "none", "S": "suspect", "P": "prospect", "C": "customer"},
        ),
        Column("Type", "type", ColumnType.CODE, "Kind of relation, as sent."),
        Column("Classification", "classification", ColumnType.CODE, "Code of its first classification."),
        Column(
            "ClassificationDescription", "classification_description", ColumnType.TEXT, "Name of that classification."
        ),
        Column(
            "Classification1",
            "classification1_id",
            ColumnType.UUID,
            "Classification 1: which value of it the relation has.",
        ),
        Column(
            "Classification2",
            "classification2_id",
            ColumnType.UUID,
            "Classification 2: which value of it the relation has.",
        ),
        Column(
            "Classification3",
            "classification3_id",
            ColumnType.UUID,
            "Classification 3: which value of it the relation has.",
        ),
        Column(
            "Classification4",
            "classification4_id",
            ColumnType.UUID,
            "Classification 4: which value of it the relation has.",
        ),
        Column(
            "Classification5",
            "classification5_id",
            ColumnType.UUID,
            "Classification 5: which value of it the relation has.",
        ),
        Column(
            "Classification6",
            "classification6_id",
            ColumnType.UUID,
            "Classification 6: which value of it the relation has.",
        ),
        Column(
            "Classification7",
            "classification7_id",
            ColumnType.UUID,
            "Classification 7: which value of it the relation has.",
        ),
        Column(
            "Classification8",
            "classification8_id",
            ColumnType.UUID,
            "Classification 8: which value of it the relation has.",
        ),
        Column("ActivitySector", "activity_sector_id", ColumnType.UUID, "Sector it works in."),
        Column("ActivitySubSector", "activity_sub_sector_id", ColumnType.UUID, "Part of that sector."),
        Column("BusinessType", "business_type_id", ColumnType.UUID, "Legal form."),
        Column("CompanySize", "company_size_id", ColumnType.UUID, "Size of the company."),
        Column("EstablishedDate", "established_date", ColumnType.DATE, "Day on which the company was founded."),
        Column(
            "ControlledDate",
            "controlled_date",
            ColumnType.DATE,
            "Day on which its data were last checked with an outside service.",
        ),
        Column("VATNumber", "vat_number", ColumnType.TEXT, "VAT number."),
        Column("VATLiability", "vat_liability", ColumnType.CODE, "VAT liability, as sent."),
        Column(
            "IsExtraDuty", "is_extra_duty", ColumnType.BOOLEAN, "It is subject to extra duty (recargo de equivalencia)."
        ),
        Column("ChamberOfCommerce", "chamber_of_commerce", ColumnType.TEXT, "Company number (KvK, KBO, SIREN)."),
        Column("RSIN", "rsin", ColumnType.TEXT, "Netherlands: number of a legal entity (RSIN)."),
        Column("OINNumber", "oin_number", ColumnType.TEXT, "Netherlands: number of a government body (OIN)."),
        Column("DunsNumber", "duns_number", ColumnType.TEXT, "D-U-N-S number."),
        Column("EORINumber", "eori_number", ColumnType.TEXT, "EORI number."),
        Column("GlnNumber", "gln_number", ColumnType.TEXT, "Global location number."),
        Column("PeppolIdentifier", "peppol_identifier", ColumnType.TEXT, "Identifier on the Peppol network."),
        Column("PeppolIdentifierType", "peppol_identifier_type", ColumnType.INTEGER, "Scheme of that identifier."),
        Column("AddressLine1", "address_line1", ColumnType.TEXT, "First line of the address."),
        Column("AddressLine2", "address_line2", ColumnType.TEXT, "Second line of the address."),
        Column("AddressLine3", "address_line3", ColumnType.TEXT, "Third line of the address."),
        Column("Postcode", "postcode", ColumnType.TEXT, "Postcode."),
        Column("City", "city", ColumnType.TEXT, "City."),
        Column("State", "state", ColumnType.CODE, "State or province."),
        Column("StateName", "state_name", ColumnType.TEXT, "Name of the state or province."),
        Column("Country", "country", ColumnType.CODE, "Country (ISO 3166-1 alpha-2)."),
        Column(
            "CountryName", "country_name", ColumnType.TEXT, "Name of the country, in the language of the Exact user."
        ),
        Column("Email", "email", ColumnType.TEXT, "E-mail address."),
        Column("Phone", "phone", ColumnType.TEXT, "Telephone number."),
        Column("Website", "website", ColumnType.TEXT, "Website."),
        Column("Language", "language", ColumnType.CODE, "Language of correspondence."),
        Column("LanguageDescription", "language_description", ColumnType.TEXT, "Name of that language."),
        Column("Parent", "parent_id", ColumnType.UUID, "Parent relation."),
        Column("InvoiceAccount", "invoice_account_id", ColumnType.UUID, "Relation that is invoiced instead."),
        Column("PurchaseCurrency", "purchase_currency", ColumnType.CODE, "Currency of purchases (ISO 4217)."),
        Column(
            "PurchaseCurrencyDescription", "purchase_currency_description", ColumnType.TEXT, "Name of that currency."
        ),
        Column(
            "PurchaseVATCode", "purchase_vat_code", ColumnType.CODE, "VAT code of purchases.", references="vat_codes"
        ),
        Column(
            "PurchaseVATCodeDescription", "purchase_vat_code_description", ColumnType.TEXT, "Name of that VAT code."
        ),
        Column(
            "PurchaseLeadDays",
            "purchase_lead_days",
            ColumnType.INTEGER,
            "Delivery time of purchases.",
            unit="days",
        ),
        Column(
            "PaymentConditionPurchase",
            "payment_condition_purchase",
            ColumnType.CODE,
            "Payment condition of purchases.",
            references="payment_conditions",
        ),
        Column(
            "PaymentConditionPurchaseDescription",
            "payment_condition_purchase_description",
            ColumnType.TEXT,
            "Name of that payment condition.",
        ),
        Column(
            "GLAccountPurchase",
            "gl_account_purchase_id",
            ColumnType.UUID,
            "Default expense account.",
            references="gl_accounts",
        ),
        Column("GLAP", "gl_ap_id", ColumnType.UUID, "Accounts payable account.", references="gl_accounts"),
        Column("Costcenter", "cost_center_code", ColumnType.CODE, "Default cost centre.", references="cost_centers"),
        Column("CostcenterDescription", "cost_center_description", ColumnType.TEXT, "Name of that cost centre."),
        Column("CreditLinePurchase", "credit_line_purchase", ColumnType.NUMERIC, "Credit the supplier gives us."),
        Column("DiscountPurchase", "discount_purchase", ColumnType.NUMERIC, "Discount on purchases, as sent."),
        Column(
            "AutomaticProcessProposedEntry",
            "automatic_process_proposed_entry",
            ColumnType.SMALLINT,
            "Whether entries proposed from its invoices are processed by themselves, as sent.",
        ),
        Column("IsPurchase", "is_purchase", ColumnType.BOOLEAN, "Marked for purchasing, as sent."),
        Column("CanDropShip", "is_drop_shipper", ColumnType.BOOLEAN, "It can deliver to our customers directly."),
        Column("IncotermCodePurchase", "incoterm_code_purchase", ColumnType.CODE, "Incoterm of purchases."),
        Column(
            "IncotermVersionPurchase",
            "incoterm_version_purchase",
            ColumnType.SMALLINT,
            "Edition of the Incoterms, a year.",
        ),
        Column(
            "IncotermAddressPurchase", "incoterm_address_purchase", ColumnType.TEXT, "Place that the Incoterm names."
        ),
        Column("IntraStatArea", "intrastat_area", ColumnType.CODE, "Intrastat: region."),
        Column("IntraStatDeliveryTerm", "intrastat_delivery_term", ColumnType.CODE, "Intrastat: delivery term."),
        Column("IntraStatSystem", "intrastat_system", ColumnType.CODE, "Intrastat: statistical system."),
        Column(
            "IntraStatTransactionA",
            "intrastat_transaction_a",
            ColumnType.CODE,
            "Intrastat: nature of the transaction, first part.",
        ),
        Column(
            "IntraStatTransactionB",
            "intrastat_transaction_b",
            ColumnType.CODE,
            "Intrastat: nature of the transaction, second part.",
        ),
        Column(
            "IntraStatTransportMethod", "intrastat_transport_method", ColumnType.CODE, "Intrastat: mode of transport."
        ),
        Column("DatevCreditorCode", "datev_creditor_code", ColumnType.CODE, "Its number as a creditor in DATEV."),
        Column("IsSales", "is_sales", ColumnType.BOOLEAN, "The relation is a customer too."),
        Column("IsBank", "is_bank", ColumnType.BOOLEAN, "The relation is a bank."),
        Column(
            "IsAnonymised",
            "is_anonymised",
            ColumnType.BOOLEAN,
            "It was made anonymous at Exact: name and address are no longer real.",
        ),
        Column("StartDate", "start_date", ColumnType.DATE, "First day of the relation."),
        Column("EndDate", "end_date", ColumnType.DATE, "Last day of the relation; null: no end."),
        Column("Created", "created_at", ColumnType.TIMESTAMP, "When it was created at Exact (UTC)."),
        Column("Modified", "modified_at", ColumnType.TIMESTAMP, "When it was last changed at Exact (UTC)."),
    ),
)
