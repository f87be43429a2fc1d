"""What is at work while faults strike: a full sync of a company, and an export of new payables, by a real Airflow."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from exactsync.demo.bookings import EXPORT_DAG_ID
from exactsync.demo.payables import COMPANY, set_up_payables
from exactsync.demo.stack import CONNECTION_ID, DAG_ID
from exactsync.entities import entities
from exactsync.environment import read_deployment
from exactsync.payables.lifecycle import Action, State
from exactsync.payables.mapping import MappingKind
from exactsync.payables.rows import Actor
from exactsync.payables.wanted import Wanted
from tests.chaos.site import FOLDER
from tests.distributed.invariants import DIVISIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exactsync.deployment import Deployment
    from exactsync.payables.rows import Row
    from tests.chaos.site import Site

SOURCE: Final = "folder"
PAYABLES: Final = 6
"""Of each round: a document, a receipt and an entry for each, which is read back."""
CHANGES: Final = 40
UNNAMED: Final = ("cost_centers", "cost_units", "projects")
"""What changes in the company that payables are booked in: nothing that a payable names."""
PERSON: Final = Actor(name="chaos")
FIRST_LOAD_S: Final = 600.0
_COSTS: Final = 121
_NOT_USED: Final = 2
ENDED: Final = frozenset({"success", "failed"})
_POLL_S: Final = 0.3
_DONE: Final = frozenset({"success", "skipped"})


@dataclass(slots=True, kw_only=True)
class Work:
    """The runs of one round."""

    division: int
    sync: str
    """The latest run."""
    export: str
    runs: list[tuple[str, str]] = field(default_factory=list)
    """All of them: DAG and run."""


class Load:
    """Gives Airflow work to do, and looks after it as on-call does."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._folder = (FOLDER / "payables").absolute()
        self._rounds = count(1)

    def set_up(self) -> None:
        """Load everything once, and make a folder of files a source of payables."""
        site = self._site
        run_id = site.api.trigger(DAG_ID)
        site.api.wait_for_run(DAG_ID, run_id, timeout_s=FIRST_LOAD_S)
        (self._folder / "receipts").mkdir(parents=True)
        set_up_payables(site.stack.environment, site.exact, integration=CONNECTION_ID, name=SOURCE, kind="files")
        site.execute("UPDATE exactsync.payable_sources SET address = %s", str(self._folder))
        with self._deployment() as deployment:
            deployment.payables.set_mapping(SOURCE, MappingKind.ACCOUNT, "", self._cost_account(), actor=PERSON.name)

    def begin(self) -> Work:
        """Change things at Exact, let payables come, and start a sync and an export."""
        number = next(self._rounds)
        division = DIVISIONS[number % len(DIVISIONS)]
        of = [entities()[name] for name in UNNAMED] if division == COMPANY else ()
        self._site.exact.change_at_random(CHANGES, seed=number, of=of, divisions=[division])
        self._bring_payables(number)
        work = Work(division=division, sync="", export="")
        self.sync(work)
        self.export(work)
        return work

    def sync(self, work: Work) -> None:
        """Start a sync that reads and compares everything of a company."""
        work.sync = self._site.api.trigger(DAG_ID, divisions=[work.division], mode="full")
        work.runs.append((DAG_ID, work.sync))

    def export(self, work: Work) -> None:
        """Start an export of whatever is prepared."""
        work.export = self._site.api.trigger(EXPORT_DAG_ID)
        work.runs.append((EXPORT_DAG_ID, work.export))

    def states(self, work: Work) -> tuple[str, str]:
        """Return the states of the latest runs: sync, export."""
        return tuple(  # type: ignore[return-value]
            self._site.api.runs(dag)[run] for dag, run in ((DAG_ID, work.sync), (EXPORT_DAG_ID, work.export))
        )

    def wait(self, work: Work, *, until: float) -> bool:
        """Wait until the latest runs have ended, or the time (`time.monotonic`) has come; tell whether they have."""
        while not ENDED.issuperset(self.states(work)):
            self._site.stack.processes.check()
            if time.monotonic() > until:
                return False
            time.sleep(_POLL_S)
        return True

    def unfinished(self, work: Work) -> list[str]:
        """Name each task instance of the latest runs that did not end well."""
        found = [
            (dag, each)
            for dag, run in ((DAG_ID, work.sync), (EXPORT_DAG_ID, work.export))
            for each in self._site.api.task_instances(dag, run)
        ]
        return [f"{dag}.{each['task_id']} {each['state']}" for dag, each in found if each["state"] not in _DONE]

    def retries(self, work: Work) -> int:
        """Return how many tries of all tasks came to nothing."""
        instances = (each for dag, run in work.runs for each in self._site.api.task_instances(dag, run))
        return sum(max(each["try_number"], 1) - 1 for each in instances)

    def payables(self) -> list[Row]:
        """Return every payable there has been."""
        with self._deployment() as deployment:
            return list(deployment.exporting.outbox.rows(Wanted()))

    def retry_failed(self) -> int:
        """Press *Retry* on what Exact has refused, as a person does; return how many there were."""
        with self._deployment() as deployment:
            outbox = deployment.exporting.outbox
            failed = outbox.rows(Wanted(states=[State.FAILED]))
            for row in failed:
                outbox.act(row.key, Action.RETRY, why="mended", actor=PERSON)
        return len(failed)

    def _bring_payables(self, number: int) -> None:
        names = [f"{number}-{each}" for each in range(1, PAYABLES + 1)]
        for name in names:
            (self._folder / "receipts" / f"{name}.pdf").write_bytes(b"%PDF-1.7 " + name.encode())
        lines = [json.dumps(_payable(name, 10 * number + each)) for each, name in enumerate(names)]
        (self._folder / f"{number:03}.jsonl").write_text("\n".join(lines))
        with self._deployment() as deployment:
            taken = deployment.intake.take(SOURCE, actor=PERSON)
        if taken.refused or taken.received.new != PAYABLES:
            raise RuntimeError(f"{taken} is not {PAYABLES} new payables")

    def _cost_account(self) -> str:
        accounts = self._site.exact.records(COMPANY, "GLAccounts")
        usable = (one for one in accounts if one["Type"] == _COSTS and not one["IsBlocked"] and not one["VATCode"])
        return str(next(one["Code"].strip() for one in usable if one["UseCostcenter"] == _NOT_USED))

    @contextmanager
    def _deployment(self) -> Iterator[Deployment]:
        deployment = read_deployment(self._site.stack.environment)
        try:
            yield deployment
        finally:
            deployment.close()


def _payable(name: str, euros: int) -> dict[str, Any]:
    """Return a row of a file: an expense claim of one line, with a receipt."""
    amount = f"{euros}.21"
    return {
        "payable_id": name,
        "kind": "expense_claim",
        "description": f"Claim {name}",
        "counterparty_kind": "employee",
        "counterparty_id": "robin",
        "counterparty_name": "Robin",
        "payable_date": str(datetime.now(UTC).date()),
        "currency": "EUR",
        "receipt": f"receipts/{name}.pdf",
        "net": amount,
        "vat": "0",
        "gross": amount,
    }
