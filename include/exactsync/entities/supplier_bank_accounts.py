"""Bank accounts of suppliers: where they are paid.

Those of other relations (customers, employees) are asked for by the same call and never stored. Left out: `IBAN`,
which is obsolete (the number stands in `BankAccount`), and who made or changed an account.
"""

from exactsync.entity import Column, ColumnType, Entity, Feed

ENTITY = Entity(
    name="supplier_bank_accounts",
    label="Supplier bank accounts",
    endpoint="crm/BankAccounts",
    feed=Feed.MODIFIED,
    member_of="suppliers",
    description="Bank accounts of the suppliers of each division, and of nobody else.",
    left_out={
        "obsolete: `bank_account` holds it": ("IBAN",),
    },
    columns=(
        Column("ID", "id", ColumnType.UUID, "Exact's key of the bank account."),
        Column("Account", "account_id", ColumnType.UUID, "The supplier it belongs to.", references="suppliers"),
        Column("AccountName", "account_name", ColumnType.TEXT, "Name of the supplier."),
        Column("BankAccount", "bank_account", ColumnType.TEXT, "The account number: an IBAN, as a rule."),
        Column(
            "BankAccountHolderName",
            "bank_account_holder_name",
            ColumnType.TEXT,
            "Name of the holder, as the bank knows it.",
        ),
        Column("BICCode", "bic_code", ColumnType.CODE, "BIC of the bank."),
        Column("Bank", "bank_id", ColumnType.UUID, "Exact's key of the bank."),
        Column("BankName", "bank_name", ColumnType.TEXT, "Name of the bank."),
        Column("BankDescription", "bank_description", ColumnType.TEXT, "Description of the bank."),
        Column("Description", "description", ColumnType.TEXT, "Description of the account."),
        Column("Format", "format", ColumnType.CODE, "Format of the account number, as sent."),
        Column("Main", "is_main", ColumnType.BOOLEAN, "The supplier's main account."),
        Column("Blocked", "is_blocked", ColumnType.BOOLEAN, "No payments are made to it."),
        Column(
            "Type",
            "type",
            ColumnType.CODE,
            "Whose account it is.",
            values={
                "A": "relation",
                "E": "employee",
                "K": "cash",
                "P": "payment service",
                "R": "bank",
                "S": "student",
                "U": "unknown",
            },
        ),
        Column("TypeDescription", "type_description", ColumnType.TEXT, "The type in words."),
        Column(
            "PaymentServiceAccount",
            "payment_service_account_id",
            ColumnType.UUID,
            "The payment service account, if it is one.",
        ),
        Column("Created", "created_at", ColumnType.TIMESTAMP, "When it was created at Exact (UTC)."),
        Column("Modified", "modified_at", ColumnType.TIMESTAMP, "When it was last changed at Exact (UTC)."),
    ),
)
