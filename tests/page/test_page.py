"""The Accounting setup page without a browser: its own tests, what it promises, and what it shares with the server."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from exactsync.errors import ConsentReason
from exactsync.lifecycle import Action, Event, State
from exactsync.warehouse.integrations import FORBIDDEN
from exactsync_airflow.accounting_setup import payloads

HERE = Path(__file__).parent
WWW = HERE.parents[1] / "plugins" / "exactsync_airflow" / "accounting_setup" / "www"
MODULES = {path.name: path.read_text() for path in sorted(WWW.glob("*.js"))}
TYPES = (WWW / "types.d.ts").read_text()
LONGEST_MODULE = 300


def test_its_own_tests_pass() -> None:
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


def test_its_modules_stay_short_enough_to_read_at_once() -> None:
    assert {name: length for name, text in MODULES.items() if (length := text.count("\n")) > LONGEST_MODULE} == {}


def test_its_modules_import_each_other_and_nothing_else() -> None:
    imported = {
        name
        for text in MODULES.values()
        for name in re.findall(r'^(?:import|\} from) .*?"([^"]+)";$', text, re.MULTILINE)
    }
    assert {f"./{name}" for name in MODULES} - imported == {"./main.js"}, "what nobody imports is dead"
    assert imported - {f"./{name}" for name in MODULES} == set()


@pytest.mark.parametrize(
    "way",
    ["innerHTML", "outerHTML", "dangerouslySet", "insertAdjacent", "document.write", "eval(", "Function(", "srcdoc"],
)
def test_it_has_no_way_to_render_text_as_html(way: str) -> None:
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
    texts = MODULES["texts.js"]
    assert keys_of(texts, "STATES") == keys_of(texts, "STATE_LABELS") == set(State)
    assert keys_of(texts, "ACTIONS") == set(Action)
    assert keys_of(texts, "EVENTS") == set(Event)
    assert set(get_args(ConsentReason)) <= keys_of(texts, "RETURNS")


def test_it_refuses_in_a_name_what_the_library_refuses() -> None:
    found = re.search(r"^const FORBIDDEN = (\[.*\]);$", MODULES["steps.js"], re.MULTILINE)
    assert found
    assert json.loads(found[1]) == list(FORBIDDEN)


def test_it_calls_a_state_what_the_library_calls_it() -> None:
    labels = dict(re.findall(r'^  (\w+): "([^"]+)",$', block(MODULES["texts.js"], "STATE_LABELS"), re.MULTILINE))
    assert labels == {state.value: state.label for state in State}


def fields_of(name: str) -> list[str]:
    found = re.search(rf"^export interface {name} \{{\n(.*?)^\}}", TYPES, re.MULTILINE | re.DOTALL)
    assert found, name
    return re.findall(r"^  (\w+):", found[1], re.MULTILINE)


def union(name: str) -> set[str]:
    found = re.search(rf"^export type {name} =(.*?);", TYPES, re.MULTILINE | re.DOTALL)
    assert found, name
    return set(re.findall(r'"(\w+)"', found[1]))


def block(text: str, name: str) -> str:
    found = re.search(rf"const {name} = \{{\n(.*?)^\}};", text, re.MULTILINE | re.DOTALL)
    assert found, name
    return found[1]


def keys_of(text: str, name: str) -> set[str]:
    return set(re.findall(r"^  (\w+):", block(text, name), re.MULTILINE))
