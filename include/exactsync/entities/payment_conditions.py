"""Payment conditions: when an invoice is to be paid, and what paying early is worth."""

from exactsync.entity import Column, ColumnType, Entity, Feed

ENTITY = Entity(
    name="payment_conditions",
    label="Payment conditions",
    endpoint="cashflow/PaymentConditions",
    feed=Feed.LIST,
    description="Payment conditions of each division.",
    columns=(
        Column("ID", "id", ColumnType.UUID, "Exact's key of the payment condition."),
        Column("Code", "code", ColumnType.CODE, "The code as bookkeepers type it."),
        Column("Description", "description", ColumnType.TEXT, "Name of the payment condition."),
        Column("PaymentDays", "payment_days", ColumnType.INTEGER, "Within how many days to pay.", unit="days"),
        Column(
            "PaymentEndOfMonths",
            "payment_end_of_months",
            ColumnType.INTEGER,
            "How many ends of month to pass before those days count: 0 none.",
            unit="months",
        ),
        Column(
            "PaymentMethod",
            "payment_method",
            ColumnType.CODE,
            "How it is paid.",
            values={"B": "on credit", "I": "collection", "K": "cash"},
        ),
        Column(
            "Percentage",
            "percentage",
            ColumnType.NUMERIC,
            "Share of the invoice it is about: 1 is all of it.",
            unit="fraction",
        ),
        Column(
            "DiscountPercentage",
            "discount_percentage",
            ColumnType.NUMERIC,
            "Discount, or surcharge, for paying in time: 0.02 is 2 %.",
            unit="fraction",
        ),
        Column(
            "DiscountPaymentDays",
            "discount_payment_days",
            ColumnType.INTEGER,
            "Within how many days to pay for the discount.",
            unit="days",
        ),
        Column(
            "PaymentDiscountType",
            "payment_discount_type",
            ColumnType.CODE,
            "Whether it is a discount or a surcharge.",
            values={"B": "settlement discount", "K": "credit surcharge"},
        ),
        Column(
            "DiscountCalculation",
            "discount_calculation",
            ColumnType.CODE,
            "What the discount is taken of.",
            values={"E": "excluding VAT", "I": "including VAT"},
        ),
        Column(
            "VATCalculation",
            "vat_calculation",
            ColumnType.CODE,
            "What VAT is computed of.",
            values={"E": "excluding discount", "I": "including discount"},
        ),
        Column(
            "CreditManagementScenario",
            "credit_management_scenario_id",
            ColumnType.UUID,
            "How overdue invoices are followed up.",
        ),
        Column(
            "CreditManagementScenarioCode", "credit_management_scenario_code", ColumnType.CODE, "Code of that scenario."
        ),
        Column(
            "CreditManagementScenarioDescription",
            "credit_management_scenario_description",
            ColumnType.TEXT,
            "Name of that scenario.",
        ),
        Column("Created", "created_at", ColumnType.TIMESTAMP, "When it was created at Exact (UTC)."),
        Column("Modified", "modified_at", ColumnType.TIMESTAMP, "When it was last changed at Exact (UTC)."),
    ),
)
