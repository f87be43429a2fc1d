"""Views for bookkeeping: the chart of accounts with its classification, and the VAT rates of each day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exactsync.warehouse import schema
from exactsync.warehouse.analysts.view import DIVISION, View, ViewColumn, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from exactsync.entity import Entity

_ACCOUNT = (
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


def views(entities: Mapping[str, Entity]) -> Iterator[View]:
    """The views that these entities allow."""
    if accounts := entities.get("gl_accounts"):
        yield _chart_of_accounts(accounts)


def _chart_of_accounts(accounts: Entity) -> View:
    declared = {column.name: column for column in accounts.columns}
    columns = [shown(declared[name], of="account") for name in _ACCOUNT]
    return View(
        name="chart_of_accounts",
        description="The chart of accounts: one row for each live GL account.",
        columns=(ViewColumn(name="division", sql="account.division", comment=DIVISION.comment), *columns),
        source=f"{schema.published_table(accounts)} AS account WHERE account._deleted_at IS NULL",
    )
