"""A folder of files, here or in an object store, is a source of payables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import fsspec
import pytest

from exactsync.errors import ConfigurationError, SkippableRecordError
from exactsync.payable import Receipt
from exactsync.payables.files.folder import Folder
from tests.unit.payables.files.test_reading import TWO_LINES

if TYPE_CHECKING:
    from pathlib import Path


def test_files_are_read_in_the_order_of_their_names_and_the_last_word_counts(tmp_path: Path) -> None:
    (tmp_path / "2026-03.csv").write_text(TWO_LINES)
    (tmp_path / "2026-04.csv").write_text(TWO_LINES.replace("F-7", "F-7b"))
    (tmp_path / "notes.txt").write_text("not for us")
    (tmp_path / "r").mkdir()
    payables, refused = Folder("files", str(tmp_path)).payables()
    assert [(payable.id, payable.number) for payable in payables] == [("P1", "F-7b"), ("P2", "C-1")]
    assert refused == []


def test_a_file_that_cannot_be_read_harms_no_other(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "a.csv").write_text("nonsense")
    (tmp_path / "b.csv").write_text(TWO_LINES.replace("2026-03-30", "soon"))
    payables, refused = Folder("files", str(tmp_path)).payables()
    assert [payable.id for payable in payables] == ["P1"]
    assert [one.file for one in refused] == ["a.csv", "b.csv"]
    assert "b.csv, line 4, payable_date: 'soon' is no day" in caplog.text


def test_receipts_lie_beside_the_files(tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "1.pdf").write_bytes(b"%PDF-1.4")
    folder = Folder("files", str(tmp_path))
    assert folder.fetch(Receipt(url="r/1.pdf", media_type="application/pdf")) == b"%PDF-1.4"
    with pytest.raises(SkippableRecordError, match=r"r/2\.pdf is not in"):
        folder.fetch(Receipt(url="r/2.pdf", media_type="application/pdf"))


def test_an_object_store_is_a_folder_like_any_other() -> None:
    store = fsspec.filesystem("memory")
    store.pipe("/bucket/payables/march.csv", TWO_LINES.encode())
    store.pipe("/bucket/payables/r/1.pdf", b"%PDF")
    folder = Folder("files", "memory://bucket/payables")
    assert [payable.id for payable in folder.payables()[0]] == ["P1", "P2"]
    assert folder.fetch(Receipt(url="r/1.pdf", media_type="application/pdf")) == b"%PDF"


@pytest.mark.parametrize("url", ["/no/such/folder", "gopher://somewhere/payables"])
def test_a_folder_that_is_not_there_is_named(url: str) -> None:
    with pytest.raises(ConfigurationError, match=url):
        Folder("files", url).payables()
