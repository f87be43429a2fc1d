"""Faults of the machines that Airflow runs on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar, Final

import redis

from exactsync.demo.airflow import AirflowError
from exactsync.demo.bookings import EXPORT_DAG_ID
from exactsync.demo.stack import DAG_ID
from tests.chaos.load import ENDED, Load
from tests.distributed.topology import WORKERS

if TYPE_CHECKING:
    from tests.chaos.load import Work
    from tests.chaos.site import Site

AT_WORK_WITHIN_S: Final = 60.0
_POLL_S: Final = 0.1


class WorkerKilled:
    """Ends a worker with all its tasks, as a machine that loses its power does, once it is at work."""

    name: ClassVar[str] = "worker killed"
    hold_s: ClassVar[float] = 3.0

    def __init__(self, site: Site, repeat: int) -> None:
        self._site = site
        self._wanted = EXPORT_DAG_ID if repeat % 2 else DAG_ID
        self._victim = ""
        self._struck = 0

    def strike(self, work: Work) -> None:
        """Halt the worker while it has such a task, so that the task is not over by its death, and kill it.

        Tasks are short: where all were over before one was seen, there is more of the same work.
        """
        processes, give_up_at = self._site.stack.processes, time.monotonic() + AT_WORK_WITHIN_S
        load = Load(self._site)
        while time.monotonic() < give_up_at:
            for victim in set(self._hosts(work, self._wanted)):
                processes.suspend(victim)
                self._struck = self._hosts(work).count(victim)
                if self._struck:
                    self._victim = victim
                    processes.kill(victim)
                    return
                processes.resume(victim)
            if ENDED.issuperset(load.states(work)):
                load.sync(work)
                load.export(work)
            time.sleep(_POLL_S)
        raise AirflowError(f"no task of {self._wanted} was ever at work")

    def struck(self) -> int:
        """Return how many tasks died."""
        return self._struck

    def lift(self) -> None:
        """Start the worker again."""
        if self._victim:
            self._site.airflow.start_worker(self._site.stack.processes, self._victim)

    def _hosts(self, work: Work, wanted: str = "") -> list[str]:
        """Return on which worker each running task is, of one DAG or all."""
        return [
            each["hostname"]
            for dag, run in work.runs
            if wanted in {"", dag}
            for each in self._site.api.task_instances(dag, run)
            if each["state"] == "running" and each["hostname"] in WORKERS
        ]


class SchedulerKilled:
    """Ends the scheduler while tasks are queued and at work."""

    name: ClassVar[str] = "scheduler killed"
    hold_s: ClassVar[float] = 4.0

    def __init__(self, site: Site, repeat: int) -> None:
        self._site = site
        self._struck = 0

    def strike(self, work: Work) -> None:
        """Kill it."""
        self._site.stack.processes.kill("scheduler")
        instances = [each for dag, run in work.runs for each in self._site.api.task_instances(dag, run)]
        self._struck = sum(each["state"] in {"queued", "running", "scheduled"} for each in instances)

    def struck(self) -> int:
        """Return how many tasks it had queued or was waiting for."""
        return self._struck

    def lift(self) -> None:
        """Start another one."""
        self._site.airflow.start_service(self._site.stack.processes, "scheduler")


class RedisRestarted:
    """Ends Celery's queue, which comes back with what it had written down."""

    name: ClassVar[str] = "Redis restarted"
    hold_s: ClassVar[float] = 2.0

    def __init__(self, site: Site, repeat: int) -> None:
        self._site = site
        self._struck = 0

    def strike(self, work: Work) -> None:
        """Kill it."""
        with redis.Redis.from_url(self._site.airflow.queue_url) as queue:
            self._struck = len(queue.client_list()) - 1  # this one
        self._site.stack.processes.kill("redis")

    def struck(self) -> int:
        """Return how many connections of workers and of the scheduler were cut."""
        return self._struck

    def lift(self) -> None:
        """Start it again."""
        self._site.airflow.start_service(self._site.stack.processes, "redis")
