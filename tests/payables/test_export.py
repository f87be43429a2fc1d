"""What is exported is at Exact once, whatever becomes of calls, answers and workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exactsync.payables.lifecycle import State
from tests.payables.exact import ATTACHMENTS, DOCUMENTS, ENTRIES
from tests.unit.payables.company import INVOICE

if TYPE_CHECKING:
    from tests.payables.conftest import Office


def test_a_payable_becomes_an_entry_with_its_receipt(office: Office) -> None:
    office.deliver(INVOICE)
    assert office.export() == 1
    (entry,), (document,), (attachment,) = (office.exact.records[name] for name in (ENTRIES, DOCUMENTS, ATTACHMENTS))
    row = office.row()
    assert row.state is State.EXPORTED
    assert (row.entry_id, row.entry_number) == (entry["EntryID"], entry["EntryNumber"])
    assert entry["ExternalLinkReference"] == row.reference
    assert entry["Document"] == attachment["Document"] == str(document["ID"])
