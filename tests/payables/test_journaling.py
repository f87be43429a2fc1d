"""While the accounting base is files, each payable is in one purchase journal, once, whatever dies in between."""

from __future__ import annotations

import csv
import threading
from decimal import Decimal
from typing import TYPE_CHECKING

import fsspec
import pytest
from sqlalchemy import text

from exactsync import failpoints
from exactsync.errors import ConfigurationError
from exactsync.load import Run
from exactsync.payables import journaling, preparing
from exactsync.payables.journaling import Journaling
from exactsync.payables.lifecycle import State
from exactsync.payables.preflight import check_for_file
from exactsync.payables.reporting import count_untold
from exactsync.payables.rows import Actor, Key
from exactsync.payables.sources import read_mapping, read_sources
from exactsync.payables.wanted import Wanted
from tests.payables.conftest import SOURCE, changed, many
from tests.unit.payables.company import invoice

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from exactsync.payable import Payable
    from tests.payables.conftest import Office

CRASHES = ("export.planned", "export.written", "export.filed")


@pytest.fixture(autouse=True)
def nothing_planted() -> Iterator[None]:
    yield
    failpoints.plant("")


def deliver(office: Office, *payables: Payable) -> None:
    """Let payables come, and be checked as far as that can be done without Exact."""
    office.outbox.receive(payables, actor=Actor(name="source"))
    with office.engine.connect() as connection:
        mapping = read_mapping(connection, read_sources(connection)[SOURCE].source)
    preparing.prepare(office.engine, SOURCE, lambda one: check_for_file(one, mapping), actor=Actor(name="prepare"))


def write(office: Office, folder: Path | str, wanted: Wanted | None = None, *, run: str = "run") -> list[str]:
    with office.engine.connect() as connection:
        info = read_sources(connection)[SOURCE]
    return Journaling(office.engine, str(folder), Run(run_id=run, holder="worker")).export(info, wanted or Wanted())


def written(folder: Path) -> list[str]:
    """The payables in all the files of a folder, each as often as it is owed to somebody there."""
    rows = [row for path in sorted(folder.glob("*.csv")) for row in csv.DictReader(path.open(newline=""))]
    for number in {row["payable_id"] for row in rows}:
        ours = [row for row in rows if row["payable_id"] == number]
        debit, credit = (sum(Decimal(row[side] or 0) for row in ours) for side in ("debit", "credit"))
        assert debit == credit
    return sorted(row["payable_id"] for row in rows if row["credit"])


def test_what_is_prepared_is_written_whole_and_is_exported_by_the_files_name(office: Office, tmp_path: Path) -> None:
    deliver(office, *many(3), invoice(id="wrong", number="4", lines=()))
    (name,) = write(office, tmp_path / "new")
    assert [path.name for path in (tmp_path / "new").iterdir()] == [name]
    assert written(tmp_path / "new") == ["p-1", "p-2", "p-3"]
    for payable in ("p-1", "p-2", "p-3"):
        row = office.row(payable)
        assert (row.state, row.journal_file, row.entry_id) == (State.EXPORTED, name, None)
        assert office.whys(payable)[-2:] == [f"It goes into {name}.", f"Written to {name}."]
    assert (office.row("wrong").state, count_untold(office.engine, SOURCE)) == (State.BLOCKED, 3)
    assert (write(office, tmp_path / "new"), office.exact.posts) == ([], [])


@pytest.mark.parametrize("point", CRASHES)
def test_a_crash_at_any_point_neither_loses_nor_doubles_a_payable(office: Office, tmp_path: Path, point: str) -> None:
    deliver(office, *many(3))
    failpoints.plant(f"{point}=fail")
    with pytest.raises(failpoints.FailpointError):
        write(office, tmp_path, Wanted(payables=["p-1", "p-2"]))
    failpoints.plant("")
    deliver(office, *many(3), changed(many(1)[0], description="Edited meanwhile"))
    write(office, tmp_path, run="next")
    assert written(tmp_path) == ["p-1", "p-2", "p-3"]
    assert {office.row(each).state for each in ("p-1", "p-2", "p-3")} == {State.EXPORTED}
    assert (office.row("p-1").is_edited, len(list(tmp_path.iterdir()))) == (True, 2)


def test_what_dies_while_it_writes_leaves_no_half_of_a_file(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(office, *many(2))
    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", _full)
        with pytest.raises(ConfigurationError, match=r"cannot be written.*disk is full"):
            write(office, tmp_path)
    assert list(tmp_path.glob("*.csv")) == []
    assert office.row().state is State.EXPORTING
    write(office, tmp_path)
    assert written(tmp_path) == ["p-1", "p-2"]


def _full(_file: int) -> None:
    raise OSError("the disk is full")


def test_a_payable_on_its_way_into_a_file_is_never_booked_at_exact(office: Office, tmp_path: Path) -> None:
    deliver(office, *many(1))
    failpoints.plant("export.planned=fail")
    with pytest.raises(failpoints.FailpointError):
        write(office, tmp_path)
    office.pass_time(100_000)
    assert (office.export(), office.exact.posts) == (0, [])
    assert office.row().state is State.EXPORTING


def test_two_exports_at_once_write_each_payable_once(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journaling, "MOST", 3)
    deliver(office, *many(20))
    workers = [threading.Thread(target=write, args=(office, tmp_path)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    write(office, tmp_path)
    assert written(tmp_path) == sorted(f"p-{number}" for number in range(1, 21))


def test_a_name_is_given_once_even_after_a_backup_was_restored(office: Office, tmp_path: Path) -> None:
    deliver(office, *many(2))
    (first,) = write(office, tmp_path, Wanted(payables=["p-1"]))
    office.execute("ALTER SEQUENCE exactsync.purchase_journal_number RESTART")
    (second,) = write(office, tmp_path)
    assert first != second
    assert written(tmp_path) == ["p-1", "p-2"]


def test_an_object_store_takes_a_file_in_one_piece(office: Office) -> None:
    deliver(office, *many(1))
    (name,) = write(office, "memory://journals")
    content = fsspec.filesystem("memory").cat_file(f"/journals/{name}").decode()
    assert content.startswith("journal,entry_date,")
    assert "2026-1" in content


def test_what_was_written_is_kept_nowhere_else(office: Office, tmp_path: Path) -> None:
    deliver(office, *many(1))
    (name,) = write(office, tmp_path)
    with office.engine.connect() as connection:
        (kept,) = connection.execute(text("SELECT name, payables, content FROM exactsync.purchase_journals"))
    assert tuple(kept) == (name, ["p-1"], "")


def test_what_no_longer_passes_is_blocked_and_the_others_go(office: Office, tmp_path: Path) -> None:
    deliver(office, *many(2))
    office.execute(
        """
        UPDATE exactsync.payables_outbox SET payable = jsonb_set(payable, '{lines,0,vat_account_code}', 'null')
        WHERE payable_id = 'p-1'
        """
    )
    write(office, tmp_path)
    assert written(tmp_path) == ["p-2"]
    assert (office.row("p-1").state, office.row("p-1").reasons[0]["check"]) == (State.BLOCKED, "vat_account_missing")


def test_nothing_is_taken_up_as_long_as_nobody_says_where_to(office: Office) -> None:
    deliver(office, *many(1))
    with office.engine.connect() as connection:
        info = read_sources(connection)[SOURCE]
    with pytest.raises(ConfigurationError, match="EXACTSYNC_JOURNALS_URL"):
        Journaling(office.engine, None, Run(run_id="run", holder="worker")).export(info, Wanted())
    assert (office.row().state, len(office.outbox.history(Key(SOURCE, "p-1")))) == (State.PREPARED, 2)
