"""Every error leads to a page of the runbook, and every page of it is led to."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest
from sqlalchemy import text

from exactsync import errors
from exactsync.credentials import EndReason
from exactsync.errors import ConsentReason, ExactSyncError
from exactsync.warehouse.engine import create_engine
from exactsync_airflow.recovery import diagnose

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
RUNBOOK = ROOT / "docs" / "runbook"
PAGES = sorted(page for page in RUNBOOK.glob("*.md") if page.name != "README.md")
QUESTIONS = ("What you see", "What it means", "What to do", "How to check")
LATER = datetime(2030, 1, 1, tzinfo=UTC)


def kinds(base: type[ExactSyncError] = ExactSyncError) -> Iterator[type[ExactSyncError]]:
    for kind in base.__subclasses__():
        if kind.__module__ == errors.__name__:
            yield kind
        yield from kinds(kind)


def variants(kind: type[ExactSyncError]) -> Iterator[ExactSyncError]:
    """Make an error of each kind, once for each part of its page."""
    match kind.__name__:
        case "QuotaExhaustedError":
            yield from (kind("m", retry_at=LATER, window=window) for window in ("minute", "day", "errors"))
        case "TokenPendingError":
            yield from (kind("m", retry_at=LATER, is_refused=refused) for refused in (True, False))
        case "DatasetBusyError":
            yield kind("m", retry_at=LATER, holder="h")
        case "ReauthorisationRequiredError":
            yield from (kind("m", reason=reason) for reason in get_args(EndReason))
        case "ConsentError":
            yield from (kind("m", reason=reason) for reason in get_args(ConsentReason))
        case "RefusedByExactError":
            yield kind("m", status=500)
        case _ if issubclass(kind, errors.RetryLaterError) and kind is not errors.DatabaseUnavailableError:
            yield kind("m", retry_at=LATER)
        case _:
            yield kind("m")


ALL = [error for kind in dict.fromkeys(kinds()) for error in variants(kind)]


@pytest.mark.parametrize("error", ALL, ids=lambda error: f"{type(error).__name__}-{error.part}")
def test_every_error_ends_with_an_address_that_is_there(error: ExactSyncError) -> None:
    path, _, part = error.runbook.partition("#")
    assert str(error).endswith(f"More: {error.runbook}")
    page = ROOT / path
    assert page.is_file()
    assert not part or re.search(rf"^## {re.escape(part)}$", page.read_text(), re.MULTILINE)


def test_what_nobody_foresaw_has_a_page_too() -> None:
    message = diagnose(MemoryError("out")).message
    assert message.endswith("More: docs/runbook/unforeseen.md")
    assert (RUNBOOK / "unforeseen.md").is_file()


def test_every_page_is_led_to_by_an_error_and_by_the_contents() -> None:
    led_to = {error.page for error in ALL} | {"unforeseen"}
    assert {page.stem for page in PAGES} == led_to
    listed = set(re.findall(r"^\| \[([a-z-]+)\]", (RUNBOOK / "README.md").read_text(), re.MULTILINE))
    assert listed == led_to


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_page_answers_what_on_call_asks(page: Path) -> None:
    told = page.read_text()
    missing = [question for question in QUESTIONS if f"**{question}.**" not in told]
    assert missing == []


def test_every_query_of_the_runbook_runs(migrated_database: str) -> None:
    queries = [
        (page.stem, query.strip().rstrip(";"))
        for page in PAGES
        for query in re.findall(r"```sql\n(.*?)```|`(SELECT .*?)`", page.read_text(), re.DOTALL)
        for query in query
        if query
    ]
    assert len(queries) >= 6
    engine = create_engine(migrated_database)
    for page, query in queries:
        with engine.connect() as connection:
            assert connection.execute(text(query)).keys(), page
    engine.dispose()
