"""Metrics leave the process as StatsD, through Airflow's own facility, and arrive as the dashboard asks for them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from airflow.sdk.observability import stats
from airflow.sdk.observability.metrics import stats_utils

from exactsync_airflow.metrics import METRICS
from tests.distributed.statsd import Statsd

if TYPE_CHECKING:
    from collections.abc import Iterator

OPERATIONS = Path(__file__).resolve().parents[2] / "docs/operations"
ADVISED = dict(re.findall(r"^(AIRFLOW__METRICS__\w+)=(\S+)", (OPERATIONS / "metrics.md").read_text(), re.MULTILINE))
HOSTILE = "Büro, Köln=1: A|B #東"


@pytest.fixture
def statsd(monkeypatch: pytest.MonkeyPatch) -> Iterator[Statsd]:
    """A server, and Airflow's facility set up as a task's process does it, with the settings of the page."""
    with Statsd() as server:
        for name, value in {**ADVISED, **server.settings}.items():
            monkeypatch.setenv(name, value)
        stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=True)
        yield server
    monkeypatch.undo()
    stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=True)


def test_every_metric_arrives_under_the_name_that_the_dashboard_asks_for(statsd: Statsd) -> None:
    for metric in METRICS:
        metric.tell(7, *metric.tags)
    dashboard = json.loads((OPERATIONS / "grafana/exactsync.json").read_text())
    queries = " ".join(target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", []))
    arrived = {sample.name: sample for sample in statsd.ours(len(METRICS))}
    assert len(arrived) == len(METRICS)
    assert [name for name in arrived if not re.search(rf"\b{name}\b", queries)] == []
    for metric in METRICS:
        sample = arrived[f"airflow_{metric.name.replace('.', '_')}"]
        assert (sample.value, sample.kind) == (7, metric.kind[0])
        assert sample.tags == {tag: tag for tag in metric.tags}


def test_whatever_people_call_an_integration_its_metrics_arrive_and_say_which_it_is(statsd: Statsd) -> None:
    gauge = next(metric for metric in METRICS if metric.tags == ("integration",))
    gauge.tell(3, HOSTILE)
    (sample,) = statsd.ours(1)
    assert sample.tags == {"integration": "Buro__Koln_1__A_B___"}
    assert sample.value == 3


def test_a_counter_that_does_not_count_says_nothing_and_a_gauge_says_0(statsd: Statsd) -> None:
    for metric in METRICS:
        metric.tell(0, *metric.tags)
    gauges = [metric for metric in METRICS if metric.kind == "gauge"]
    assert {(sample.kind, sample.value) for sample in statsd.ours(len(gauges))} == {("g", 0)}
    assert len(statsd.ours()) == len(gauges)
