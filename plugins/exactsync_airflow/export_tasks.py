"""What the export DAG is written with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import Param, TriggerRule

from exactsync_airflow.operators.export import (
    ExactOnlineExportOperator,
    ExportPrepareOperator,
    ExportReportOperator,
)
from exactsync_airflow.tasks import chosen, only

if TYPE_CHECKING:
    from airflow.sdk.definitions.mappedoperator import MappedOperator


def export_params() -> dict[str, Param]:
    """Build the form that a person meets on *Trigger*; left alone, it means every payable that is prepared."""
    return {
        "integrations": only("string", "Only these integrations, by name. Empty: all."),
        "divisions": only("integer", "Only these division codes. Empty: all that payables are booked in."),
        "payables": only("string", "Only these payables, by the keys that the page Exports shows. Empty: all."),
        "first_day": _day("Only what is booked on this day or later. Empty: any."),
        "last_day": _day("Only what is booked on this day or earlier. Empty: any."),
    }


def prepare_exports() -> ExportPrepareOperator:
    """Create the task that checks what waits and returns the companies."""
    return ExportPrepareOperator(
        task_id="prepare",
        **chosen("integrations", "divisions"),
        doc_md=_PREPARE_DOC,
    )


def export_each_company(prepared: ExportPrepareOperator) -> MappedOperator:
    """Create the task that books the payables of one company, mapped over all."""
    return ExactOnlineExportOperator.partial(
        task_id="export",
        **chosen("payables"),
        first_day="{{ params.first_day or '' }}",
        last_day="{{ params.last_day or '' }}",
        map_index_template="{{ task.label }}",
        doc_md=_EXPORT_DOC,
    ).expand(batch=prepared.output)


def report_exports() -> ExportReportOperator:
    """Create the task that shows what became of the payables and tells the sources, whatever became of the exports."""
    return ExportReportOperator(task_id="report", trigger_rule=TriggerRule.ALL_DONE, doc_md=_REPORT_DOC)


def _day(description: str) -> Param:
    return Param(None, type=["string", "null"], format="date", description=description)


_PREPARE_DOC = """\
### Prepare
Checks every payable that waits, with the mapping and the warehouse as they are now, and returns the companies to book
in. Sends nothing.
"""

_EXPORT_DOC = """\
### Export
Books the prepared payables of one company: document and receipts, then the entry, each once. What is in doubt is
looked for at Exact before anything is sent again. A payable that is refused fails nothing else.

**Up for reschedule** means that payables wait: for the next look at Exact, or for the next minute's calls; it goes on
by itself. **If it fails**, the last lines of its log say what to do. Clearing it never books twice.
"""

_REPORT_DOC = """\
### Report
Logs one table of all payables of this run and tells Spendesk what became of them. What could not be told is told by the
next run. Fails if a company could not be exported, never for a payable that Exact refused: see the page Exports.
"""
