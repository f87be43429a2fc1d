"""Every fault there is, in the order in which they strike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.chaos.at_airflow import RedisRestarted, SchedulerKilled, WorkerKilled
from tests.chaos.at_exact import ClockShifted, ExactDown, Maintenance, NamesUnresolved, SlowLoris, Storm
from tests.chaos.at_warehouse import ConnectionsUsedUp, DiskFull, WarehouseCrashed

if TYPE_CHECKING:
    from tests.chaos.fault import Fault

FAULTS: Final[tuple[type[Fault], ...]] = (
    WorkerKilled,
    SchedulerKilled,
    WarehouseCrashed,
    RedisRestarted,
    DiskFull,
    ExactDown,
    Storm,
    Maintenance,
    ClockShifted,
    ConnectionsUsedUp,
    NamesUnresolved,
    SlowLoris,
)
