"""Setting up and connecting: integrations, companies, and what stands in the way of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from exactsync.errors import ConfigurationError, DatabaseUnavailableError, ReauthorisationRequiredError
from exactsync.load import Run
from exactsync.simulator import Company, Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Installation

NL, BE, OTHER, OLD = 1000001, 1000002, 1000004, 1000005
SETTINGS = Settings(
    companies=(
        Company(code=NL, name="Demo <img src=x onerror=alert(1)>", country="NL", sizes={"Costcenters": 3}),
        Company(code=BE, name="Demo Belgium", country="BE", sizes={"Costcenters": 2}),
        Company(code=OTHER, name="Demo Ventures", country="NL", is_permitted=False, sizes={"Costcenters": 1}),
        Company(code=OLD, name="Demo Oud", country="NL", is_archived=True),
    ),
)


@pytest.fixture
def installation(install: Callable[[Settings], Installation]) -> Installation:
    return install(SETTINGS)


def execute(installation: Installation, statement: str) -> None:
    with installation.engine.begin() as connection:
        connection.execute(text(statement))


def test_companies_are_listed_with_what_was_chosen(installation: Installation) -> None:
    installation.deployment.choose("exact_online_default", [BE])
    listed = installation.deployment.divisions("exact_online_default")
    assert [(division.division, division.country, division.status, division.is_chosen) for division in listed] == [
        (NL, "NL", "active", False),
        (BE, "BE", "active", True),
        (OLD, "NL", "archived", False),
    ]


def test_choosing_all_leaves_archived_companies_out(installation: Installation) -> None:
    installation.deployment.choose("exact_online_default", None)
    assert [ref.division for ref in installation.deployment.connect().divisions] == [NL, BE]


def test_connecting_yields_the_chosen_companies_with_readable_labels(installation: Installation) -> None:
    connected = installation.deployment.connect()
    assert [ref.label for ref in connected.divisions] == [
        f"NL · {NL} Demo <img src=x onerror=alert(1)>",
        f"BE · {BE} Demo Belgium",
    ]
    assert connected.problems == []


def test_connecting_again_costs_no_call_of_the_budget(installation: Installation) -> None:
    installation.deployment.connect()
    installation.simulator.clear_journal()
    installation.deployment.connect()
    assert {key.endpoint for key in installation.simulator.calls()} <= {"current/Me"}


def test_a_company_that_is_not_permitted_cannot_be_chosen_until_it_is(installation: Installation) -> None:
    with pytest.raises(ConfigurationError, match=rf"may not see company {OTHER}.*Permitted companies"):
        installation.deployment.choose("exact_online_default", [NL, OTHER])
    installation.simulator.permit(OTHER)
    installation.deployment.choose("exact_online_default", [NL, OTHER])
    assert [ref.division for ref in installation.deployment.connect().divisions] == [NL, OTHER]


def test_a_company_belongs_to_one_integration(installation: Installation) -> None:
    installation.consent(integration="second")
    with pytest.raises(ConfigurationError, match=rf"{NL} \(by exact_online_default, region nl\)"):
        installation.deployment.choose("second", [NL])
    installation.deployment.choose("exact_online_default", [BE])
    installation.deployment.choose("second", [NL])
    refs = installation.deployment.connect().divisions
    assert [(ref.integration, ref.division) for ref in refs] == [("exact_online_default", BE), ("second", NL)]


def test_two_integrations_of_one_user_and_app_share_one_grant(installation: Installation) -> None:
    installation.consent(integration="second")
    grants = {integration.grant_id for integration in installation.deployment.integrations()}
    assert len(grants) == 1


def test_the_name_of_another_apps_integration_is_refused(installation: Installation) -> None:
    with pytest.raises(ConfigurationError, match="belongs to another connection"):
        installation.consent("exact_online_other", integration="exact_online_default")


def test_a_refused_company_is_found_out_and_the_others_go_on(installation: Installation) -> None:
    installation.sync("cost_centers", NL)
    installation.simulator.permit(NL, permitted=False)
    with pytest.raises(ConfigurationError, match=rf"exact_online_default, division {NL}, entity cost_centers.*scope"):
        installation.sync("cost_centers", NL)
    connected = installation.deployment.connect()
    assert [ref.division for ref in connected.divisions] == [BE]
    (problem,) = connected.problems
    assert f"division {NL}" in str(problem)
    assert "Permitted companies" in problem.remedy


def test_a_dead_grant_stops_its_own_integration_and_says_what_to_do(installation: Installation) -> None:
    installation.simulator.revoke_grants()
    execute(installation, "UPDATE exactsync.grants SET refreshable_at = now(), expires_at = now()")
    (problem,) = installation.deployment.connect().problems
    assert isinstance(problem, ReauthorisationRequiredError)
    assert "authorise --connection exact_online_default" in str(problem)
    installation.consent()
    assert [ref.division for ref in installation.deployment.connect().divisions] == [NL, BE]


def test_a_wanted_company_that_is_not_chosen_is_named(installation: Installation) -> None:
    connected = installation.deployment.connect(divisions=[BE, 42])
    assert [ref.division for ref in connected.divisions] == [BE]
    assert "Company 42 is not chosen" in str(connected.problems[0])


def test_an_integration_still_being_set_up_does_not_fail_the_others(installation: Installation) -> None:
    installation.consent(integration="second")
    assert installation.deployment.connect().problems == []
    (problem,) = installation.deployment.connect(integrations=["second"]).problems
    assert "No company is chosen" in str(problem)


def test_an_unknown_integration_is_named(installation: Installation) -> None:
    with pytest.raises(ConfigurationError, match="There is no integration nowhere"):
        installation.deployment.connect(integrations=["nowhere"])


def test_an_inactive_axis_is_not_pulled(installation: Installation) -> None:
    execute(installation, "UPDATE exactsync.integrations SET inactive_axes = '{cost_centers}'")
    assert installation.sync("cost_centers").outcome == "inactive"
    assert installation.simulator.count_calls("hrm/Costcenters") == 0


def test_the_report_of_a_run_and_the_status_tell_what_happened(installation: Installation) -> None:
    installation.sync("cost_centers", BE)
    (result,) = installation.deployment.report("test")
    assert (result.division, result.entity, result.inserted) == (BE, "cost_centers", 2)
    rows = {(row["division"], row["entity"]): row for row in installation.deployment.status()}
    assert rows[BE, "cost_centers"]["rows"] == 2
    assert rows[BE, "cost_centers"]["outcome"] == "published"
    assert rows[NL, "suppliers"]["published_at"] is None


def test_a_failure_stands_in_the_status_until_it_is_mended(installation: Installation) -> None:
    installation.simulator.permit(BE, permitted=False)
    with pytest.raises(ConfigurationError):
        installation.sync("cost_centers", BE)
    assert "scope" in installation.scalar("SELECT message FROM exactsync.sync_state")
    installation.simulator.permit(BE)
    installation.sync("cost_centers", BE)
    assert installation.scalar("SELECT message FROM exactsync.sync_state") is None


def test_an_unreachable_database_is_one_clear_error(installation: Installation) -> None:
    from exactsync.environment import read_deployment

    deployment = read_deployment({"EXACTSYNC_WAREHOUSE_URL": "postgresql://u:secret@127.0.0.1:1/nowhere"})
    with pytest.raises(DatabaseUnavailableError, match=r"Database nowhere on 127\.0\.0\.1 cannot be reached") as failed:
        deployment.connect()
    assert "secret" not in str(failed.value)


def test_the_warehouse_may_be_given_as_airflows_json(installation: Installation) -> None:
    from exactsync.environment import read_deployment

    url = installation.engine.url
    value = f"""{{"conn_type": "postgres", "login": "{url.username}", "password": "{url.password}",
        "host": "{url.host}", "port": {url.port}, "schema": "{url.database}", "extra": {{"sslmode": "prefer"}}}}"""
    deployment = read_deployment({"AIRFLOW_CONN_WAREHOUSE_DEFAULT": value})
    deployment.check()
    deployment.close()


def test_runs_are_told_apart(installation: Installation) -> None:
    ref = installation.ref(BE)
    installation.deployment.sync(ref, "cost_centers", mode="full", run=Run(run_id="one", holder="x"))
    assert [result.entity for result in installation.deployment.report("one")] == ["cost_centers"]
    assert installation.deployment.report("two") == []


def test_companies_that_are_read_at_once_are_read_as_if_one_by_one(install: Callable[[Settings], Installation]) -> None:
    sizes = {"GLAccounts": 130, "Costcenters": 70, "Accounts": 40, "BankAccounts": 12, "Journals": 5}
    companies = tuple(Company(code=NL + index, name=f"C{index}", country="NL", sizes=sizes) for index in range(8))
    installation = install(Settings(companies=companies))
    data_sets = [(entity, each.code) for entity in ("gl_accounts", "cost_centers", "journals") for each in companies]
    with ThreadPoolExecutor(max_workers=8) as pool:
        results = list(pool.map(lambda data_set: installation.sync(*data_set), data_sets))
    assert {(result.entity, result.inserted) for result in results} == {
        ("gl_accounts", 130),
        ("cost_centers", 70),
        ("journals", 5),
    }
    assert {(result.entity, result.calls) for result in results} == {
        ("gl_accounts", 1),
        ("cost_centers", 2),
        ("journals", 1),
    }
    assert installation.simulator.violations() == []
