"""Cost units: an analytical axis."""

from exactsync.entity import Axis, Column, ColumnType, Entity, Feed

ENTITY = Entity(
    name="cost_units",
    label="Cost units",
    endpoint="hrm/Costunits",
    feed=Feed.MODIFIED,
    axis=Axis.COST_UNITS,
    description="Cost units of each division; active while end_date is null or in the future.",
    columns=(
        Column("ID", "id", ColumnType.UUID, "Exact's key of the cost unit."),
        Column("Code", "code", ColumnType.CODE, "The code as bookkeepers type it."),
        Column("Description", "description", ColumnType.TEXT, "Name of the cost unit."),
        Column("EndDate", "end_date", ColumnType.DATE, "Last day of use; null: no end."),
        Column("Created", "created_at", ColumnType.TIMESTAMP, "When it was created at Exact (UTC)."),
        Column("Modified", "modified_at", ColumnType.TIMESTAMP, "When it was last changed at Exact (UTC)."),
    ),
)
