"""The rates of VAT codes through time: a code may have several, each with the days on which it is in force."""

from exactsync.entity import Column, ColumnType, Entity, Feed

ENTITY = Entity(
    name="vat_percentages",
    label="VAT percentages",
    endpoint="vat/VatPercentages",
    feed=Feed.MODIFIED,
    description="Rates of the VAT codes of each division, and on which days each is in force.",
    columns=(
        Column("ID", "id", ColumnType.UUID, "Exact's key of the rate."),
        Column("VATCodeID", "vat_code_id", ColumnType.UUID, "The VAT code it is a rate of.", references="vat_codes"),
        Column("LineNumber", "line_number", ColumnType.INTEGER, "Number of the rate within its VAT code."),
        Column("Percentage", "percentage", ColumnType.NUMERIC, "The rate: 0.21 is 21 %.", unit="fraction"),
        Column("Type", "type", ColumnType.SMALLINT, "Kind of rate.", values={0: "normal", 1: "extra duty"}),
        Column("StartDate", "start_date", ColumnType.DATE, "First day on which it is in force; null: since ever."),
        Column("EndDate", "end_date", ColumnType.DATE, "Last day on which it is in force; null: no end."),
        Column("Created", "created_at", ColumnType.TIMESTAMP, "When it was created at Exact (UTC)."),
        Column("Modified", "modified_at", ColumnType.TIMESTAMP, "When it was last changed at Exact (UTC)."),
    ),
)
