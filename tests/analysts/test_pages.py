"""What docs/warehouse says of the warehouse: as the declarations say it, complete, and of use to its readers."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
import yaml

from exactsync.entities import entities
from exactsync.warehouse.analysts import picture
from exactsync.warehouse.analysts.__main__ import files
from exactsync.warehouse.analysts.views import views

if TYPE_CHECKING:
    from exactsync.entity import Entity

FOLDER = Path(__file__).parents[2] / "docs" / "warehouse"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    return files(entities())


@pytest.fixture(scope="module")
def dbt_tables(written: dict[str, str]) -> dict[str, Any]:
    (source,) = yaml.safe_load(written["dbt/sources.yml"])["sources"]
    return {table["name"]: table for table in source["tables"]}


@pytest.mark.parametrize("name", ["dictionary.md", "entities.svg", "dbt/sources.yml"])
def test_what_is_committed_is_what_the_declarations_say(name: str, written: dict[str, str]) -> None:
    assert (FOLDER / name).read_text() == written[name], (
        "write it anew: python -m exactsync.warehouse.analysts docs/warehouse"
    )


@pytest.mark.parametrize("entity", entities().values(), ids=lambda entity: entity.name)
def test_the_dictionary_tells_each_column_with_meaning_code_values_and_source(
    entity: Entity, written: dict[str, str]
) -> None:
    page = written["dictionary.md"]
    section = page[page.index(f"\n## {entity.name}\n") :].split("\n## ")[1]
    for column in entity.columns:
        (row,) = re.findall(rf"^\| `{column.name}` \| .*$", section, re.MULTILINE)
        assert row.endswith(f"| `{column.source}` |")
        assert all(f"{value} {meaning}" in row for value, meaning in (column.values or {}).items())
        if column.references:
            assert f"](#{column.references})" in row


def test_the_dictionarys_tables_are_well_formed_and_its_links_lead_somewhere(written: dict[str, str]) -> None:
    page = written["dictionary.md"]
    for table in re.findall(r"(?:^\|.*\|\n)+", page, re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1, table[:200]
    headings = {heading.lower() for heading in re.findall(r"^## (.+)$", page, re.MULTILINE)}
    assert {view.name for view in views(entities()) if not view.name.startswith("current_")} <= headings
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= headings


def test_the_picture_shows_each_table_and_draws_each_reference(written: dict[str, str]) -> None:
    root = ET.fromstring(written["entities.svg"])
    texts = [element.text for element in root.iter(f"{SVG}text")]
    references = [
        (column.name, f"→ {column.references}.{column.referenced_column}")
        for entity in entities().values()
        for column in entity.columns
        if column.references
    ]
    assert len(references) == sum(1 for _ in root.iter(f"{SVG}circle"))
    for name in entities():
        assert name in texts
    for pair in references:
        assert pair in pairwise(texts)


def test_no_two_wires_of_the_picture_run_along_each_other(written: dict[str, str]) -> None:
    joints = [(c.get("cy"), c.get("cx")) for c in ET.fromstring(written["entities.svg"]).iter(f"{SVG}circle")]
    assert len(joints) == len({y for y, _ in joints})


def test_the_picture_follows_the_page_from_light_to_dark_and_needs_nothing_from_elsewhere(
    written: dict[str, str],
) -> None:
    drawn = written["entities.svg"]
    assert "@media (prefers-color-scheme: dark)" in drawn
    assert re.findall(r"(?:href|src|url)\W", drawn) == []
    assert picture.draw(entities()) == drawn


def test_the_picture_grows_with_the_entities() -> None:
    declared = {**entities(), "unicorns": replace(entities()["suppliers"], name="unicorns", label="Unicorns & co")}
    assert "unicorns" in picture.draw(declared)
    assert ET.fromstring(picture.draw(declared)).get("height") > ET.fromstring(picture.draw(entities())).get("height")


@pytest.mark.parametrize("entity", entities().values(), ids=lambda entity: entity.name)
def test_dbt_tests_keys_codes_references_and_freshness_of_each_table(
    entity: Entity, dbt_tables: dict[str, Any]
) -> None:
    table = dbt_tables[entity.name]
    columns = {column["name"]: column for column in table["columns"]}
    assert {"division", entity.key, "_deleted_at", *(column.name for column in entity.columns)} == {
        name for name in columns if name not in {"_source_timestamp", "_loaded_at", "_load_id"}
    }
    assert "not_null" in columns[entity.key]["data_tests"]
    assert table["data_tests"][0]["unique"]["arguments"]["column_name"].startswith("division")
    assert f"entity = '{entity.name}'" in table["config"]["loaded_at_query"]
    for column in entity.columns:
        if column.values:
            (accepted,) = [test for test in columns[column.name]["data_tests"] if "accepted_values" in test]
            assert accepted["accepted_values"]["arguments"]["values"] == list(column.values)
    checked = [test["relationships"]["name"] for test in table["data_tests"] if "relationships" in test]
    expected = [f"{entity.name}_{c.name}_is_in_{c.references}" for c in entity.columns if c.references in entities()]
    assert checked == expected
