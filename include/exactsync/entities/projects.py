"""Projects: an analytical axis.

Left out on purpose: the names of the manager and of the customer's contact (persons), code and name of the customer
(customers are not stored), free notes, which may say anything about persons, and what only lays out invoices.
"""

from exactsync.entity import Axis, Column, ColumnType, Entity, Feed

ENTITY = Entity(
    name="projects",
    label="Projects",
    endpoint="sync/Project/Projects",
    feed=Feed.SYNC,
    deleted_type=21,
    count_endpoint="project/Projects",
    axis=Axis.PROJECTS,
    description="Projects of each division; active between start_date and end_date.",
    left_out={
        "about persons": (
            "AccountContact",
            "ManagerFullname",
        ),
        "about customers, who are not stored": (
            "AccountCode",
            "AccountName",
            "InvoiceAddress",
        ),
        "free text that may say anything about persons": (
            "InternalNotes",
            "Notes",
        ),
        "`divisions` has it": ("DivisionName",),
        "only lays out invoices": (
            "IncludeInvoiceSpecification",
            "IncludeSpecificationInInvoicePdf",
            "InvoiceDescription",
        ),
    },
    columns=(
        Column("ID", "id", ColumnType.UUID, "Exact's key of the project."),
        Column("Code", "code", ColumnType.CODE, "The code as bookkeepers type it."),
        Column("Description", "description", ColumnType.TEXT, "Name of the project."),
        Column(
            "Type",
            "type",
            ColumnType.INTEGER,
            "How it is charged.",
            values={1: "campaign", 2: "fixed price", 3: "time and material", 4: "non-billable", 5: "prepaid"},
        ),
        Column("TypeDescription", "type_description", ColumnType.TEXT, "The type in words."),
        Column("StartDate", "start_date", ColumnType.DATE, "First day of the project; null: no beginning."),
        Column("EndDate", "end_date", ColumnType.DATE, "Last day of the project; null: no end."),
        Column("Account", "account_id", ColumnType.UUID, "Key of the customer, who is stored only as a supplier."),
        Column("Manager", "manager_id", ColumnType.UUID, "Key of the person who is responsible."),
        Column("BlockEntry", "is_entry_blocked", ColumnType.BOOLEAN, "It takes no time and cost entries."),
        Column("BlockPurchasing", "is_purchasing_blocked", ColumnType.BOOLEAN, "Nothing may be purchased for it."),
        Column("BlockInvoicing", "is_invoicing_blocked", ColumnType.BOOLEAN, "It is not invoiced."),
        Column("BlockPlanning", "is_planning_blocked", ColumnType.BOOLEAN, "It is not planned."),
        Column("BlockRebilling", "is_rebilling_blocked", ColumnType.BOOLEAN, "Its costs are not charged on."),
        Column("AllowMemberEntryOnly", "is_member_entry_only", ColumnType.BOOLEAN, "Only its members may book on it."),
        Column(
            "AllowAdditionalInvoicing",
            "is_additional_invoicing_allowed",
            ColumnType.BOOLEAN,
            "More than agreed may be invoiced.",
        ),
        Column("BudgetType", "budget_type", ColumnType.SMALLINT, "Kind of budget, as sent."),
        Column("BudgetTypeDescription", "budget_type_description", ColumnType.TEXT, "The kind of budget in words."),
        Column(
            "BudgetedAmount", "budgeted_amount", ColumnType.NUMERIC, "Budgeted sales.", unit="currency of the division"
        ),
        Column(
            "BudgetedCosts", "budgeted_costs", ColumnType.NUMERIC, "Budgeted costs.", unit="currency of the division"
        ),
        Column(
            "BudgetedRevenue",
            "budgeted_revenue",
            ColumnType.NUMERIC,
            "Budgeted revenue.",
            unit="currency of the division",
        ),
        Column(
            "CostsAmountFC",
            "costs_amount_fc",
            ColumnType.NUMERIC,
            "Budgeted costs, in companies with professional services.",
        ),
        Column(
            "BudgetOverrunHours",
            "budget_overrun_hours",
            ColumnType.SMALLINT,
            "Whether more hours than budgeted may be entered.",
            values={10: "allowed", 20: "not allowed"},
        ),
        Column(
            "SalesTimeQuantity",
            "sales_time_quantity",
            ColumnType.NUMERIC,
            "Hours estimated for a fixed price.",
            unit="hours",
        ),
        Column(
            "TimeQuantityToAlert",
            "time_quantity_to_alert",
            ColumnType.NUMERIC,
            "From how many hours on to warn.",
            unit="hours",
        ),
        Column("MarkupPercentage", "markup_percentage", ColumnType.NUMERIC, "Markup on purchases, as sent."),
        Column("EnableWorkInProgress", "is_work_in_progress_enabled", ColumnType.BOOLEAN, "Work in progress is kept."),
        Column(
            "HasWBSLines", "has_wbs_lines", ColumnType.BOOLEAN, "It is broken down into a work breakdown structure."
        ),
        Column(
            "IsWBSRequiredForEntry",
            "wbs_required_for_entry",
            ColumnType.SMALLINT,
            "Whether entries must name an element of that structure, as sent.",
        ),
        Column("UseBillingMilestones", "has_billing_milestones", ColumnType.BOOLEAN, "It is invoiced by milestones."),
        Column("InvoiceAsQuoted", "is_invoiced_as_quoted", ColumnType.BOOLEAN, "It is invoiced as quoted."),
        Column("SourceQuotation", "source_quotation_id", ColumnType.UUID, "The quotation it comes from."),
        Column("CustomerPOnumber", "customer_po_number", ColumnType.TEXT, "The customer's order number."),
        Column(
            "PaymentCondition",
            "payment_condition_code",
            ColumnType.CODE,
            "Payment condition of its invoices.",
            references="payment_conditions",
        ),
        Column(
            "Classification",
            "classification_id",
            ColumnType.UUID,
            "Class of projects it belongs to, in companies with professional services.",
        ),
        Column("ClassificationDescription", "classification_description", ColumnType.TEXT, "Name of that class."),
        Column(
            "PrepaidType",
            "prepaid_type",
            ColumnType.SMALLINT,
            "Kind of prepaid project.",
            values={1: "retainer", 2: "bundle of hours"},
        ),
        Column("PrepaidTypeDescription", "prepaid_type_description", ColumnType.TEXT, "That kind in words."),
        Column("PrepaidItem", "prepaid_item_id", ColumnType.UUID, "Item on prepaid invoices."),
        Column("PrepaidItemDescription", "prepaid_item_description", ColumnType.TEXT, "Its name."),
        Column("FixedPriceItem", "fixed_price_item_id", ColumnType.UUID, "Item on invoices of a fixed price."),
        Column("FixedPriceItemDescription", "fixed_price_item_description", ColumnType.TEXT, "Its name."),
        Column("Created", "created_at", ColumnType.TIMESTAMP, "When it was created at Exact (UTC)."),
        Column("Modified", "modified_at", ColumnType.TIMESTAMP, "When it was last changed at Exact (UTC)."),
    ),
)
