"""Cost centres: an analytical axis."""

from exactsync.entity import Axis, Column, ColumnType, Entity, Feed

ENTITY = Entity(
    name="cost_centers",
    label="Cost centres",
    endpoint="hrm/Costcenters",
    feed=Feed.MODIFIED,
    axis=Axis.COST_CENTERS,
    description="Cost centres of each division; active while end_date is null or in the future.",
    left_out={
        "obsolete: `end_date` tells": ("Active",),
    },
    columns=(
        Column("ID", "id", ColumnType.UUID, "Exact's key of the cost centre."),
        Column("Code", "code", ColumnType.CODE, "The code as bookkeepers type it."),
        Column("Description", "description", ColumnType.TEXT, "Name of the cost centre."),
        Column("EndDate", "end_date", ColumnType.DATE, "Last day of use; null: no end."),
        Column("Created", "created_at", ColumnType.TIMESTAMP, "When it was created at Exact (UTC)."),
        Column("Modified", "modified_at", ColumnType.TIMESTAMP, "When it was last changed at Exact (UTC)."),
    ),
)
