"""Classifications of the ledger: the elements of reporting schemes (RGS, xbrl taxonomies), each below its parent.

How accounts are classified is in `gl_account_classifications`.
"""

from exactsync.entity import Column, ColumnType, Entity, Feed

ENTITY = Entity(
    name="gl_classifications",
    label="GL classifications",
    endpoint="sync/Financial/GLClassifications",
    feed=Feed.SYNC,
    deleted_type=18,
    count_endpoint="financial/GLClassifications",
    description="Elements of the reporting schemes of each division, as a tree.",
    columns=(
        Column("ID", "id", ColumnType.UUID, "Exact's key of the element."),
        Column("Code", "code", ColumnType.CODE, "The code of the element."),
        Column("Name", "name", ColumnType.TEXT, "Name of the element, unique within its namespace."),
        Column(
            "Description",
            "description",
            ColumnType.TEXT,
            "What the element is, in the words of the division's own scheme.",
        ),
        Column(
            "Parent",
            "parent_id",
            ColumnType.UUID,
            "The element above it; null: it is at the top.",
            references="gl_classifications",
        ),
        Column(
            "Abstract", "is_abstract", ColumnType.BOOLEAN, "It only groups other elements and holds no amounts itself."
        ),
        Column(
            "Balance",
            "balance",
            ColumnType.CODE,
            "Side of amounts on it; null if it is about something else.",
            values={"debit": "debit", "credit": "credit"},
        ),
        Column(
            "PeriodType",
            "period_type",
            ColumnType.CODE,
            "Whether it is about a moment or a stretch of time.",
            values={"instant": "balance sheet", "duration": "profit and loss"},
        ),
        Column("Nillable", "is_nillable", ColumnType.BOOLEAN, "A report may leave it out."),
        Column("IsTupleSubElement", "is_tuple_sub_element", ColumnType.BOOLEAN, "It is a part of a tuple."),
        Column(
            "SubstitutionGroup",
            "substitution_group",
            ColumnType.TEXT,
            "Kind of element in its taxonomy, e.g. xbrli:item.",
        ),
        Column(
            "TaxonomyNamespace",
            "taxonomy_namespace_id",
            ColumnType.UUID,
            "The scheme, or taxonomy, that it belongs to.",
        ),
        Column(
            "TaxonomyNamespaceDescription", "taxonomy_namespace_description", ColumnType.TEXT, "Name of that scheme."
        ),
        Column("Type", "type_id", ColumnType.UUID, "Data type of the element in its taxonomy."),
        Column("Created", "created_at", ColumnType.TIMESTAMP, "When it was created at Exact (UTC)."),
        Column("Modified", "modified_at", ColumnType.TIMESTAMP, "When it was last changed at Exact (UTC)."),
    ),
)
