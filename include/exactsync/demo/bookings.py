"""The last act of `make demo`: payables come from Spendesk, and are booked at Exact once, or say what is in the way."""

from __future__ import annotations

import time
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from rich.table import Table

from exactsync.demo.payables import COMPANY
from exactsync.environment import read_deployment
from exactsync.payables.lifecycle import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from exactsync.demo.airflow import AirflowApi
    from exactsync.demo.simulated_exact import SimulatedExact
    from exactsync.demo.stack import Stack
    from exactsync.payables.rows import Row

INTAKE_DAG_ID: Final = "spendesk_payables"
EXPORT_DAG_ID: Final = "exact_online_export"
TIMEOUT_S: Final = 420.0
_LOOKBACK_DAYS: Final = 30
"""One snapshot of Spendesk's."""


def tell_bookings(stack: Stack, api: AirflowApi, exact: SimulatedExact, console: Console) -> list[str]:
    """Let payables come and be booked, show what became of them; return what was not as it should be."""
    console.print(
        "\nThen, from Spendesk to Exact: what is approved comes in, is checked, and is booked with its receipts"
    )
    began = time.monotonic()
    run_id = api.trigger(INTAKE_DAG_ID, lookback_days=_LOOKBACK_DAYS)
    api.wait_for_run(INTAKE_DAG_ID, run_id, timeout_s=TIMEOUT_S)
    run_id = api.trigger(EXPORT_DAG_ID)
    api.wait_for_run(EXPORT_DAG_ID, run_id, timeout_s=TIMEOUT_S)
    deployment = read_deployment(stack.environment)
    try:
        rows = deployment.exporting.outbox.rows()
    finally:
        deployment.close()
    console.print(_table(f"Payables ({time.monotonic() - began:.1f} s in Airflow, at Exact's 60 calls a minute)", rows))
    return _compare(rows, exact)


def _table(title: str, rows: Sequence[Row]) -> Table:
    """Add up what is booked, by currency; tell of each of the others what is in its way."""
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("Payables", justify="right")
    table.add_column("Amount", justify="right", no_wrap=True)
    table.add_column("State", no_wrap=True)
    table.add_column("Why")
    booked = [row for row in rows if row.state is State.EXPORTED]
    for currency, number in sorted(Counter(row.currency for row in booked).items()):
        amount = sum((row.amount for row in booked if row.currency == currency), Decimal(0))
        table.add_row(str(number), f"{amount} {currency}", State.EXPORTED.label, "")
    table.add_section()
    for row in sorted(rows, key=lambda row: (row.state, row.reason)):
        if row not in booked:
            table.add_row("1", f"{row.amount} {row.currency}", row.state.label, row.reason)
    return table


def _compare(rows: Sequence[Row], exact: SimulatedExact) -> list[str]:
    """Hold the outbox against Exact: each booked payable is one entry there, of the wallet's amount."""
    entries = exact.records(COMPANY, "PurchaseEntries")
    ours = Counter(one["ExternalLinkReference"] for one in entries if one["ExternalLinkReference"])
    booked = {row.reference: row for row in rows if row.state is State.EXPORTED}
    problems = [f"payable {one}: {number} entries at Exact" for one, number in ours.items() if number > 1]
    problems += [f"payable {row.payable_id} is not at Exact" for one, row in booked.items() if one not in ours]
    problems += [f"payable {one} is at Exact, and not known to be" for one in ours if one not in booked]
    at_exact = sum(
        (Decimal(str(one["AmountFC"])) for one in entries if one["ExternalLinkReference"] in booked), Decimal(0)
    )
    in_outbox = sum((Decimal(row.payable["functional_amount"]) for row in booked.values()), Decimal(0))
    if at_exact != in_outbox:
        problems.append(f"payables of {in_outbox} EUR are booked, {at_exact} EUR at Exact")
    if not booked:
        problems.append("no payable was booked")
    return problems
