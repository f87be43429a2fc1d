"""Journals: the books that entries are made in; exported payables go to one of type 22.

Left out: `BankAccountUseSEPA` and `BankAccountUseSepaDirectDebit`, which Exact no longer documents, and the
identifier of a payment service's account, which can be a person's e-mail address.
"""

from exactsync.entity import Column, ColumnType, Entity, Feed

ENTITY = Entity(
    name="journals",
    label="Journals",
    endpoint="financial/Journals",
    feed=Feed.LIST,
    description="Journals of each division.",
    left_out={
        "no longer documented": (
            "BankAccountUseSEPA",
            "BankAccountUseSepaDirectDebit",
        ),
        "can be a person's e-mail address": ("PaymentServiceAccountIdentifier",),
    },
    columns=(
        Column("ID", "id", ColumnType.UUID, "Exact's key of the journal."),
        Column(
            "Code",
            "code",
            ColumnType.CODE,
            "The code as bookkeepers type it; purchase entries name their journal by it.",
        ),
        Column("Description", "description", ColumnType.TEXT, "Name of the journal."),
        Column(
            "Type",
            "type",
            ColumnType.INTEGER,
            "What is entered in it.",
            values={
                10: "cash",
                12: "bank",
                16: "payment service",
                20: "sales",
                21: "return invoices",
                22: "purchase",
                23: "received return invoices",
                90: "general",
            },
        ),
        Column("IsBlocked", "is_blocked", ColumnType.BOOLEAN, "It takes no new entries."),
        Column(
            "Currency", "currency", ColumnType.CODE, "Currency of entries, unless they may have another (ISO 4217)."
        ),
        Column("CurrencyDescription", "currency_description", ColumnType.TEXT, "Name of the currency."),
        Column(
            "AllowVariableCurrency",
            "is_variable_currency_allowed",
            ColumnType.BOOLEAN,
            "Entries may be in another currency.",
        ),
        Column(
            "AllowVariableExchangeRate",
            "is_variable_exchange_rate_allowed",
            ColumnType.BOOLEAN,
            "The exchange rate of an entry may be changed.",
        ),
        Column("AllowVAT", "is_vat_allowed", ColumnType.BOOLEAN, "Entries may have VAT."),
        Column("AutoSave", "is_auto_saved", ColumnType.BOOLEAN, "Entries are saved by themselves once they balance."),
        Column(
            "GLAccount",
            "gl_account_id",
            ColumnType.UUID,
            "The ledger account of the journal, or its suspense account.",
            references="gl_accounts",
        ),
        Column("GLAccountCode", "gl_account_code", ColumnType.CODE, "Its account number."),
        Column("GLAccountDescription", "gl_account_description", ColumnType.TEXT, "Its name."),
        Column("GLAccountType", "gl_account_type", ColumnType.INTEGER, "Its type; see gl_accounts.type."),
        Column(
            "PaymentInTransitAccount",
            "payment_in_transit_account_id",
            ColumnType.UUID,
            "Account of payments in transit.",
            references="gl_accounts",
        ),
        Column(
            "BankAccountID",
            "bank_account_id",
            ColumnType.UUID,
            "The company's own bank account that the journal is about.",
        ),
        Column("BankAccountIBAN", "bank_account_iban", ColumnType.TEXT, "Its IBAN."),
        Column(
            "BankAccountIncludingMask", "bank_account_including_mask", ColumnType.TEXT, "Its number as people write it."
        ),
        Column("BankAccountBICCode", "bank_account_bic_code", ColumnType.CODE, "BIC of its bank."),
        Column(
            "BankAccountCountry",
            "bank_account_country",
            ColumnType.CODE,
            "Country of the account (ISO 3166-1 alpha-2).",
        ),
        Column("BankAccountDescription", "bank_account_description", ColumnType.TEXT, "Description of the account."),
        Column("Bank", "bank_id", ColumnType.UUID, "Exact's key of the bank."),
        Column("BankName", "bank_name", ColumnType.TEXT, "Name of the bank."),
        Column(
            "PaymentServiceProvider",
            "payment_service_provider",
            ColumnType.INTEGER,
            "Provider of a payment service's journal.",
            values={1: "Adyen", 2: "PayPal", 3: "Stripe"},
        ),
        Column("PaymentServiceProviderName", "payment_service_provider_name", ColumnType.TEXT, "Name of the provider."),
        Column("Created", "created_at", ColumnType.TIMESTAMP, "When it was created at Exact (UTC)."),
        Column("Modified", "modified_at", ColumnType.TIMESTAMP, "When it was last changed at Exact (UTC)."),
    ),
)
