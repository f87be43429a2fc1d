"""The chart of accounts."""

from exactsync.entity import Column, ColumnType, Entity, Feed

ENTITY = Entity(
    name="gl_accounts",
    label="Chart of accounts",
    endpoint="sync/Financial/GLAccounts",
    feed=Feed.SYNC,
    deleted_type=7,
    description="General ledger accounts: the chart of accounts of each division.",
    columns=(
        Column("ID", "id", ColumnType.UUID, "Exact's key of the account."),
        Column("Code", "code", ColumnType.CODE, "Account number as bookkeepers type it."),
        Column("Description", "description", ColumnType.TEXT, "Name of the account."),
        Column(
            "Type",
            "type",
            ColumnType.INTEGER,
            "10 cash, 12 bank, 14 credit card, 16 payment services, 20 accounts receivable, 21 prepayment receivable, "
            "22 accounts payable, 24 VAT, 25 employees payable, 26 prepaid expenses, 27 accrued expenses, 29 income "
            "taxes payable, 30 fixed assets, 32 other assets, 35 accumulated depreciation, 40 inventory, 50 capital "
            "stock, 52 retained earnings, 55 long-term debt, 60 current portion of debt, 90 general, 100 tax payable, "
            "110 revenue, 111 cost of goods, 120 other costs, 121 sales and general expenses, 122 depreciation, 123 "
            "research and development, 125 employee costs, 126 employment costs, 130 exceptional costs, 140 "
            "exceptional income, 150 income taxes, 160 interest income, 300 year-end reflection, 301 indirect and "
            "302 direct year-end costing.",
        ),
        Column("TypeDescription", "type_description", ColumnType.TEXT, "The type in words."),
        Column("BalanceSide", "balance_side", ColumnType.CODE, "D debit, C credit."),
        Column("BalanceType", "balance_type", ColumnType.CODE, "B balance sheet, W profit and loss."),
        Column("SearchCode", "search_code", ColumnType.CODE, "Short name to find the account by."),
        Column("ReportingCode", "reporting_code", ColumnType.CODE, "Code used in official reports."),
        Column("IsBlocked", "is_blocked", ColumnType.BOOLEAN, "The account takes no new entries."),
        Column("VATCode", "vat_code", ColumnType.CODE, "Default VAT code: vat_codes.code of the same division."),
        Column("VATDescription", "vat_description", ColumnType.TEXT, "Description of the default VAT code."),
        Column(
            "VATGLAccountType",
            "vat_gl_account_type",
            ColumnType.CODE,
            "Belgian VAT listing type of the account.",
        ),
        Column("VATSystem", "vat_system", ColumnType.CODE, "France: I on invoice, C on cash basis."),
        Column(
            "AssimilatedVATBox",
            "assimilated_vat_box",
            ColumnType.SMALLINT,
            "France: box of assimilated taxes.",
        ),
        Column(
            "VATNonDeductibleGLAccount",
            "vat_non_deductible_gl_account_id",
            ColumnType.UUID,
            "Belgium: account that takes the VAT that cannot be deducted (gl_accounts.id).",
        ),
        Column(
            "VATNonDeductiblePercentage",
            "vat_non_deductible_percentage",
            ColumnType.NUMERIC,
            "Belgium: share of the VAT that cannot be deducted, as sent.",
        ),
        Column(
            "ExpenseNonDeductiblePercentage",
            "expense_non_deductible_percentage",
            ColumnType.NUMERIC,
            "Belgium: share of the expense that cannot be deducted, as sent.",
        ),
        Column(
            "ExcludeVATListing",
            "exclude_vat_listing",
            ColumnType.SMALLINT,
            "Belgium: left out of the VAT listing.",
        ),
        Column("BelcotaxType", "belcotax_type", ColumnType.INTEGER, "Belgium: Belcotax category."),
        Column(
            "PrivateGLAccount",
            "private_gl_account_id",
            ColumnType.UUID,
            "Account for the private share (gl_accounts.id).",
        ),
        Column("PrivatePercentage", "private_percentage", ColumnType.NUMERIC, "Share of private use, as sent."),
        Column(
            "Costcenter",
            "cost_center_code",
            ColumnType.CODE,
            "Default cost centre: cost_centers.code of the same division.",
        ),
        Column(
            "CostcenterDescription",
            "cost_center_description",
            ColumnType.TEXT,
            "Name of the default cost centre.",
        ),
        Column(
            "Costunit",
            "cost_unit_code",
            ColumnType.CODE,
            "Default cost unit: cost_units.code of the same division.",
        ),
        Column("CostunitDescription", "cost_unit_description", ColumnType.TEXT, "Name of the default cost unit."),
        Column("UseCostcenter", "use_cost_center", ColumnType.SMALLINT, "0 optional, 1 mandatory, 2 no."),
        Column("UseCostunit", "use_cost_unit", ColumnType.SMALLINT, "0 optional, 1 mandatory, 2 no."),
        Column("Compress", "is_compressed", ColumnType.BOOLEAN, "Entries on this account are compressed."),
        Column("Matching", "has_matching", ColumnType.BOOLEAN, "Entries on this account are matched."),
        Column("RevalueCurrency", "is_currency_revalued", ColumnType.BOOLEAN, "Included in currency revaluation."),
        Column(
            "AllowCostsInSales",
            "allow_costs_in_sales",
            ColumnType.SMALLINT,
            "Costs allowed in sales, as sent.",
        ),
        Column(
            "YearEndCostGLAccount",
            "year_end_cost_gl_account_id",
            ColumnType.UUID,
            "Year-end costing account (gl_accounts.id).",
        ),
        Column(
            "YearEndReflectionGLAccount",
            "year_end_reflection_gl_account_id",
            ColumnType.UUID,
            "Year-end reflection account (gl_accounts.id).",
        ),
        Column("Created", "created_at", ColumnType.TIMESTAMP, "When it was created at Exact (UTC)."),
        Column("Modified", "modified_at", ColumnType.TIMESTAMP, "When it was last changed at Exact (UTC)."),
    ),
)
