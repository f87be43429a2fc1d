"""After a restore, what was booked since the backup was made is never booked again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from exactsync.payables import looking
from exactsync.payables.lifecycle import Action, State
from exactsync.payables.restoring import Fate, Recovered, recover
from exactsync.payables.rows import Key
from tests.payables.conftest import HUMAN, SOURCE, many
from tests.payables.exact import DOCUMENTS, ENTRIES, NOBODY
from tests.unit.payables.company import DIVISION

if TYPE_CHECKING:
    from tests.payables.conftest import Office

BACKUP = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)


def restored(office: Office) -> list[Recovered]:
    """Take over what the books of the company have."""
    return recover(office.engine, looking.read_since(office.exact, DIVISION, BACKUP), actor=HUMAN)


def go_back(office: Office, state: str = "prepared", **columns: str) -> None:
    """Have the outbox as a backup of before the export has it."""
    unknown = ("entry_id", "entry_number", "link", "document_id", "exported_at", "reported_state", "lease_until")
    changes = dict.fromkeys(unknown, "NULL") | columns
    assignments = "".join(f", {name} = {value}" for name, value in changes.items())
    office.execute("DELETE FROM exactsync.export_steps")
    office.execute(f"UPDATE exactsync.payables_outbox SET state = :state{assignments}", state=state)


def entries(office: Office) -> int:
    return len(office.exact.records[ENTRIES])


def test_without_it_a_payable_would_be_booked_again(office: Office) -> None:
    office.deliver(*many(1))
    office.export()
    go_back(office)
    office.export()
    assert entries(office) == 2


@pytest.mark.parametrize("state", ["prepared", "blocked", "failed", "sent_back", "in_doubt"])
def test_what_exact_has_is_marked_as_exported_and_the_rest_is_booked(office: Office, state: str) -> None:
    office.deliver(*many(2))
    office.export()
    numbers = {key: office.row(key).entry_number for key in ("p-1", "p-2")}
    go_back(office, state)
    office.deliver(*many(3))
    found = restored(office)
    assert [(one.key, one.fate, one.numbers) for one in found] == [
        (Key(SOURCE, key), Fate.MARKED, (numbers[key],)) for key in ("p-1", "p-2")
    ]
    office.export()
    assert [office.row(f"p-{place}").state for place in (1, 2, 3)] == [
        State.EXPORTED_MANUALLY,
        State.EXPORTED_MANUALLY,
        State.EXPORTED,
    ]
    assert entries(office) == 3
    row = office.row("p-1")
    assert (row.entry_number, row.reason) == (numbers["p-1"], "")
    assert office.whys("p-1")[-1] == f"Exact has it as entry {numbers['p-1']}, from before the warehouse was restored."
    assert [one.fate for one in restored(office)] == [Fate.KNOWN] * 3  # once more changes nothing


def test_a_doubt_about_a_document_is_none_once_the_entry_is_there(office: Office) -> None:
    office.deliver(*many(1))
    office.exact.plant(DOCUMENTS, "lost after")
    office.export()
    doubtful = office.row().state
    office.outbox.act(Key(SOURCE, "p-1"), Action.RETRY, why="look", actor=HUMAN)
    office.export()
    office.execute("DELETE FROM exactsync.export_steps WHERE step = 'entry'")
    office.execute("UPDATE exactsync.payables_outbox SET state = 'in_doubt', entry_id = NULL, look_at = now()")
    assert (doubtful, [one.fate for one in restored(office)]) == (State.IN_DOUBT, [Fate.MARKED])
    office.export()
    assert entries(office) == 1


def test_what_a_worker_held_when_the_backup_was_made_is_concluded_once_its_lease_has_ended(office: Office) -> None:
    office.deliver(*many(1))
    office.export()
    go_back(office, "exporting", lease_until="now() + interval '1 minute'", owner="'gone'")
    assert [one.fate for one in restored(office)] == [Fate.HELD]
    office.pass_time(61)
    assert [one.fate for one in restored(office)] == [Fate.MARKED]
    office.export()
    row = office.row()
    assert (row.state, row.entry_id, entries(office)) == (
        State.EXPORTED,
        office.exact.records[ENTRIES][0]["EntryID"],
        1,
    )


def test_a_twin_of_what_was_marked_is_held_back(office: Office) -> None:
    (booked,) = many(1)
    office.deliver(booked)
    office.export()
    go_back(office, purchase="NULL")
    restored(office)
    office.deliver(replace(booked, id="p-2"))
    assert office.row("p-2").has_twin


def test_what_its_source_has_not_delivered_yet_is_named(office: Office) -> None:
    office.deliver(*many(1))
    office.export()
    reference = office.row().reference
    office.execute("DELETE FROM exactsync.export_steps")
    office.execute("DELETE FROM exactsync.payables_outbox")
    (missing,) = restored(office)
    assert (missing.reference, missing.key, missing.fate) == (reference, None, Fate.UNDELIVERED)
    office.deliver(*many(1))
    assert [one.fate for one in restored(office)] == [Fate.MARKED]


def test_entries_of_others_are_nobodys_payables(office: Office) -> None:
    for number, reference in enumerate((None, "", "XS-", "XS-by hand", "invoice 7", "xs-aaaaaaaaaaaaaaaa")):
        office.exact.records[ENTRIES].append(
            {"EntryID": NOBODY, "EntryNumber": number, "ExternalLinkReference": reference}
        )
    assert restored(office) == []


def test_two_entries_of_one_payable_are_told(office: Office) -> None:
    office.deliver(*many(1))
    office.export()
    twice = office.exact.records[ENTRIES]
    twice.append(twice[0] | {"EntryNumber": 7, "ExternalLinkReference": f" {twice[0]['ExternalLinkReference']} "})
    go_back(office)
    (one,) = restored(office)
    assert one.told == "2 entries, delete all but one; marked as exported"
    assert f"entries 7, {twice[0]['EntryNumber']}" in office.whys()[-1]
