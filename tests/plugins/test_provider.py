"""What Airflow itself finds out about the package."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from airflow.sdk import Asset

from exactsync.entities import entities
from exactsync_airflow import get_provider_info
from exactsync_airflow.assets import entity_asset

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"


@pytest.fixture(scope="module")
def providers():
    from airflow.providers_manager import ProvidersManager

    return ProvidersManager()


def test_the_connection_type_is_offered() -> None:
    from airflow.sdk.providers_manager_runtime import ProvidersManagerTaskRuntime

    hook = ProvidersManagerTaskRuntime().hooks["exact_online"]
    assert (hook.hook_name, hook.connection_id_attribute_name) == ("Exact Online", "exact_online_conn_id")


def test_the_form_asks_for_what_exact_calls_things(providers) -> None:
    form = providers.field_behaviours["exact_online"]
    assert form["relabeling"] == {"host": "Base URL", "login": "Client ID", "password": "Client secret"}
    assert set(form["hidden_fields"]) == {"schema", "port"}
    assert form["placeholders"]["host"] == "https://start.exactonline.nl"


def test_the_form_has_a_field_for_each_extra(providers) -> None:
    fields = {name for name in providers.connection_form_widgets if "__exact_online__" in name}
    assert fields == {f"extra__exact_online__{name}" for name in ("redirect_uri", "region", "verify")}


def test_spendesk_is_offered_beside_it_with_its_own_form(providers) -> None:
    from airflow.sdk.providers_manager_runtime import ProvidersManagerTaskRuntime

    hook = ProvidersManagerTaskRuntime().hooks["spendesk"]
    assert (hook.hook_name, hook.connection_id_attribute_name) == ("Spendesk", "spendesk_conn_id")
    assert providers.field_behaviours["spendesk"]["relabeling"]["login"] == "Client ID"
    fields = {name for name in providers.connection_form_widgets if "__spendesk__" in name}
    assert fields == {f"extra__spendesk__{name}" for name in ("body", "calls_per_minute")}


def test_the_provider_info_is_what_airflow_accepts() -> None:
    from airflow.providers_manager import _create_provider_info_schema_validator

    _create_provider_info_schema_validator().validate(get_provider_info())


def test_every_module_that_the_provider_info_names_exists() -> None:
    info = get_provider_info()
    for group in (*info["hooks"], *info["operators"]):
        for module in group["python-modules"]:
            import_module(module)


def test_there_is_one_asset_per_table() -> None:
    assets = {name: entity_asset(name) for name in entities()}
    assert {asset.name for asset in assets.values()} == {f"exact_online.{name}" for name in assets}
    assert len({asset.uri for asset in assets.values()}) == len(assets)


def test_a_consumer_can_name_the_asset_without_importing_us() -> None:
    suppliers = entity_asset("suppliers")
    assert Asset(name="exact_online.suppliers", uri="x-exactsync://warehouse/exact_online/suppliers") == Asset(
        name=suppliers.name, uri=suppliers.uri
    )


def test_the_plugin_scanner_sees_one_file_and_replaces_no_module() -> None:
    """Airflow executes every file it finds below plugins/ as a module of its bare name."""
    script = """
import sys
from airflow import plugins_manager
plugins, errors = plugins_manager._get_plugins()
assert not errors, errors
assert "exactsync" in {plugin.name for plugin in plugins}, plugins
stray = {"hooks", "tasks", "recovery", "deployment", "operators", "provider", "assets"} & set(sys.modules)
assert not stray, stray
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=PLUGINS.parent)
