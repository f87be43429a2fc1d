"""A whole Airflow of processes, as `make demo` starts it, and what on-call does with it."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from exactsync.demo.airflow import LOGIN, PASSWORD
from exactsync.demo.stack import DAG_ID, Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

RUN_TIMEOUT_S = 180.0
POLL_S = 0.2


class OnCall:
    """Works in the UI of a running Airflow, by way of the API that the UI uses: with the main job, or another DAG."""

    def __init__(self, stack: Stack, dag_id: str = DAG_ID) -> None:
        self._stack = stack
        self._dag = f"/api/v2/dags/{dag_id}"
        self._client = httpx.Client(base_url=stack.airflow.url, timeout=30)
        answer = self._client.post("/auth/token", json={"username": LOGIN, "password": PASSWORD})
        self._client.headers["Authorization"] = f"Bearer {answer.raise_for_status().json()['access_token']}"

    def start(self, **choice: Any) -> str:
        """Trigger a run and return its id."""
        answer = self._client.post(f"{self._dag}/dagRuns", json={"logical_date": None, "conf": choice})
        run_id: str = answer.raise_for_status().json()["dag_run_id"]
        return run_id

    def run(self, **choice: Any) -> str:
        """Trigger a run, wait for its end and return its id."""
        run_id = self.start(**choice)
        self.wait(run_id)
        return run_id

    def wait(self, run_id: str) -> None:
        """Wait until a run has ended, one way or the other."""
        self.wait_until(run_id, lambda: self.state(run_id) in {"success", "failed"})

    def wait_until(self, run_id: str, is_reached: Callable[[], object]) -> None:
        """Wait until something is true of a run."""
        deadline = time.monotonic() + RUN_TIMEOUT_S
        while not is_reached():
            self._stack.processes.check()
            assert time.monotonic() < deadline, self.states(run_id)
            time.sleep(POLL_S)

    def state(self, run_id: str) -> str:
        return str(self._get(f"{self._dag}/dagRuns/{run_id}")["state"])

    def instances(self, run_id: str) -> list[dict[str, Any]]:
        return list(self._get(f"{self._dag}/dagRuns/{run_id}/taskInstances")["task_instances"])

    def states(self, run_id: str) -> dict[str, Counter[str]]:
        """Count the states of each task's instances."""
        found: dict[str, Counter[str]] = {}
        for instance in self.instances(run_id):
            found.setdefault(instance["task_id"], Counter())[str(instance["state"])] += 1
        return found

    def count(self, run_id: str, state: str) -> int:
        """Count the task instances that are in a state."""
        return sum(found[state] for found in self.states(run_id).values())

    def log(self, run_id: str, instance: dict[str, Any]) -> str:
        """Read the log of the last try of a task instance."""
        lines = self._get(
            f"{self._dag}/dagRuns/{run_id}/taskInstances/{instance['task_id']}/logs/{instance['try_number']}"
            f"?map_index={instance['map_index']}&full_content=true"
        )["content"]
        return "\n".join(str(line.get("event", line)) if isinstance(line, dict) else str(line) for line in lines)

    def clear_failed(self, run_id: str) -> None:
        """Press *Clear*, failed only, with downstream, and wait for the run to end again."""
        failed = {each["task_id"] for each in self.instances(run_id) if each["state"] == "failed"}
        self.clear(run_id, *sorted(failed), only_failed=True)
        self.wait(run_id)

    def clear(self, run_id: str, *tasks: str, downstream: bool = True, only_failed: bool = False) -> None:
        """Press *Clear* on tasks, with all their mapped instances."""
        answer = self._client.post(
            f"{self._dag}/clearTaskInstances",
            json={
                "dry_run": False,
                "dag_run_id": run_id,
                "task_ids": tasks,
                "only_failed": only_failed,
                "include_downstream": downstream,
                "reset_dag_runs": True,
            },
        )
        answer.raise_for_status()

    def set_slots(self, slots: int) -> None:
        """Let so many tasks run or be queued at a time."""
        self._client.patch("/api/v2/pools/default_pool?update_mask=slots", json={"slots": slots}).raise_for_status()

    def asset_events(self, run_id: str) -> Counter[str]:
        """Count the events that a run emitted, by asset."""
        everything = self._get("/api/v2/assets/events?limit=1000")["asset_events"]
        return Counter(event["name"] for event in everything if event["source_run_id"] == run_id)

    def _get(self, path: str) -> Any:
        return self._client.get(path).raise_for_status().json()


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """The stack, logging all that it can."""
    monkeypatch.setenv("AIRFLOW__LOGGING__LOGGING_LEVEL", "DEBUG")
    with Stack(tmp_path / "stack") as running:
        running.wait_until_ready()
        yield running


@pytest.fixture
def on_call(stack: Stack) -> OnCall:
    return OnCall(stack)


class Exact:
    """The control API of the simulated Exact Online."""

    def __init__(self, url: str) -> None:
        self._control = httpx.Client(base_url=f"{url}/_simulator/", timeout=30)

    def change(self, path: str, **body: Any) -> Any:
        return self._control.post(path, json=body).raise_for_status().json()

    def read(self, path: str) -> Any:
        return self._control.get(path).raise_for_status().json()

    def plant(self, name: str, endpoint: str, **fault: Any) -> None:
        """Plant a fault; it strikes every call unless told otherwise."""
        when = {} if "occurrences" in fault else {"every": 1}
        self.change("faults", name=name, endpoint=endpoint, **when, **fault)

    def mend(self) -> None:
        """Take all faults away."""
        self._control.delete("faults").raise_for_status()

    def records(self, division: int, entity_set: str) -> list[dict[str, Any]]:
        return list(self.read(f"truth/{division}/{entity_set}")["records"])

    def calls(self, endpoint: str) -> int:
        return sum(each["calls"] for each in self.read("calls") if each["endpoint"] == endpoint)


@pytest.fixture
def exact(stack: Stack) -> Exact:
    return Exact(stack.exact_url)
