"""What the DAG of payables is written with: one function for each way in which they come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import Param, chain, task_group

from exactsync_airflow.assets import payables_asset
from exactsync_airflow.operators.payables import PayablesIntakeOperator, PayableSourcesOperator, SpendeskOperator
from exactsync_airflow.tasks import only

if TYPE_CHECKING:
    from exactsync_airflow.operators.payables import Part

_LABEL = "{{ task.label }}"


def intake_params() -> dict[str, Param]:
    """Build the form that a person meets on *Trigger*; left alone, it means every source."""
    return {
        "sources": only("string", "Only these sources, by name. Empty: all."),
        "lookback_days": Param(
            62,
            type="integer",
            minimum=1,
            maximum=400,
            description="How many days back payables are read again, by their date: edits of older ones are not seen.",
        ),
    }


def take_in_each_account() -> None:
    """Create the tasks of Spendesk accounts: a chain for each, so that one that fails does not stop the others."""
    accounts = PayableSourcesOperator(task_id="accounts", kind="spendesk", sources=_CHOSEN, doc_md=_SOURCES_DOC)

    @task_group(group_id="account", prefix_group_id=False)
    def account(source: str) -> None:
        chain(
            [_listen("suppliers", source), _listen("settlements", source), _listen("payables", source)],
            _listen("receipts", source),
            PayablesIntakeOperator(task_id="outbox", source=source, **_TAKING_IN),
        )

    account.expand(source=accounts.output)


def take_in_each_folder() -> None:
    """Create the tasks of folders of files."""
    folders = PayableSourcesOperator(task_id="folders", kind="files", sources=_CHOSEN, doc_md=_SOURCES_DOC)
    PayablesIntakeOperator.partial(task_id="files", **_TAKING_IN).expand(source=folders.output)


def _listen(part: Part, source: str) -> SpendeskOperator:
    return SpendeskOperator(
        task_id=part,
        part=part,
        source=source,
        lookback_days="{{ params.lookback_days }}",
        map_index_template=_LABEL,
        doc_md=_DOCS[part],
    )


_CHOSEN = "{{ [] if params.sources is none else params.sources }}"
_SOURCES_DOC = """\
### Sources
Lists the sources of payables that are set up (page *Accounting setup*, table `exactsync.payable_sources`).
"""
_DOCS: dict[Part, str] = {
    "suppliers": "### Suppliers\nAll suppliers as Spendesk knows them: VAT numbers and IBANs match them with Exact's.",
    "settlements": "### Settlements\nWhat has left or entered the wallet and the bank.",
    "payables": """\
### Payables
Snapshots of at most 31 days, asked for one after the other. **Up for reschedule** means that Spendesk is making one:
the task comes back by itself, holds no worker slot meanwhile and spends no try. Clearing it is always safe.
""",
    "receipts": """\
### Receipts
Lists the receipts of payables that are to be booked and have changed, a call each: many new ones take some minutes, and
the task waits for the next minute without a worker slot. What is listed stays listed.
""",
}
_OUTBOX_DOC = """\
### Outbox
Takes what is to be booked into `exactsync.payables_outbox`, where every payable is once, however often it is delivered.
One that was edited after it was booked is flagged, never sent again. Clearing it is always safe.
"""
_TAKING_IN: dict[str, Any] = {"outlets": [payables_asset()], "map_index_template": _LABEL, "doc_md": _OUTBOX_DOC}
