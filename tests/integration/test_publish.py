"""Staging and publishing on a real PostgreSQL: what readers see, and what a retry, a crash or a rival leaves."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from sqlalchemy import text

from exactsync.entities import entities
from exactsync.entity import ColumnType, Entity
from exactsync.errors import DatasetBusyError, DefectError, GuardError
from exactsync.load import DivisionRef, LoadResult, Mode, Run
from exactsync.normalise import normalise_page
from exactsync.warehouse import deletions, loads, state
from exactsync.warehouse.deletions import Deletion
from exactsync.warehouse.engine import create_engine
from exactsync.warehouse.guard import USUAL_SHARE, DeletionGuard
from exactsync.warehouse.leases import Lease, lease
from exactsync.warehouse.publish import publish

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

DIVISION = 1000001
REF = DivisionRef(integration="nl", division=DIVISION, name="Demo Holding", country="NL")
SUPPLIERS, COST_CENTERS = entities()["suppliers"], entities()["cost_centers"]
SUPPLIER_TYPE = 2


@pytest.fixture
def engine(migrated_database: str) -> Iterator[Engine]:
    engine = create_engine(migrated_database)
    yield engine
    engine.dispose()


def key(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def record(entity: Entity, number: int, stamp: int | None = None, **values: Any) -> dict[str, Any]:
    """A record of Exact: every property, null unless it has to be there."""
    blank: dict[str, Any] = {column.source: None for column in entity.columns}
    blank |= {column.source: False for column in entity.columns if column.type is ColumnType.BOOLEAN}
    blank |= {"ID": key(number), "Code": f"  {number}", "IsSupplier": True, "Timestamp": str(stamp)}
    return blank | values


def stage(
    engine: Engine, held: Lease, entity: Entity, load: loads.Load, *records: dict[str, Any], more: str | None = None
) -> loads.Load:
    page = normalise_page(entity, records, load_id=load.load_id, first_seq=load.rows_read)
    stamps = [int(entry["Timestamp"]) for entry in records if entry["Timestamp"] != "None"]
    return loads.stage_page(
        engine,
        held,
        entity,
        load,
        page,
        rows_read=len(records),
        next_url=more,
        watermark_read=max(stamps, default=None),
        calls=1,
        seconds=0.1,
    )


def load_all(
    engine: Engine,
    entity: Entity,
    *records: dict[str, Any],
    mode: Mode = "full",
    confirm_deletions: bool = False,
    share: float = USUAL_SHARE,
) -> LoadResult:
    run, guard = Run(run_id="test", holder="test"), DeletionGuard(share=share, is_confirmed=confirm_deletions)
    with lease(engine, division=DIVISION, entity=entity.name, holder="test") as held:
        load = loads.open_load(engine, held, entity, mode, None if mode == "full" else 1)
        load = stage(engine, held, entity, load, *records)
        return publish(engine, held, entity, load, ref=REF, run=run, guard=guard)


def delete_at_exact(engine: Engine, number: int, stamp: int) -> dict[str, int]:
    with lease(engine, division=DIVISION, entity="deletions", holder="test") as held:
        with engine.connect() as connection:
            since = state.read_state(connection, DIVISION, "deletions").watermark
        entry = Deletion(entity_type=SUPPLIER_TYPE, key=UUID(key(number)), source_timestamp=stamp)
        return deletions.apply_page(
            engine,
            held,
            [SUPPLIERS, entities()["gl_accounts"]],
            [entry],
            since=since,
            watermark=stamp,
            ref=REF,
            run=Run(run_id="test", holder="test"),
        )


def live(engine: Engine, entity: Entity, column: str = "code") -> list[str]:
    query = f'SELECT {column} FROM exact_online."{entity.name}" WHERE _deleted_at IS NULL ORDER BY {column}'
    with engine.connect() as connection:
        return list(connection.scalars(text(query)))


def scalar(engine: Engine, query: str) -> Any:
    with engine.connect() as connection:
        return connection.scalar(text(query))


def test_nothing_is_visible_before_the_last_page_and_everything_after(engine: Engine) -> None:
    with lease(engine, division=DIVISION, entity="suppliers", holder="test") as held:
        load = loads.open_load(engine, held, SUPPLIERS, "full", None)
        load = stage(engine, held, SUPPLIERS, load, record(SUPPLIERS, 1, 10), more="https://exact/next")
        assert live(engine, SUPPLIERS) == []
        load = stage(engine, held, SUPPLIERS, load, record(SUPPLIERS, 2, 11))
        assert live(engine, SUPPLIERS) == []
        run = Run(run_id="test", holder="test")
        result = publish(engine, held, SUPPLIERS, load, ref=REF, run=run, guard=DeletionGuard())
    assert live(engine, SUPPLIERS) == ["1", "2"]
    assert (result.inserted, result.rows_read, result.calls, result.watermark_after) == (2, 2, 2, 11)
    assert scalar(engine, "SELECT count(*) FROM exactsync_staging.suppliers") == 0


def test_a_load_with_pages_missing_cannot_be_published(engine: Engine) -> None:
    with lease(engine, division=DIVISION, entity="suppliers", holder="test") as held:
        load = loads.open_load(engine, held, SUPPLIERS, "full", None)
        load = stage(engine, held, SUPPLIERS, load, record(SUPPLIERS, 1, 10), more="https://exact/next")
        with pytest.raises(DefectError, match="before all its pages"):
            publish(engine, held, SUPPLIERS, load, ref=REF, run=Run(run_id="t", holder="t"), guard=DeletionGuard())


def test_a_retry_goes_on_behind_the_last_staged_page(engine: Engine) -> None:
    with lease(engine, division=DIVISION, entity="suppliers", holder="test") as held:
        load = loads.open_load(engine, held, SUPPLIERS, "full", None)
        stage(engine, held, SUPPLIERS, load, record(SUPPLIERS, 1, 10), more="https://exact/page2")
    with lease(engine, division=DIVISION, entity="suppliers", holder="test") as held:
        resumed = loads.open_load(engine, held, SUPPLIERS, "full", None)
    assert (resumed.load_id, resumed.next_url, resumed.next_page) == (load.load_id, "https://exact/page2", 2)


def test_a_load_of_another_mode_begins_anew_and_leaves_no_staged_rows(engine: Engine) -> None:
    with lease(engine, division=DIVISION, entity="suppliers", holder="test") as held:
        load = loads.open_load(engine, held, SUPPLIERS, "full", None)
        stage(engine, held, SUPPLIERS, load, record(SUPPLIERS, 1, 10), more="https://exact/page2")
        fresh = loads.open_load(engine, held, SUPPLIERS, "incremental", 5)
    assert fresh.load_id != load.load_id
    assert fresh.pages == 0
    assert scalar(engine, "SELECT count(*) FROM exactsync_staging.suppliers") == 0


def test_an_unchanged_row_is_not_written_again(engine: Engine) -> None:
    load_all(engine, SUPPLIERS, record(SUPPLIERS, 1, 10, Name="a"), record(SUPPLIERS, 2, 11, Name="b"))
    before = scalar(engine, "SELECT string_agg(xmin::text, ',' ORDER BY id) FROM exact_online.suppliers")
    result = load_all(engine, SUPPLIERS, record(SUPPLIERS, 1, 10, Name="a"), record(SUPPLIERS, 2, 11, Name="b"))
    assert (result.outcome, result.unchanged, result.updated) == ("unchanged", 2, 0)
    assert scalar(engine, "SELECT string_agg(xmin::text, ',' ORDER BY id) FROM exact_online.suppliers") == before


def test_a_changed_row_is_updated_and_says_by_which_load(engine: Engine) -> None:
    load_all(engine, SUPPLIERS, record(SUPPLIERS, 1, 10, Name="a"), record(SUPPLIERS, 2, 11, Name=None))
    result = load_all(engine, SUPPLIERS, record(SUPPLIERS, 2, 12, Name=""), mode="incremental")
    assert (result.updated, result.unchanged) == (1, 0)
    rows = scalar(engine, f"SELECT name FROM exact_online.suppliers WHERE _load_id = {result.load_id}")
    assert rows == ""  # an empty text is not a null


def test_of_a_record_on_two_pages_the_later_version_wins(engine: Engine) -> None:
    result = load_all(engine, SUPPLIERS, record(SUPPLIERS, 1, 10, Name="old"), record(SUPPLIERS, 1, 12, Name="new"))
    assert result.inserted == 1
    assert scalar(engine, "SELECT name FROM exact_online.suppliers") == "new"


def test_a_full_reading_soft_deletes_what_it_did_not_see(engine: Engine) -> None:
    load_all(engine, COST_CENTERS, *(record(COST_CENTERS, number) for number in (1, 2, 3)))
    result = load_all(engine, COST_CENTERS, *(record(COST_CENTERS, number) for number in (1, 3)))
    assert (result.deleted, result.unchanged) == (1, 2)
    assert live(engine, COST_CENTERS) == ["1", "3"]
    assert scalar(engine, "SELECT count(*) FROM exact_online.cost_centers") == 3


def test_a_deleted_row_that_is_back_lives_again(engine: Engine) -> None:
    load_all(engine, COST_CENTERS, record(COST_CENTERS, 1), record(COST_CENTERS, 2))
    load_all(engine, COST_CENTERS, record(COST_CENTERS, 1))
    result = load_all(engine, COST_CENTERS, record(COST_CENTERS, 1), record(COST_CENTERS, 2))
    assert (result.updated, live(engine, COST_CENTERS)) == (1, ["1", "2"])


@pytest.mark.parametrize("left", [0, 40])
def test_an_implausible_deletion_stops_until_it_is_confirmed(engine: Engine, left: int) -> None:
    load_all(engine, COST_CENTERS, *(record(COST_CENTERS, number) for number in range(60)))
    rest = [record(COST_CENTERS, number) for number in range(left)]
    with pytest.raises(GuardError, match=rf"would delete {60 - left} of the 60 live ones.*confirm_deletions"):
        load_all(engine, COST_CENTERS, *rest)
    assert len(live(engine, COST_CENTERS)) == 60
    assert load_all(engine, COST_CENTERS, *rest, confirm_deletions=True).deleted == 60 - left


def test_an_implausible_share_of_suppliers_that_are_none_any_more_stops_too(engine: Engine) -> None:
    load_all(engine, SUPPLIERS, *(record(SUPPLIERS, number, 10) for number in range(60)))
    customers = [record(SUPPLIERS, number, 11, IsSupplier=False) for number in range(20)]
    for mode, told in (("incremental", "incremental, 0 rows"), ("full", "full, 40 rows")):
        rest = [record(SUPPLIERS, number, 10) for number in range(20, 60)] if mode == "full" else []
        with pytest.raises(GuardError) as refused:
            load_all(engine, SUPPLIERS, *customers, *rest, mode=mode)
        assert refused.value.message == (
            f"This load ({told}) would delete 20 of the 60 live ones, more than 20%. Nothing was changed."
        )
        assert "run the sync again with confirm_deletions (command line: --confirm-deletions)" in str(refused.value)
        assert len(live(engine, SUPPLIERS)) == 60
    assert load_all(engine, SUPPLIERS, *customers, mode="incremental", confirm_deletions=True).deleted == 20


def test_an_implausible_share_of_bank_accounts_whose_suppliers_are_gone_stops_too(engine: Engine) -> None:
    accounts = entities()["supplier_bank_accounts"]
    load_all(engine, SUPPLIERS, *(record(SUPPLIERS, number, 10) for number in range(30)))
    load_all(engine, accounts, *(record(accounts, number, Account=key(number)) for number in range(30)))
    for number in range(7):
        delete_at_exact(engine, number, stamp=20)
    with pytest.raises(GuardError, match=r"incremental, 0 rows\) would delete 7 of the 30 live ones, more than 20%"):
        load_all(engine, accounts, mode="incremental")
    assert len(live(engine, accounts, "id")) == 30
    assert load_all(engine, accounts, mode="incremental", confirm_deletions=True).deleted == 7


def test_the_share_that_may_go_unasked_is_a_setting(engine: Engine) -> None:
    load_all(engine, COST_CENTERS, *(record(COST_CENTERS, number) for number in range(60)))
    rest = [record(COST_CENTERS, number) for number in range(40)]
    with pytest.raises(GuardError, match="more than 30%"):
        load_all(engine, COST_CENTERS, *rest, share=0.3)
    assert load_all(engine, COST_CENTERS, *rest, share=0.4).deleted == 20


def test_a_row_that_cannot_be_read_is_quarantined_and_its_old_version_stays(engine: Engine) -> None:
    load_all(engine, COST_CENTERS, record(COST_CENTERS, 1), record(COST_CENTERS, 2))
    result = load_all(engine, COST_CENTERS, record(COST_CENTERS, 1), record(COST_CENTERS, 2, Description=5))
    assert (result.quarantined, result.deleted) == (1, 0)
    assert live(engine, COST_CENTERS) == ["1", "2"]
    assert "Description" in scalar(engine, "SELECT reason FROM exactsync.quarantine")
    load_all(engine, COST_CENTERS, record(COST_CENTERS, 1), record(COST_CENTERS, 2, Description="mended"))
    assert scalar(engine, "SELECT count(*) FROM exactsync.quarantine") == 0


def test_nothing_is_deleted_by_comparison_while_a_record_hides_its_key(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    load_all(engine, COST_CENTERS, record(COST_CENTERS, 1), record(COST_CENTERS, 2))
    with caplog.at_level(logging.WARNING):
        result = load_all(engine, COST_CENTERS, record(COST_CENTERS, 1), record(COST_CENTERS, 2, ID="?"))
    assert (result.deleted, live(engine, COST_CENTERS)) == (0, ["1", "2"])
    assert "not even their key" in caplog.text


def test_a_relation_that_stops_being_a_supplier_is_deleted_and_customers_are_never_stored(engine: Engine) -> None:
    load_all(engine, SUPPLIERS, record(SUPPLIERS, 1, 10), record(SUPPLIERS, 2, 11, IsSupplier=False))
    assert scalar(engine, "SELECT count(*) FROM exact_online.suppliers") == 1
    result = load_all(engine, SUPPLIERS, record(SUPPLIERS, 1, 12, IsSupplier=False), mode="incremental")
    assert (result.deleted, live(engine, SUPPLIERS)) == (1, [])


def test_a_late_retry_does_not_raise_the_dead(engine: Engine) -> None:
    with lease(engine, division=DIVISION, entity="suppliers", holder="test") as held:
        load = loads.open_load(engine, held, SUPPLIERS, "full", None)
        load = stage(engine, held, SUPPLIERS, load, record(SUPPLIERS, 1, 10), record(SUPPLIERS, 2, 11))
        delete_at_exact(engine, 1, stamp=20)  # between its page and the publish
        run = Run(run_id="test", holder="test")
        publish(engine, held, SUPPLIERS, load, ref=REF, run=run, guard=DeletionGuard())
    assert live(engine, SUPPLIERS) == ["2"]


def test_a_deletion_is_applied_once_and_a_newer_version_lives(engine: Engine) -> None:
    load_all(engine, SUPPLIERS, record(SUPPLIERS, 1, 10), record(SUPPLIERS, 2, 11))
    assert delete_at_exact(engine, 1, stamp=20) == {"suppliers": 1, "gl_accounts": 0}
    assert delete_at_exact(engine, 1, stamp=20)["suppliers"] == 0
    assert live(engine, SUPPLIERS) == ["2"]
    load_all(engine, SUPPLIERS, record(SUPPLIERS, 1, 21), mode="incremental")
    assert live(engine, SUPPLIERS) == ["1", "2"]


def test_one_data_set_has_one_reader_and_the_loser_learns_who(engine: Engine) -> None:
    with (
        lease(engine, division=DIVISION, entity="suppliers", holder="hourly run"),
        pytest.raises(DatasetBusyError, match="hourly run") as refused,
        lease(engine, division=DIVISION, entity="suppliers", holder="full refresh"),
    ):
        pass
    assert refused.value.holder == "hourly run"


def test_a_reader_who_lost_the_lease_can_neither_stage_nor_publish(engine: Engine) -> None:
    with lease(engine, division=DIVISION, entity="suppliers", holder="hourly run") as late:
        load = loads.open_load(engine, late, SUPPLIERS, "full", None)
        load = stage(engine, late, SUPPLIERS, load, record(SUPPLIERS, 1, 10))
        with lease(engine, division=DIVISION, entity="suppliers", holder="hourly run"):
            with pytest.raises(DatasetBusyError):
                stage(engine, late, SUPPLIERS, load, record(SUPPLIERS, 2, 11))
            with pytest.raises(DatasetBusyError):
                publish(engine, late, SUPPLIERS, load, ref=REF, run=Run(run_id="t", holder="t"), guard=DeletionGuard())
    assert live(engine, SUPPLIERS) == []


def test_the_lease_of_a_dead_process_of_this_host_passes_on_at_once(engine: Engine) -> None:
    with lease(engine, division=DIVISION, entity="suppliers", holder="killed"):
        with engine.begin() as connection:
            connection.execute(text("UPDATE exactsync.leases SET pid = 2147483646"))
        with lease(engine, division=DIVISION, entity="suppliers", holder="next") as held:
            assert held.holder == "next"


def test_the_log_keeps_changes_and_only_the_last_load_without_one(engine: Engine) -> None:
    for name in ("a", "a", "a", "b", "b"):
        load_all(engine, SUPPLIERS, record(SUPPLIERS, 1, 10, Name=name))
    assert scalar(engine, "SELECT array_agg(outcome ORDER BY load_id) FROM exactsync.load_log") == [
        "published",
        "published",
        "unchanged",
    ]


def test_hostile_texts_arrive_unchanged(engine: Engine) -> None:
    texts = [
        "\\N",
        "NULL",
        "",
        "a\tb\nc\rd\\",
        "'\";--",
        "\\.",
        "👩🏽‍💻\u202e\u05e9\u05dc",
        "x" * 2000,
        "\v\f\x01\x7f\ufeff",
    ]
    records = [record(COST_CENTERS, number, Description=value) for number, value in enumerate(texts)]
    load_all(engine, COST_CENTERS, *records)
    with engine.connect() as connection:
        stored = connection.scalars(text("SELECT description FROM exact_online.cost_centers ORDER BY id"))
        assert list(stored) == texts
