"""Keeping house: what goes, what stays, and a person who is forgotten and stays so."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from exactsync.entities import entities
from exactsync.errors import ConfigurationError
from exactsync.simulator import Company, Settings, Simulator, SimulatorServer
from exactsync.warehouse import retention
from exactsync.warehouse.engine import create_engine
from tests.integration.command_line import CommandLine, finish

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.integration.conftest import Installation

DIVISION = 1000001
OURS = Settings(companies=(Company(code=DIVISION, name="Demo", country="NL"),))
PERSON = {"Code": "77", "Name": "J. de Vries", "Email": "j.devries@example.test", "IsSupplier": True}

_LOGGED = """
INSERT INTO exactsync.load_log (load_id, integration, division, entity, mode, outcome, rows_read, inserted, updated,
    deleted, unchanged, quarantined, characters_dropped, calls, seconds, run_id, try_number, published_at)
VALUES (:load_id, 'nl', 1, 'suppliers', :mode, 'published', 1, 1, 0, 0, 0, 0, 0, 1, 1, 'r', 1,
    now() - make_interval(days => :age))
"""

_PAYABLE = """
INSERT INTO exactsync.payables_outbox (source, payable_id, state, payable, fingerprint, reference, kind, currency,
    amount, entry_date, counterparty)
VALUES ('spendesk', :id, :state, '{}', '', :id, 'invoice', 'EUR', 1, '2026-11-20', 'Acme')
"""
_DECIDED = """
INSERT INTO exactsync.payables_outbox_history (source, payable_id, at, to_state, why, actor)
VALUES ('spendesk', :id, now() - :years * interval '365.25 days', 'blocked', 'seen', 'mara')
"""
_TABLES = """
SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace::regnamespace::text LIKE 'exact%'
"""


@pytest.fixture
def installation(install: Callable[[Settings], Installation]) -> Installation:
    return install(OURS)


def execute(installation: Installation, statement: str, *rows: dict[str, Any]) -> None:
    with installation.engine.begin() as connection:
        connection.execute(text(statement), rows or None)


def values(installation: Installation, query: str) -> list[Any]:
    with installation.engine.connect() as connection:
        return list(connection.scalars(text(query)))


def everything_stored(installation: Installation) -> str:
    """Every row of every table, as text."""
    tables = values(installation, _TABLES)
    rows = [row for table in tables for row in values(installation, f"SELECT t::text FROM {table} AS t")]
    quarantined = values(installation, "SELECT encode(record, 'escape') FROM exactsync.quarantine")
    return "\n".join([*rows, *quarantined])


def test_old_loads_go_but_the_last_of_each_data_set_and_what_was_erased_stay(installation: Installation) -> None:
    loads = [(1, "full", 900), (2, "erasure", 800), (3, "full", 500), (4, "full", 401)]
    execute(installation, _LOGGED, *({"load_id": load, "mode": mode, "age": age} for load, mode, age in loads))
    assert installation.deployment.housekeeping.maintain()["load_log"] == 2
    assert values(installation, "SELECT load_id FROM exactsync.load_log WHERE division = 1 ORDER BY 1") == [2, 4]
    assert installation.deployment.housekeeping.maintain()["load_log"] == 0


def test_much_goes_in_small_steps(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 4)
    execute(installation, _LOGGED, *({"load_id": load, "mode": "full", "age": 500 - load} for load in range(11)))
    assert installation.deployment.housekeeping.maintain({"load_log": 30})["load_log"] == 10


def test_the_journal_keeps_the_step_that_led_to_where_an_integration_stands(installation: Installation) -> None:
    execute(installation, "UPDATE exactsync.integration_journal SET at = at - interval '10 years'")
    before = values(installation, "SELECT id FROM exactsync.integration_journal ORDER BY id")
    assert len(before) > 1
    installation.deployment.housekeeping.maintain()
    assert values(installation, "SELECT id FROM exactsync.integration_journal") == before[-1:]


def test_what_was_decided_about_a_payable_is_kept_as_long_as_books_are_and_all_of_it_until_it_is_booked(
    installation: Installation,
) -> None:
    execute(
        installation, "INSERT INTO exactsync.payable_sources (source, kind, actor) VALUES ('spendesk', 'spendesk', 'm')"
    )
    for payable_id, state in (("booked", "exported_manually"), ("open", "blocked")):
        execute(installation, _PAYABLE, {"id": payable_id, "state": state})
        execute(installation, _DECIDED, *({"id": payable_id, "years": years} for years in (12, 11.1, 10, 0)))
    execute(installation, _DECIDED, {"id": "long ago", "years": 12})
    assert installation.deployment.housekeeping.maintain()["payables_outbox_history"] == 2
    ages = "SELECT round(extract(epoch FROM now() - at) / 86400 / 365.25) FROM exactsync.payables_outbox_history "
    assert values(installation, f"{ages} WHERE payable_id = 'booked' ORDER BY id") == [10, 0]
    assert values(installation, f"{ages} WHERE payable_id = 'open' ORDER BY id") == [12, 11, 10, 0]
    execute(installation, "UPDATE exactsync.payables_outbox_history SET at = at - interval '20 years'")
    installation.deployment.housekeeping.maintain()
    assert values(installation, f"{ages} WHERE payable_id = 'booked'") == [20]


def test_a_load_that_nobody_finishes_goes_with_its_pages_and_one_under_way_stays(installation: Installation) -> None:
    load = "INSERT INTO exactsync.loads (division, entity, mode, started_at) VALUES (:division, 'suppliers', 'full', "
    execute(installation, load + "now() - interval '61 days')", {"division": 1}, {"division": 2})
    execute(installation, load + "now() - interval '40 days')", {"division": 3})
    execute(
        installation,
        "INSERT INTO exactsync.leases VALUES (2, 'suppliers', 'me', 'here', 1, 1, now(), now() + interval '1 min')",
    )
    execute(
        installation,
        "INSERT INTO exactsync_staging.suppliers (_load_id, id) SELECT load_id, gen_random_uuid() FROM exactsync.loads",
    )
    assert installation.deployment.housekeeping.maintain()["loads"] == 1
    assert values(installation, "SELECT division FROM exactsync.loads ORDER BY 1") == [2, 3]
    assert values(installation, "SELECT count(*) FROM exactsync_staging.suppliers") == [2]


@pytest.mark.parametrize(
    ("chosen", "complaint"),
    [
        ({"grants": 1}, "There is no retention for 'grants'"),
        ({"tombstones": 30}, "tombstones must be kept for 90 days at least"),
        ({"payables_outbox_history": 2556}, "payables_outbox_history must be kept for 2557 days at least"),
    ],
)
def test_what_is_still_needed_cannot_be_thrown_away(
    installation: Installation, chosen: dict[str, int], complaint: str
) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        installation.deployment.housekeeping.maintain(chosen)


def test_every_table_of_ours_keeps_its_rows_for_a_stated_time(installation: Installation) -> None:
    tables = set(values(installation, "SELECT tablename::text FROM pg_tables WHERE schemaname = 'exactsync'"))
    assert tables == set(retention.days_kept({})) | set(retention.KEPT)


def test_a_person_is_erased_everywhere_and_stays_so_whatever_exact_says(installation: Installation) -> None:
    exact = installation.simulator
    key = exact.insert(DIVISION, "Accounts", PERSON).key
    exact.insert(DIVISION, "Accounts", {"Code": "78", "Name": "Somebody Else", "IsSupplier": True})
    installation.sync("suppliers")
    exact.update(DIVISION, "Accounts", key, {"Email": "jan.devries@example.test"})
    installation.sync("suppliers")
    execute(
        installation,
        "INSERT INTO exactsync.quarantine VALUES (:division, 'suppliers', :key, 'why', :record, 1)",
        {"division": DIVISION, "key": str(key), "record": b'{"Name": "J. de Vries"}'},
        {"division": DIVISION, "key": "sha256:0", "record": f'{{"ID": "{key}", "Name": "J. de Vries"}}'.encode()},
        {"division": DIVISION, "key": str(uuid.uuid4()), "record": b'{"Name": "Other"}'},
    )
    assert "de Vries" in everything_stored(installation)
    assert "devries" in everything_stored(installation)

    erased = installation.deployment.housekeeping.erase(DIVISION, "77", reason="request 2026-17")
    assert erased.key == key
    assert sum(erased.rows.values()) >= 3
    left = everything_stored(installation)
    assert "de Vries" not in left
    assert "devries" not in left
    assert "Somebody Else" in left

    exact.update(DIVISION, "Accounts", key, {"Name": "J. A. de Vries"})
    for mode in ("incremental", "full"):
        installation.sync("suppliers", mode=mode)
        assert "de Vries" not in everything_stored(installation)
    exact.delete(DIVISION, "Accounts", key)
    installation.apply_deletions()
    assert values(installation, "SELECT name FROM exact_online.current_suppliers") == ["Somebody Else"]


def test_the_bank_accounts_of_an_erased_person_go_and_stay_away(installation: Installation) -> None:
    exact = installation.simulator
    person = exact.insert(DIVISION, "Accounts", PERSON).key
    other = exact.insert(DIVISION, "Accounts", {"Code": "78", "Name": "Somebody Else", "IsSupplier": True}).key
    numbers = {"mine": person, "theirs": other}
    keys = {
        number: exact.insert(DIVISION, "BankAccounts", {"Account": account, "BankAccount": number}).key
        for number, account in numbers.items()
    }
    for entity in ("suppliers", "supplier_bank_accounts"):
        installation.sync(entity, mode="full")
    stored = "SELECT bank_account FROM exact_online.supplier_bank_accounts ORDER BY 1"
    assert values(installation, stored) == ["mine", "theirs"]

    erased = installation.deployment.housekeeping.erase(DIVISION, "77", reason="r")
    assert erased.rows["supplier_bank_accounts"] == 1
    assert values(installation, stored) == ["theirs"]
    exact.clock.advance(120)
    exact.update(DIVISION, "BankAccounts", keys["mine"], {"BankAccount": "mine, changed"})
    for mode in ("incremental", "full"):
        for entity in ("suppliers", "supplier_bank_accounts"):
            installation.sync(entity, mode=mode)
        assert values(installation, stored) == ["theirs"]


def test_an_erasure_leaves_a_record_without_the_person_and_keeps_it(installation: Installation) -> None:
    key = installation.simulator.insert(DIVISION, "Accounts", PERSON).key
    installation.sync("suppliers")
    installation.deployment.housekeeping.erase(DIVISION, str(key), reason="request 2026-17")
    execute(installation, "UPDATE exactsync.load_log SET published_at = published_at - interval '10 years'")
    execute(installation, "UPDATE exactsync.tombstones SET noted_at = noted_at - interval '10 years'")
    installation.deployment.housekeeping.maintain()
    with installation.engine.connect() as connection:
        (row,) = connection.execute(text("SELECT * FROM exactsync.load_log WHERE mode = 'erasure'")).mappings()
    assert (row["division"], row["entity"], row["run_id"]) == (DIVISION, "suppliers", "erasure: request 2026-17")
    assert values(installation, "SELECT key FROM exactsync.tombstones") == [key]


def test_what_is_quarantined_of_an_erased_person_later_is_forgotten_by_maintenance(installation: Installation) -> None:
    key = installation.simulator.insert(DIVISION, "Accounts", PERSON).key
    installation.sync("suppliers")
    installation.deployment.housekeeping.erase(DIVISION, "77", reason="r")
    execute(
        installation,
        "INSERT INTO exactsync.quarantine VALUES (:division, 'suppliers', :key, 'why', :record, 1)",
        {"division": DIVISION, "key": str(key), "record": b"{}"},
        {"division": DIVISION, "key": "sha256:0", "record": f'{{"ID": "{key}", "Name": 7}}'.encode()},
        {"division": DIVISION, "key": str(uuid.uuid4()), "record": b"{}"},
    )
    assert installation.deployment.housekeeping.maintain()["quarantine"] == 2
    assert values(installation, "SELECT count(*) FROM exactsync.quarantine") == [1]


def test_one_that_was_erased_by_mistake_comes_back_once_it_may(installation: Installation) -> None:
    key = str(installation.simulator.insert(DIVISION, "Accounts", PERSON).key)
    installation.sync("suppliers")
    housekeeping = installation.deployment.housekeeping
    housekeeping.erase(DIVISION, key, reason="r")
    assert housekeeping.readmit(DIVISION, key)
    assert not housekeeping.readmit(DIVISION, key)
    installation.sync("suppliers", mode="full")
    assert values(installation, "SELECT name FROM exact_online.current_suppliers") == ["J. de Vries"]


def test_an_unknown_code_erases_nothing(installation: Installation) -> None:
    with pytest.raises(ConfigurationError, match="Division 1000001 has no supplier with code 404"):
        installation.deployment.housekeeping.erase(DIVISION, "404", reason="r")


def test_erasing_looks_at_everything_that_belongs_to_a_supplier(installation: Installation) -> None:
    expected = {"suppliers", *(entity.name for entity in entities().values() if entity.member_of == "suppliers")}
    erased = installation.deployment.housekeeping.erase(DIVISION, str(uuid.uuid4()), reason="r")
    assert set(erased.rows) == expected


@pytest.fixture
def command_line(migrated_database: str) -> Iterator[CommandLine]:
    with SimulatorServer(Simulator(OURS)) as server:
        yield CommandLine(server, migrated_database)


def test_a_person_erases_by_command_after_being_asked(command_line: CommandLine, migrated_database: str) -> None:
    engine = create_engine(migrated_database)
    with engine.begin() as connection:
        connection.execute(
            text("""
            INSERT INTO exact_online.suppliers (division, id, code, name, _loaded_at, _load_id)
            VALUES (1000001, gen_random_uuid(), '77', 'J. de Vries', now(), 1)
            """)
        )
    order = ("erase", "--division", "1000001", "--supplier", "77", "--reason", "request 2026-17")
    refused = finish(command_line.start(*order), "no\n")
    assert (refused.code, "Nothing was erased." in refused.complaint) == (1, True)
    done = finish(command_line.start(*order), "yes\n")
    assert done.code == 0, done.err
    assert "rows: 1 of suppliers." in done.out
    assert "Vries" not in done.out + done.err
    gone = command_line.run(*order, "--yes")
    assert "has no supplier with code 77" in gone.complaint
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM exact_online.suppliers")) == 0
    engine.dispose()


def test_maintenance_by_command_tells_what_went_and_refuses_what_it_cannot_read(command_line: CommandLine) -> None:
    done = command_line.run("maintain", "--keep", "load_log=800")
    assert done.code == 0, done.err
    assert re.search(r"load_log\W+800\W+0\b", done.out)
    assert re.search(r"quarantine\W+180\W+0\b", done.out)
    wrong = command_line.run("maintain", "--keep", "load_log")
    assert "'load_log' does not say how long" in wrong.complaint
