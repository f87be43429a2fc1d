"""What must hold once a fault is over: at Exact, in the warehouse, and in Airflow."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import redis

from exactsync.demo.bookings import EXPORT_DAG_ID
from exactsync.demo.payables import COMPANY
from exactsync.demo.stack import DAG_ID
from exactsync.payables.lifecycle import State
from tests.distributed.invariants import HELD, Invariants

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.chaos.load import Load
    from tests.chaos.site import Site

LEFT: Final = {
    "advisory locks are held": "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'",
    "calls are on their way": """
        SELECT count(*) FROM exactsync.calls_in_flight
        WHERE expires_at > extract(epoch FROM clock_timestamp())
          AND reserved_at > extract(epoch FROM clock_timestamp()) - 30""",
    "payables are in somebody's hands": "SELECT count(*) FROM exactsync.payables_outbox WHERE state = 'exporting'",
    "steps of exports are undecided": (
        "SELECT count(*) FROM exactsync.export_steps WHERE outcome NOT IN ('done', 'absent', 'not_sent')"
    ),
}
"""What is counted besides `HELD`, and must be none."""
ACTIVE: Final = frozenset({"queued", "running"})
OURS: Final = "XS-"


class AllInvariants:
    """Checks everything, as often as it is asked to."""

    def __init__(self, site: Site, load: Load) -> None:
        self._site = site
        self._load = load
        self._of_syncs = Invariants(site.stack, site.exact)
        self._checks: tuple[Callable[[], Iterator[str]], ...] = (
            self._left,
            self._booked_once,
            self._attached_once,
            self._slots,
        )
        self.rows = 0
        """How many rows were compared with Exact the last time."""

    @property
    def number(self) -> int:
        """How many invariants there are: every cell, no broken rule, nothing held, and those of exports and Airflow."""
        return 2 + len(HELD) + len(LEFT) + len(self._checks) - 1

    def broken(self) -> list[str]:
        """Return everything that is not as it must be."""
        self.rows, problems = self._of_syncs.check()
        return [*problems, *(problem for check in self._checks for problem in check())]

    def _left(self) -> Iterator[str]:
        for what, counted in LEFT.items():
            if number := self._site.execute(counted)[0][0]:
                yield f"{number} {what}"

    def _booked_once(self) -> Iterator[str]:
        """Each payable is one entry at Exact, of its amount; and each entry of ours is a payable."""
        entries = Counter[str]()
        amounts: dict[str, Decimal] = {}
        for one in self._site.exact.records(COMPANY, "PurchaseEntries"):
            reference = one["ExternalLinkReference"] or ""
            if reference.startswith(OURS):
                entries[reference] += 1
                amounts[reference] = Decimal(str(one["AmountFC"]))
        payables = {row.reference: row for row in self._load.payables()}
        for reference, row in payables.items():
            if row.state is not State.EXPORTED:
                yield f"payable {row.payable_id} is {row.state}: {row.reason}"
            elif entries[reference] != 1 or amounts[reference] != row.amount:
                yield f"payable {row.payable_id} has {entries[reference]} entries of {amounts.get(reference)}"
        for reference in entries.keys() - payables.keys():
            yield f"entry {reference} is no payable's"

    def _attached_once(self) -> Iterator[str]:
        """Each payable has one document there, with one receipt."""
        subjects = {
            one["ID"]: one["Subject"].rpartition(" ")[2]
            for one in self._site.exact.records(COMPANY, "Documents")
            if OURS in (one["Subject"] or "")
        }
        receipts = Counter(one["Document"] for one in self._site.exact.records(COMPANY, "DocumentAttachments"))
        for reference, number in Counter(subjects.values()).items():
            if number != 1:
                yield f"{reference} has {number} documents"
        for document, reference in subjects.items():
            if receipts[document] != 1:
                yield f"the document of {reference} has {receipts[document]} receipts"

    def _slots(self) -> Iterator[str]:
        """Nobody holds a slot of Airflow's, no message waits in the queue, and no run goes on."""
        for pool in self._site.api.read("/api/v2/pools")["pools"]:
            taken = {name: pool[f"{name}_slots"] for name in ("running", "queued", "scheduled", "deferred")}
            if any(taken.values()):
                yield f"slots of pool {pool['name']} are taken: {taken}"
        with redis.Redis.from_url(self._site.airflow.queue_url) as queue:
            if waiting := queue.llen("default"):
                yield f"{waiting} messages wait in the queue"
        for dag in (DAG_ID, EXPORT_DAG_ID):
            if going_on := [run for run, state in self._site.api.runs(dag).items() if state in ACTIVE]:
                yield f"{dag} goes on: {', '.join(going_on)}"
