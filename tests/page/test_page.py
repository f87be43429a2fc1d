"""The pages without a browser: their own tests, what they promise, and what they share with the server."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from exactsync.entity import Axis
from exactsync.errors import ConsentReason
from exactsync.lifecycle import Action, Event, State
from exactsync.payable import Kind
from exactsync.payables import lifecycle
from exactsync.payables.mapping import IGNORED, EntryCurrency, MappingKind
from exactsync.warehouse.integrations import FORBIDDEN
from exactsync.warehouse.sync_health import Standing
from exactsync_airflow.accounting_setup import payloads
from exactsync_airflow.accounting_setup.payables import payloads as payables_payloads
from exactsync_airflow.exports import payloads as export_payloads
from exactsync_airflow.sync_health import payloads as health_payloads

HERE = Path(__file__).parent
PLUGINS = HERE.parents[1] / "plugins" / "exactsync_airflow"
MODULES = {path: path.read_text() for path in sorted(PLUGINS.glob("*/www/*.js"))}
WWW = PLUGINS / "accounting_setup" / "www"
TYPES = (WWW / "types.d.ts").read_text()
TEXTS = MODULES[WWW / "texts.js"]
LONGEST_MODULE = 300


def test_their_own_tests_pass() -> None:
    node = Path(sys.executable).with_name("node")
    suites = sorted(map(str, HERE.glob("*.test.js")))
    run = subprocess.run(
        [node, "--test", "--test-reporter=tap", *suites], capture_output=True, text=True, timeout=120, check=False
    )
    counts = {
        what: int(count) for what, count in re.findall(r"^# (pass|fail|cancelled) (\d+)$", run.stdout, re.MULTILINE)
    }
    assert (run.returncode, counts.get("fail"), counts.get("cancelled")) == (0, 0, 0), run.stdout + run.stderr
    assert counts["pass"] >= len(suites) > 0


def test_their_modules_stay_short_enough_to_read_at_once() -> None:
    assert {name: length for name, text in MODULES.items() if (length := text.count("\n")) > LONGEST_MODULE} == {}


def test_their_modules_import_each_other_and_nothing_else() -> None:
    imported = {
        (path.parent / name).resolve()
        for path, text in MODULES.items()
        for name in re.findall(r'^(?:import|\} from) .*?"([^"]+)";$', text, re.MULTILINE)
    }
    entrances = {PLUGINS / page / "www" / "main.js" for page in ("accounting_setup", "exports", "sync_health")}
    assert MODULES.keys() - imported == entrances, "what nobody imports is dead"
    assert imported - MODULES.keys() == set()


def test_the_page_that_administrators_use_needs_nothing_of_the_others() -> None:
    assert [path for path in WWW.glob("*.js") if re.search("sync_health|exports/", MODULES[path])] == []


@pytest.mark.parametrize(
    "way",
    ["innerHTML", "outerHTML", "dangerouslySet", "insertAdjacent", "document.write", "eval(", "Function(", "srcdoc"],
)
def test_they_have_no_way_to_render_text_as_html(way: str) -> None:
    assert [name for name, text in MODULES.items() if way in text] == []


SHAPES = {
    "Overview": payloads.Overview,
    "Person": payloads.Person,
    "AccountingBase": payloads.Base,
    "BaseSwitch": payloads.BaseSwitch,
    "App": payloads.App,
    "Axis": payloads.Axis,
    "Dag": payloads.Dag,
    "Connection": payloads.Connection,
    "Company": payloads.Company,
    "CompanyList": payloads.Companies,
    "JournalEntry": payloads.JournalEntry,
    "Progress": payloads.Progress,
    "DataSet": payloads.DataSet,
}


@pytest.mark.parametrize("name", SHAPES)
def test_it_expects_the_shapes_that_the_server_answers_with(name: str) -> None:
    assert fields_of(name) == list(SHAPES[name].model_fields)


def test_it_knows_every_state_event_action_and_reason() -> None:
    assert union("State") == set(State)
    assert union("Action") == set(Action)
    assert keys_of(TEXTS, "STATES") == keys_of(TEXTS, "STATE_LABELS") == set(State)
    assert keys_of(TEXTS, "ACTIONS") == set(Action)
    assert keys_of(TEXTS, "EVENTS") == set(Event)
    assert set(get_args(ConsentReason)) <= keys_of(TEXTS, "RETURNS")


HEALTH_TYPES = (PLUGINS / "sync_health" / "www" / "types.d.ts").read_text()
HEALTH_SHAPES = (
    "SyncHealth",
    "Entity",
    "Connection",
    "Company",
    "DataSet",
    "Finding",
    "Budget",
    "Limit",
    "DayOfChanges",
)


@pytest.mark.parametrize("name", HEALTH_SHAPES)
def test_sync_health_expects_the_shapes_that_the_server_answers_with(name: str) -> None:
    assert fields_of(name, HEALTH_TYPES) == list(getattr(health_payloads, name).model_fields)


PAYABLES_TYPES = (WWW / "payables.d.ts").read_text()
PAYABLES_SHAPES = ("SourceSettings", "Sources", "Line", "Section", "Mapped", "Change", "Choice", "Choices")


@pytest.mark.parametrize("name", PAYABLES_SHAPES)
def test_it_expects_of_payables_the_shapes_that_the_server_answers_with(name: str) -> None:
    assert fields_of(name, PAYABLES_TYPES) == list(getattr(payables_payloads, name).model_fields)


def test_it_knows_everything_that_can_be_mapped() -> None:
    texts = MODULES[WWW / "payables-texts.js"]
    assert union("MappingKind", PAYABLES_TYPES) == keys_of(texts, "KINDS") == set(MappingKind)
    assert set(re.findall(r'value: "(\w+)"', texts)) == {*Axis, IGNORED}
    assert keys_of(texts, "CURRENCIES") == set(get_args(EntryCurrency))


def test_sync_health_knows_every_standing() -> None:
    assert union("Standing", HEALTH_TYPES) == set(Standing)


EXPORT_TYPES = (PLUGINS / "exports" / "www" / "types.d.ts").read_text()
EXPORT_TEXTS = MODULES[PLUGINS / "exports" / "www" / "texts.js"]
EXPORT_SHAPES = ("Exports", "Person", "Company", "Total", "Payable", "Reason", "History", "Step")


@pytest.mark.parametrize("name", EXPORT_SHAPES)
def test_exports_expects_the_shapes_that_the_server_answers_with(name: str) -> None:
    assert fields_of(name, EXPORT_TYPES) == list(getattr(export_payloads, name).model_fields)


def test_exports_knows_every_state_action_and_kind_and_calls_them_what_the_library_does() -> None:
    assert union("State", EXPORT_TYPES) == keys_of(EXPORT_TEXTS, "STATES") == set(lifecycle.State)
    assert union("Action", EXPORT_TYPES) == keys_of(EXPORT_TEXTS, "ACTIONS") == set(lifecycle.Action)
    assert union("Kind", EXPORT_TYPES) == keys_of(EXPORT_TEXTS, "KINDS") == set(Kind)
    labels = dict(re.findall(r'^  (\w+): \{\s+label: "([^"]+)"', block(EXPORT_TEXTS, "STATES"), re.MULTILINE))
    assert labels == {state.value: state.label for state in lifecycle.State}
    kinds = dict(re.findall(r'^  (\w+): "([^"]+)",$', block(EXPORT_TEXTS, "KINDS"), re.MULTILINE))
    assert kinds == {kind.value: kind.label for kind in Kind}


def test_exports_never_says_of_a_doubt_that_nobody_knows_whether_it_is_booked() -> None:
    """An entry that is booked otherwise, and known to be, is in doubt, too."""
    meaning = re.search(r'^  in_doubt: \{[^}]*meaning: "([^"]+)"', block(EXPORT_TEXTS, "STATES"), re.MULTILINE)
    assert meaning
    assert meaning[1] == "Sent, and not known to be booked as it was sent."


def test_it_refuses_in_a_name_what_the_library_refuses() -> None:
    found = re.search(r"^const FORBIDDEN = (\[.*\]);$", MODULES[WWW / "steps.js"], re.MULTILINE)
    assert found
    assert json.loads(found[1]) == list(FORBIDDEN)


def test_it_calls_a_state_what_the_library_calls_it() -> None:
    labels = dict(re.findall(r'^  (\w+): "([^"]+)",$', block(TEXTS, "STATE_LABELS"), re.MULTILINE))
    assert labels == {state.value: state.label for state in State}


def fields_of(name: str, types: str = TYPES) -> list[str]:
    found = re.search(rf"^export interface {name} \{{\n(.*?)^\}}", types, re.MULTILINE | re.DOTALL)
    assert found, name
    return re.findall(r"^  (\w+):", found[1], re.MULTILINE)


def union(name: str, types: str = TYPES) -> set[str]:
    found = re.search(rf"^export type {name} =(.*?);", types, re.MULTILINE | re.DOTALL)
    assert found, name
    return set(re.findall(r'"(\w+)"', found[1]))


def block(text: str, name: str) -> str:
    found = re.search(rf"const {name} = \{{\n(.*?)^\}};", text, re.MULTILINE | re.DOTALL)
    assert found, name
    return found[1]


def keys_of(text: str, name: str) -> set[str]:
    return set(re.findall(r"^  (\w+):", block(text, name), re.MULTILINE))
