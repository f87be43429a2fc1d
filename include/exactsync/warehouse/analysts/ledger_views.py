"""Views for bookkeeping: accounts and what they are classified as, and the VAT rates of each day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from exactsync.warehouse import schema
from exactsync.warehouse.analysts.view import View, ViewColumn, division, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from exactsync.entity import Entity

_CLASSIFYING: Final = {"gl_accounts", "gl_classifications", "gl_account_classifications"}

_ACCOUNT: Final = (
    "id",
    "code",
    "description",
    "type",
    "type_description",
    "balance_side",
    "balance_type",
    "is_blocked",
    "vat_code",
    "cost_center_code",
    "cost_unit_code",
    "use_cost_center",
    "use_cost_unit",
)

_CLASS: Final = {
    "scheme_code": "Code of the reporting scheme.",
    "scheme": "Name of the reporting scheme.",
    "classification_code": "Code of the element that the account stands under.",
    "classification": "What that element is.",
    "classification_path": "That element with all above it, from the top: `Assets > Fixed assets > Vehicles`.",
    "classification_level": "How deep it stands; 1 is the top.",
}

# Elements without a live parent are at the top. What hangs in a circle hangs nowhere: it has no path.
_CLASSIFIED: Final = """
SELECT mapping.division, mapping.gl_account_id, mapping.gl_scheme_id, mapping.gl_scheme_code AS scheme_code,
    mapping.gl_scheme_description AS scheme, coalesce(element.code, mapping.classification_code) AS classification_code,
    coalesce(element.label, mapping.classification_description) AS classification,
    coalesce(element.path, mapping.classification_description) AS classification_path,
    element.level AS classification_level
FROM exact_online.gl_account_classifications AS mapping
LEFT JOIN (
    WITH RECURSIVE live AS (
        SELECT division, id, parent_id, code, coalesce(nullif(description, ''), nullif(name, ''), code) AS label
        FROM exact_online.gl_classifications WHERE _deleted_at IS NULL
    ), tree AS (
        SELECT division, id, code, label, label AS path, 1 AS level
        FROM live AS top
        WHERE NOT EXISTS (SELECT FROM live WHERE live.division = top.division AND live.id = top.parent_id)
        UNION ALL
        SELECT live.division, live.id, live.code, live.label, tree.path || ' > ' || live.label, tree.level + 1
        FROM tree JOIN live ON live.division = tree.division AND live.parent_id = tree.id
    )
    SELECT * FROM tree
) AS element ON element.division = mapping.division AND element.id = mapping.classification_id
WHERE mapping._deleted_at IS NULL
"""

# The scheme that classifies most accounts of its division: mostly there is but one.
_IN_MAIN_SCHEME: Final = f"""
SELECT DISTINCT ON (division, gl_account_id) *
FROM (
    SELECT *, count(*) OVER (PARTITION BY division, gl_scheme_id) AS accounts FROM ({_CLASSIFIED}) AS classified
) AS counted
ORDER BY division, gl_account_id, accounts DESC, scheme_code, gl_scheme_id, classification_code
"""


def views(entities: Mapping[str, Entity]) -> Iterator[View]:
    """The views that these entities allow."""
    if accounts := entities.get("gl_accounts"):
        yield _chart_of_accounts(accounts, is_classified=entities.keys() >= _CLASSIFYING)
    if entities.keys() >= _CLASSIFYING:
        yield _account_classifications()
    if entities.keys() >= {"vat_codes", "vat_percentages"}:
        yield _vat_rates()


def _chart_of_accounts(accounts: Entity, *, is_classified: bool) -> View:
    declared = {column.name: column for column in accounts.columns}
    columns = [division(of="account"), *(shown(declared[name], of="account") for name in _ACCOUNT)]
    source = f"{schema.published_table(accounts)} AS account"
    about = "The chart of accounts: one row for each live GL account"
    if is_classified:
        columns += [ViewColumn(name=name, sql=f"class.{name}", comment=text) for name, text in _CLASS.items()]
        source += f""" LEFT JOIN ({_IN_MAIN_SCHEME}) AS class
            ON class.division = account.division AND class.gl_account_id = account.id"""
        about += (
            ", with what it is classified as in the scheme that classifies most accounts of its division "
            "(`account_classifications` has every scheme)"
        )
    return View(
        name="chart_of_accounts",
        description=f"{about}.",
        columns=tuple(columns),
        source=f"{source} WHERE account._deleted_at IS NULL",
    )


def _account_classifications() -> View:
    return View(
        name="account_classifications",
        description="What each live GL account is classified as: one row for each account and reporting scheme.",
        columns=(
            division(of="account"),
            ViewColumn(name="gl_account_id", sql="account.id", comment="Exact's key of the account."),
            ViewColumn(name="gl_account_code", sql="account.code", comment="The account's number."),
            *(ViewColumn(name=name, sql=f"class.{name}", comment=text) for name, text in _CLASS.items()),
        ),
        source=f"""exact_online.gl_accounts AS account JOIN ({_CLASSIFIED}) AS class
            ON class.division = account.division AND class.gl_account_id = account.id
            WHERE account._deleted_at IS NULL""",
    )


def _vat_rates() -> View:
    return View(
        name="vat_rates",
        description="The rate of each live VAT code on each day: `WHERE validity @> date '2024-12-31'`. A code whose "
        "rates Exact does not date has its present rate for all time.",
        columns=(
            division(of="vat"),
            ViewColumn(name="vat_code_id", sql="vat.id", comment="Exact's key of the VAT code."),
            ViewColumn(name="vat_code", sql="vat.code", comment="The code as bookkeepers type it."),
            ViewColumn(name="description", sql="vat.description", comment="Name of the VAT code."),
            ViewColumn(
                name="rate_type",
                sql="coalesce(rate.type, 0)",
                comment="Kind of rate. Values: 0 normal, 1 extra duty, which comes on top.",
            ),
            ViewColumn(
                name="percentage",
                sql="coalesce(rate.percentage, vat.percentage)",
                comment="The rate as a fraction: 0.21 is 21 %.",
            ),
            ViewColumn(name="valid_from", sql="rate.start_date", comment="First day in force; null: since ever."),
            ViewColumn(name="valid_to", sql="rate.end_date", comment="Last day in force; null: no end."),
            ViewColumn(
                name="validity",
                sql="CASE WHEN rate.start_date > rate.end_date THEN 'empty'::daterange "
                "ELSE daterange(rate.start_date, rate.end_date, '[]') END",
                comment="The days in force, as a range; empty if it ends before it begins.",
            ),
        ),
        source="""exact_online.vat_codes AS vat LEFT JOIN exact_online.vat_percentages AS rate
            ON rate.division = vat.division AND rate.vat_code_id = vat.id AND rate._deleted_at IS NULL
            WHERE vat._deleted_at IS NULL""",
    )
