"""A deployment and a task context that only remember what they were asked, for tests of single operators."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from exactsync.load import DeletionsResult, DivisionRef, LoadResult
from exactsync.warehouse.sync_health import SyncHealth

if TYPE_CHECKING:
    from collections.abc import Callable

    from exactsync.load import Run
    from exactsync.payables.outbox import Total
    from exactsync.warehouse.drift import DriftOfDataSet
    from exactsync.warehouse.grants_in_use import GrantInUse
    from exactsync.warehouse.quality import CheckResult

DEMO = DivisionRef(integration="nl", division=1000001, name="Demo Holding", country="NL")
SHOP = DivisionRef(integration="nl", division=1000002, name="Demo Shop", country="NL")
BELGE = DivisionRef(integration="be", division=2000001, name="Démo “BE”", country="BE")


NOTHING_YET = SyncHealth(now=datetime(2026, 11, 22, tzinfo=UTC), integrations=(), companies=(), changes=())


@dataclass
class FakeDeployment:
    """Answers like exactsync.deployment.Deployment; `errors` by division (or method name) are raised once each."""

    found: list[DivisionRef] = field(default_factory=lambda: [DEMO, SHOP])
    problems: list[Exception] = field(default_factory=list)
    errors: dict[Any, list[Exception]] = field(default_factory=dict)
    changes: dict[int, int] = field(default_factory=dict)
    calls: list[tuple[str, Any]] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    results: list[LoadResult] = field(default_factory=list)
    drifted: list[DriftOfDataSet] = field(default_factory=list)
    failing: list[CheckResult] = field(default_factory=list)
    outcome: str = "published"
    watermark_before: int | None = None
    is_closed: bool = False
    grants: list[GrantInUse] = field(default_factory=list)
    totals: list[Total] = field(default_factory=list)
    health: SyncHealth = NOTHING_YET

    def connect(self, **choice: Any) -> SimpleNamespace:
        self.calls.append(("connect", choice))
        self._maybe_raise("connect")
        return SimpleNamespace(divisions=self.found, problems=self.problems)

    def sync(self, ref: DivisionRef, entity: str, *, mode: str, run: Run, confirm_deletions: bool) -> LoadResult:
        self.calls.append(("sync", (ref.division, entity, mode, confirm_deletions)))
        self.runs.append(run)
        self._maybe_raise(ref.division)
        return LoadResult(
            integration=ref.integration,
            division=ref.division,
            entity=entity,
            mode=mode,
            outcome=self.outcome,
            inserted=self.changes.get(ref.division, 0),
            calls=3,
            seconds=0.2,
            watermark_before=self.watermark_before,
            watermark_after=7,
        )

    def apply_deletions(self, ref: DivisionRef, *, run: Run) -> DeletionsResult:
        self.calls.append(("deletions", ref.division))
        self.runs.append(run)
        self._maybe_raise(ref.division)
        deleted = {"suppliers": self.changes.get(ref.division, 0), "gl_accounts": 0}
        return DeletionsResult(
            integration=ref.integration, division=ref.division, read=9, calls=1, seconds=0.1, deleted=deleted
        )

    @property
    def keeper(self) -> SimpleNamespace:
        return SimpleNamespace(grants=lambda: self.grants)

    @property
    def exports(self) -> SimpleNamespace:
        return SimpleNamespace(overview=lambda _selection: SimpleNamespace(totals=self.totals))

    def sync_health(self) -> SyncHealth:
        return self.health

    def close(self) -> None:
        self.is_closed = True

    def conclude(self) -> None:
        self.calls.append(("conclude", None))

    def report(self, run_id: str) -> list[LoadResult]:
        self.calls.append(("report", run_id))
        self._maybe_raise("report")
        return self.results

    def drift(self, _run_id: str) -> list[DriftOfDataSet]:
        return self.drifted

    def check_quality(self, run_id: str) -> list[CheckResult]:
        self.calls.append(("check_quality", run_id))
        return self.failing

    def _maybe_raise(self, key: Any) -> None:
        if self.errors.get(key):
            raise self.errors[key].pop(0)

    @property
    def synced(self) -> list[int]:
        return [argument[0] for name, argument in self.calls if name == "sync"]


class FakeStateStore(dict[str, Any]):
    """Airflow's task or asset state, for one task instance or asset."""

    def set(self, key: str, value: Any, **_: Any) -> None:
        self[key] = value

    def delete(self, key: str) -> None:
        self.pop(key, None)


class FakeTaskInstance:
    """What operators use of a running task instance."""

    dag_id = "exact_online_sync"
    run_id = "manual__1"

    def __init__(self) -> None:
        self.task_id = "gl_accounts"
        self.map_index = 3
        self.try_number = 1
        self.xcoms: dict[str, Any] = {}
        self.breadcrumbs: list[dict[str, Any]] = []
        self.left: dict[str, Any] = {}

    def xcom_push(self, key: str, value: Any) -> None:
        self.xcoms[key] = value

    def xcom_pull(self, *, task_ids: list[str], key: str) -> list[Any]:
        assert key == "problems"
        return [self.left.get(task_id) for task_id in task_ids]

    def get_task_breadcrumbs(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        assert (dag_id, run_id) == (self.dag_id, self.run_id)
        return self.breadcrumbs


class AnyKey(dict[Any, Any]):
    """A mapping that makes what it is asked for."""

    def __init__(self, make: Callable[[], Any]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: Any) -> Any:
        self[key] = self._make()
        return self[key]


@pytest.fixture
def ti() -> FakeTaskInstance:
    return FakeTaskInstance()


@pytest.fixture
def context(ti: FakeTaskInstance) -> dict[str, Any]:
    return {
        "ti": ti,
        "task_state_store": FakeStateStore(),
        "asset_state_store": AnyKey(FakeStateStore),
        "outlet_events": AnyKey(SimpleNamespace),
    }


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch) -> FakeDeployment:
    fake = FakeDeployment()
    for module in ("batch", "connect", "publish"):
        monkeypatch.setattr(f"exactsync_airflow.operators.{module}.airflow_deployment", lambda _conn_id, **_: fake)
    return fake


@pytest.fixture
def demo() -> DivisionRef:
    return DEMO


@pytest.fixture
def shop() -> DivisionRef:
    return SHOP


@pytest.fixture
def belge() -> DivisionRef:
    return BELGE
