"""Several integrations in one run of the main job, and people who stop what is at work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from exactsync.entities import entities
from exactsync.exact.oauth import code_of
from exactsync.lifecycle import Reason, State
from exactsync.simulator import Company, Settings, Simulator, SimulatorServer
from exactsync.simulator.faults import EVERYWHERE, Fault
from exactsync.warehouse.load_log import DELETIONS
from exactsync_airflow.deployment import airflow_deployment
from exactsync_airflow.operators.connect import MOST_BATCHES
from tests.dags.test_main_job import MainJob, retry_at_once, states, tell_airflow
from tests.integration.people import ANN, APPS, DANA, OTTO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airflow.dag_processing.dagbag import DagBag

    from exactsync.setup import Setup
    from exactsync.simulator import User
    from exactsync.simulator.messages import Request, Response

SIZES = {"Costcenters": 2, "GLAccounts": 3, "VATCodes": 1, "Accounts": 4, "Costunits": 1}
CODES = tuple(range(2000001, 2000013))
MINE, SHARED, APART = CODES[:4], CODES[4:8], CODES[8:]
REFUSED = MINE[2]


@pytest.fixture(params=[1], ids=[""])
def job(
    request: pytest.FixtureRequest,
    dagbag: DagBag,
    airflow_database: None,
    migrated_database: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[MainJob]:
    """Three integrations of so many companies each: two share a grant, the third has an app and a user of its own."""
    companies = tuple(Company(code=code, name=f"Company {code}", country="NL", sizes=SIZES) for code in CODES)
    exact = Simulator(Settings(apps=tuple(APPS.values()), user=DANA, companies=companies))
    dag = dagbag.dags["exact_online_sync"]
    retry_at_once(dag, monkeypatch)
    with SimulatorServer(exact) as server:
        tell_airflow(monkeypatch, database=migrated_database, exact_url=server.url, apps=APPS)
        connect(exact, "mine", "first", DANA, MINE[: request.param])
        connect(exact, "shared", "first", DANA, SHARED[: request.param])
        connect(exact, "apart", "second", OTTO, APART[: request.param])
        yield MainJob(dag=dag, exact=exact, warehouse_url=migrated_database)


def setup() -> Setup:
    return airflow_deployment().setup


def connect(exact: Simulator, name: str, app: str, user: User, codes: tuple[int, ...]) -> None:
    """Do what a person does at the page."""
    exact.configure(user=user)
    setup().create(name, connection_id=app, axes=None, actor=ANN)
    redirected = httpx.get(setup().consent_url(name, actor=ANN)).headers["location"]
    state = dict(part.split("=", 1) for part in redirected.partition("?")[2].split("&"))["state"]
    setup().complete_consent(state=state, code=code_of(redirected), actor=ANN)
    setup().choose_companies(name, codes, actor=ANN)


def during(exact: Simulator, endpoint: str, division: int, action: Callable[[], object]) -> None:
    """Do something while Exact answers the first call of one list."""

    def answer(_request: Request, proceed: Callable[[], Response]) -> Response:
        answered = proceed()
        action()
        return answered

    exact.plant(Fault(action=answer, endpoint=endpoint, division=division, occurrences=frozenset({1})))


@pytest.mark.parametrize("job", [4], indirect=True, ids=["twelve companies"])
def test_of_twelve_companies_of_three_integrations_the_refused_one_fails_alone(job: MainJob) -> None:
    during(job.exact, "hrm/Costcenters", REFUSED, lambda: job.exact.refuse_division(REFUSED, "LicenseExpired"))
    finished = job.run()
    assert finished.state == "failed"
    others = MOST_BATCHES - 1
    assert states(finished)["deletions"] == {"success": others, "failed": 1}  # the order of the entities is Airflow's
    assert {states(finished)[entity]["success"] for entity in entities()} <= {others, others + 1}
    read = job.rows("SELECT entity, division FROM exactsync.sync_state WHERE published_at IS NOT NULL")
    done = {division: {entity for entity, of in read if of == division} for division in CODES}
    assert all(done[division] == {*entities(), DELETIONS} for division in set(CODES) - {REFUSED})
    assert DELETIONS not in done[REFUSED]
    found = {each.name: each for each in setup().integrations()}
    assert {name: each.state for name, each in found.items()} == {
        "mine": State.DEGRADED,
        "shared": State.HEALTHY,
        "apart": State.HEALTHY,
    }
    mine = found["mine"]
    assert (mine.reason, mine.shares_grant_with) == (Reason.COMPANY_REFUSED, ("shared",))
    assert f"division {REFUSED}" in mine.message
    assert "Renew the company's Exact licence" in mine.message
    assert [company.division for company in mine.companies if company.problem] == [REFUSED]
    holders = {step.holder for step in setup().progress("mine") if step.state == "failed"}
    assert all(holder.startswith(f"exact_online_sync/{finished.run_id}/") for holder in holders)


def test_who_disconnects_during_a_run_stops_their_own_companies_and_no_others(job: MainJob) -> None:
    during(job.exact, EVERYWHERE, MINE[0], lambda: setup().disconnect("mine", actor=ANN))
    assert job.run().state == "success"
    published = dict(job.rows("SELECT division, count(published_at) FROM exactsync.sync_state GROUP BY division"))
    everything = len(entities()) + 1  # the deletion log
    assert published == {MINE[0]: 1, SHARED[0]: everything, APART[0]: everything}  # the call under way was the last one
    assert sum(key.division == MINE[0] for key in job.exact.calls()) == 1
    assert {each.name: each.state for each in setup().integrations()} == {
        "mine": State.DISCONNECTED,
        "shared": State.HEALTHY,
        "apart": State.HEALTHY,
    }


def test_a_run_while_accounting_goes_to_files_ends_well_and_asks_exact_nothing(job: MainJob) -> None:
    setup().switch_base("files", actor=ANN)
    finished = job.run()
    assert finished.state == "success"
    assert job.exact.count_calls() == 0
    assert {
        state for each in states(finished).items() if each[0] in {"vat_codes", "deletions"} for state in each[1]
    } == {"skipped"}
    assert {each.state for each in setup().integrations()} == {State.INITIAL_SYNC}
