"""The library's values about payables, as the page gets them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from exactsync.payables.choices import MOST
from exactsync_airflow.accounting_setup.payables import payloads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exactsync.payables.changes import Change
    from exactsync.payables.choices import Choice
    from exactsync.payables.mapped import Line, Section
    from exactsync.payables.setting_up import ConfiguredSource


def describe_source(configured: ConfiguredSource) -> payloads.Source:
    """Return a source, and who set it up."""
    info = configured.info
    return payloads.Source(
        name=info.source.name,
        kind=info.kind,
        integration=info.integration,
        division=info.source.division,
        creates_suppliers=info.source.creates_suppliers,
        requires_receipt=info.source.requires_receipt,
        start_date=info.source.start_date,
        entry_currency=info.source.entry_currency,
        since=configured.created_at,
        by=configured.actor,
    )


def describe_mapped(
    configured: ConfiguredSource, sections: Sequence[Section], changes: Sequence[Change]
) -> payloads.Mapped:
    """Return how a source is mapped; what things are called is anybody's, and text to the page."""
    return payloads.Mapped(
        now=datetime.now(UTC),
        source=describe_source(configured),
        sections=[
            payloads.Section(
                kind=section.kind,
                lines=[_line(line) for line in section.lines],
                total=section.total,
                problems=section.problems,
                unmapped=section.unmapped,
            )
            for section in sections
        ],
        changes=[
            payloads.Change(
                at=change.at,
                kind=change.kind,
                key=change.key,
                former=change.former,
                target=change.target,
                actor=change.actor,
            )
            for change in changes
        ],
    )


def describe_choices(choices: Sequence[Choice]) -> payloads.Choices:
    """Return what can be mapped to."""
    return payloads.Choices(
        choices=[payloads.Choice(value=choice.value, label=str(choice), about=choice.about) for choice in choices],
        is_more=len(choices) >= MOST,
    )


def _line(line: Line) -> payloads.Line:
    return payloads.Line(
        kind=line.kind,
        key=line.key,
        label=line.label,
        payables=line.payables,
        target=line.target,
        target_name=line.target_name,
        problem=line.problem,
        how=line.how.label if line.how else None,
        set_by=line.set_by,
        set_at=line.set_at,
        is_open=line.is_open,
    )
