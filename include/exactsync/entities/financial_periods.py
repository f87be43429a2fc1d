"""Financial periods: which days belong to which period of which financial year.

Whether a period is open differs by journal; Exact tells it elsewhere (`read/financial/JournalStatusList`).
"""

from exactsync.entity import Column, ColumnType, Entity, Feed

ENTITY = Entity(
    name="financial_periods",
    label="Financial periods",
    endpoint="financial/FinancialPeriods",
    feed=Feed.LIST,
    description="Periods of the financial years of each division.",
    columns=(
        Column("ID", "id", ColumnType.UUID, "Exact's key of the period."),
        Column("FinYear", "fin_year", ColumnType.SMALLINT, "The financial year; it need not be the calendar's."),
        Column("FinPeriod", "fin_period", ColumnType.SMALLINT, "Number of the period within the year, from 1."),
        Column("StartDate", "start_date", ColumnType.DATE, "First day of the period."),
        Column("EndDate", "end_date", ColumnType.DATE, "Last day of the period."),
        Column("Created", "created_at", ColumnType.TIMESTAMP, "When it was created at Exact (UTC)."),
        Column("Modified", "modified_at", ColumnType.TIMESTAMP, "When it was last changed at Exact (UTC)."),
    ),
)
