"""How accounts of the ledger are classified: which element of which reporting scheme each stands under.

Exact keeps no Created and no Modified of them, so they are read in full and compared.
"""

from exactsync.entity import Column, ColumnType, Entity, Feed

ENTITY = Entity(
    name="gl_account_classifications",
    label="Classified GL accounts",
    endpoint="financial/GLAccountClassificationMappings",
    feed=Feed.LIST,
    description="Which classification each GL account has in each reporting scheme.",
    columns=(
        Column("ID", "id", ColumnType.UUID, "Exact's key of the mapping."),
        Column("GLAccount", "gl_account_id", ColumnType.UUID, "The account.", references="gl_accounts"),
        Column("GLAccountCode", "gl_account_code", ColumnType.CODE, "Its account number."),
        Column("GLAccountDescription", "gl_account_description", ColumnType.TEXT, "Its name."),
        Column(
            "Classification",
            "classification_id",
            ColumnType.UUID,
            "The element it stands under.",
            references="gl_classifications",
        ),
        Column("ClassificationCode", "classification_code", ColumnType.CODE, "Code of the element."),
        Column("ClassificationDescription", "classification_description", ColumnType.TEXT, "What the element is."),
        Column("GLSchemeID", "gl_scheme_id", ColumnType.UUID, "The reporting scheme."),
        Column("GLSchemeCode", "gl_scheme_code", ColumnType.CODE, "Code of the scheme."),
        Column("GLSchemeDescription", "gl_scheme_description", ColumnType.TEXT, "Name of the scheme."),
    ),
)
