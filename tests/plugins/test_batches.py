"""What every task over a batch of divisions does when some of them cannot be finished."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowRescheduleException,
    AirflowSkipException,
)

from exactsync.errors import ConfigurationError, DatasetBusyError, ExactUnavailableError, QuotaExhaustedError
from exactsync_airflow.assets import entity_asset
from exactsync_airflow.operators.deletions import ExactOnlineDeletionsOperator
from exactsync_airflow.operators.sync import ExactOnlineSyncOperator

if TYPE_CHECKING:
    from exactsync.load import DivisionRef

LATER = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ASSET = entity_asset("gl_accounts")


def sync(*divisions: DivisionRef, **arguments: Any) -> ExactOnlineSyncOperator:
    return ExactOnlineSyncOperator(
        task_id="gl_accounts",
        entity="gl_accounts",
        batch=[division.to_json() for division in divisions],
        outlets=[ASSET],
        **{"readers": 1} | arguments,
    )


def minute() -> QuotaExhaustedError:
    return QuotaExhaustedError("60 calls used.", retry_at=LATER, window="minute")


def forbidden() -> ConfigurationError:
    return ConfigurationError("The user may not read this.", remedy="Give the right.")


def away() -> ExactUnavailableError:
    return ExactUnavailableError("Maintenance.", retry_at=LATER)


def busy() -> DatasetBusyError:
    return DatasetBusyError("somebody reads it.", retry_at=LATER, holder="somebody")


def test_it_finishes_what_it_can_and_fails_naming_the_rest(deployment, context, demo, shop, belge) -> None:
    deployment.errors = {shop.division: [forbidden()]}
    with pytest.raises(AirflowFailException) as raised:
        sync(demo, shop, belge).execute(context)
    assert deployment.synced == [demo.division, shop.division, belge.division]
    assert str(raised.value) == (
        f"integration {shop.integration}, division {shop.division}: "
        "The user may not read this. What to do: Give the right. More: docs/runbook/configuration.md"
    )


def test_a_retry_takes_only_those_that_failed(deployment, context, ti, demo, shop) -> None:
    deployment.errors = {shop.division: [away()]}
    task = sync(demo, shop)
    with pytest.raises(AirflowException):
        task.execute(context)
    ti.try_number = 2
    results = task.execute(context)
    assert deployment.synced == [demo.division, shop.division, shop.division]
    assert [result["division"] for result in results] == [demo.division, shop.division]


def test_a_cleared_task_that_had_succeeded_does_all_of_it_again(deployment, context, ti, demo, shop) -> None:
    sync(demo, shop).execute(context)
    ti.try_number = 2
    sync(demo, shop).execute(context)
    assert deployment.synced == [demo.division, shop.division] * 2


def test_a_cleared_task_asks_again_for_what_a_person_has_mended(deployment, context, ti, demo) -> None:
    deployment.errors = {demo.division: [forbidden()]}
    with pytest.raises(AirflowFailException):
        sync(demo).execute(context)
    ti.try_number = 2
    assert len(sync(demo).execute(context)) == 1


def test_what_was_done_of_another_batch_is_no_result_of_this_one(deployment, context, ti, demo, shop, belge) -> None:
    deployment.errors = {shop.division: [away()]}
    with pytest.raises(AirflowException):
        sync(demo, shop).execute(context)
    ti.try_number = 2  # `connect` was cleared after one company had gone: the batches are dealt anew
    results = sync(shop, belge).execute(context)
    assert [result["division"] for result in results] == [shop.division, belge.division]


def test_a_reschedule_does_not_ask_again_for_what_a_person_has_to_mend(deployment, context, demo, shop) -> None:
    deployment.errors = {demo.division: [forbidden()], shop.division: [minute()]}
    with pytest.raises(AirflowRescheduleException):
        sync(demo, shop).execute(context)
    with pytest.raises(AirflowFailException, match="Give the right"):
        sync(demo, shop).execute(context)
    assert deployment.synced == [demo.division, shop.division, shop.division]


def test_a_reschedule_leaves_no_problem_behind(deployment, context, ti, demo) -> None:
    deployment.errors = {demo.division: [minute()]}
    with pytest.raises(AirflowRescheduleException):
        sync(demo).execute(context)
    assert ti.xcoms == {}


def test_it_succeeds_with_what_was_done_when_the_rest_mends_itself(deployment, context, ti, demo, shop) -> None:
    deployment.errors = {shop.division: [busy()]}
    results = sync(demo, shop).execute(context)
    assert [result["division"] for result in results] == [demo.division]
    (problem,) = ti.xcoms["problems"]
    assert problem["skipped"]
    assert "somebody" in problem["message"]


def test_it_is_skipped_when_nothing_could_be_done_now(deployment, context, demo) -> None:
    deployment.errors = {demo.division: [busy()]}
    with pytest.raises(AirflowSkipException, match="somebody"):
        sync(demo).execute(context)


def test_an_unforeseen_error_of_one_division_does_not_stop_the_others(deployment, context, demo, shop) -> None:
    deployment.errors = {demo.division: [RuntimeError("disk full")]}
    with pytest.raises(AirflowException, match="disk full"):
        sync(demo, shop).execute(context)
    assert deployment.synced == [demo.division, shop.division]


def test_failures_are_left_for_publish_to_gather(deployment, context, ti, demo) -> None:
    deployment.errors = {demo.division: [forbidden()]}
    with pytest.raises(AirflowFailException):
        sync(demo).execute(context)
    (problem,) = ti.xcoms["problems"]
    assert not problem["skipped"]
    assert "division 1000001" in problem["message"]
    assert (problem["task_id"], problem["map_index"]) == ("gl_accounts", 3)


def test_the_lease_holder_is_the_same_in_every_try(deployment, context, ti, demo) -> None:
    deployment.errors = {demo.division: [away()]}
    with pytest.raises(AirflowException):
        sync(demo).execute(context)
    ti.try_number = 2
    sync(demo).execute(context)
    assert {run.holder for run in deployment.runs} == {"exact_online_sync/manual__1/gl_accounts/3"}
    assert [run.try_number for run in deployment.runs] == [1, 2]
    assert {run.run_id for run in deployment.runs} == {"manual__1"}


def test_what_was_chosen_reaches_the_library(deployment, context, demo) -> None:
    sync(demo, entities=["gl_accounts"], mode="full", confirm_deletions=True).execute(context)
    assert deployment.calls == [("sync", (demo.division, "gl_accounts", "full", True))]


def test_an_entity_that_was_not_chosen_is_skipped_without_a_call(deployment, context, demo) -> None:
    with pytest.raises(AirflowSkipException, match="suppliers"):
        sync(demo, entities=["suppliers", "vat_codes"]).execute(context)
    assert deployment.calls == []


def test_an_inactive_axis_is_a_success_that_changes_nothing(deployment, context, demo) -> None:
    deployment.outcome = "inactive"
    task = sync(demo)
    (result,) = task.execute(context)
    assert result["outcome"] == "inactive"
    assert task.outlets == []


def test_an_asset_event_tells_what_changed_where(deployment, context, demo, shop) -> None:
    deployment.changes = {demo.division: 4}
    task = sync(demo, shop)
    task.execute(context)
    assert task.outlets == [ASSET]
    assert context["outlet_events"][ASSET].extra == {
        "divisions": {"1000001": {"inserted": 4, "updated": 0, "deleted": 0}}
    }


def test_no_asset_event_when_nothing_changed(deployment, context, demo) -> None:
    task = sync(demo)
    task.execute(context)
    assert task.outlets == []


def test_the_watermark_of_each_division_can_be_seen_at_the_asset(deployment, context, demo, shop) -> None:
    sync(demo, shop).execute(context)
    assert context["asset_state_store"][ASSET] == {"1000001": "7", "1000002": "7"}


def test_the_label_names_the_divisions_and_fits_into_airflows_column(demo, belge) -> None:
    assert sync(demo).label == "NL · 1000001 Demo Holding"
    assert sync(demo, belge).label == "NL · 1000001 Demo Holding, BE · 2000001 Démo “BE”"
    assert len(sync(*[demo] * 40).label) <= 250


def test_deletions_announce_only_the_tables_that_lost_rows(deployment, context, demo, shop) -> None:
    deployment.changes = {demo.division: 2, shop.division: 3}
    suppliers = entity_asset("suppliers")
    task = ExactOnlineDeletionsOperator(
        task_id="deletions", batch=[demo.to_json(), shop.to_json()], outlets=[ASSET, suppliers]
    )
    task.execute(context)
    assert task.outlets == [suppliers]
    assert context["outlet_events"][suppliers].extra == {"deleted": 5}


def test_deletions_of_one_division_do_not_stop_those_of_another(deployment, context, demo, shop) -> None:
    deployment.errors = {demo.division: [forbidden()]}
    task = ExactOnlineDeletionsOperator(task_id="deletions", batch=[demo.to_json(), shop.to_json()])
    with pytest.raises(AirflowFailException):
        task.execute(context)
    assert deployment.calls == [("deletions", demo.division), ("deletions", shop.division)]


@pytest.mark.parametrize(("hours", "outcome"), [(5, AirflowRescheduleException), (7, AirflowSkipException)])
def test_a_patient_task_looks_every_minute_whether_the_other_reader_has_finished(
    deployment, context, demo, hours, outcome
) -> None:
    context["dag_run"] = SimpleNamespace(start_date=datetime.now(UTC) - timedelta(hours=hours))
    holder = DatasetBusyError("It reads.", retry_at=datetime.now(UTC) + timedelta(minutes=15), holder="hourly")
    deployment.errors = {demo.division: [holder]}
    task = sync(demo, patience=timedelta(hours=6))
    with pytest.raises(outcome) as raised:
        task.execute(context)
    if outcome is AirflowRescheduleException:
        wait = raised.value.reschedule_date - datetime.now(UTC)
        assert timedelta(seconds=50) < wait < timedelta(seconds=70)
    assert task.execute(context)[0]["outcome"] == "published"


def test_one_that_fails_among_many_that_are_read_at_once_fails_alone(deployment, context, ti, demo) -> None:
    divisions = [replace(demo, division=number) for number in range(40)]
    deployment.errors = {7: [forbidden()], 8: [away()]}
    with pytest.raises(AirflowException) as raised:
        sync(*divisions, readers=4).execute(context)
    assert [line.partition(":")[0] for line in str(raised.value).splitlines()] == [
        f"integration {demo.integration}, division 7",
        f"integration {demo.integration}, division 8",
    ]
    assert sorted(deployment.synced) == list(range(40))
    ti.try_number = 2
    results = sync(*divisions, readers=4).execute(context)
    assert sorted(deployment.synced[40:]) == [7, 8]
    assert [result["division"] for result in results] == list(range(40))


def test_a_batch_is_named_by_its_first_and_last_company(demo) -> None:
    divisions = [replace(demo, division=number) for number in range(42)]
    assert sync(*divisions).label == f"{divisions[0].label} … {divisions[-1].label} (42 companies)"


def test_what_is_settled_is_not_stored_for_each_company(deployment, context, demo) -> None:
    stored = []
    context["task_state_store"].set = lambda *_, **__: stored.append(1)
    sync(*(replace(demo, division=number) for number in range(40))).execute(context)
    assert len(stored) <= 1


def test_a_watermark_is_shown_when_it_moves_and_not_again(deployment, context, demo) -> None:
    deployment.watermark_before = 7
    sync(demo).execute(context)
    assert context["asset_state_store"][ASSET] == {}
