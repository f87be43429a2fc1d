"""Everything in one Spendesk account: payables, what has paid them, suppliers, members."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID

from exactsync.simulator.spendesk.faults import Flaw, choose_flaw, spoil
from exactsync.simulator.spendesk.payables import COST_CENTER_FIELD, make_payable

if TYPE_CHECKING:
    from datetime import datetime

    from exactsync.simulator.spendesk.company import SpendeskCompany
    from exactsync.simulator.spendesk.settings import SpendeskSettings

BOOKED = frozenset({"exported", "exportedManually"})
_EVERY = 4
"""Of the payables of a usual month this one has a flaw, while there is one that none has had."""


class SpendeskAccount:
    """The records of one company. Not thread-safe: the simulator holds its lock."""

    def __init__(self, company: SpendeskCompany, settings: SpendeskSettings, now: datetime) -> None:
        self.company = company
        self._random = Random(f"{settings.seed} spendesk")  # noqa: S311 - reproducible, not secret
        self._settings = settings
        self.payables: dict[UUID, dict[str, Any]] = {}
        self.settlements: list[dict[str, Any]] = []
        self.flaws: dict[UUID, Flaw] = {}
        self.reports: list[dict[str, Any]] = []
        """Every bookkeeping status that was sent back, oldest first."""
        self.add(settings.payables, now)

    def add(self, number: int, now: datetime) -> list[UUID]:
        """Approve and prepare so many more payables; return their ids."""
        return [self._add_one(now) for _ in range(number)]

    def _add_one(self, now: datetime) -> UUID:
        settings, random = self._settings, self._random
        newest = now.date() - timedelta(days=1)
        payable = make_payable(
            len(self.payables),
            self.company,
            random,
            newest=newest,
            days=settings.history_days,
            is_usual=settings.is_usual,
        )
        if flaw := self._next_flaw(payable):
            spoil(payable, flaw, random)
            self.flaws[payable["id"]] = flaw
        self.payables[payable["id"]] = payable
        if "Card" in payable["type"]:
            self._settle(payable)
        return UUID(str(payable["id"]))

    def _next_flaw(self, payable: dict[str, Any]) -> Flaw | None:
        if self._settings.is_usual:
            place, rest = divmod(len(self.payables), _EVERY)
            return tuple(Flaw)[place] if rest == _EVERY - 1 and place < len(Flaw) else None
        return choose_flaw(payable, self._random) if self._random.random() < self._settings.faulty else None

    def put(self, payable: dict[str, Any]) -> None:
        """Take a payable as it is, in the shape that `make_payable` returns."""
        self.payables[payable["id"]] = payable

    def _settle(self, payable: dict[str, Any]) -> None:
        """Card purchases are paid at once."""
        settlement = {
            "id": UUID(int=self._random.getrandbits(128), version=4),
            "type": "payment",
            "medium": "card",
            "paidFrom": "spendeskAccount",
            "transactionDescription": payable["counterparty"]["name"],
            "createdAt": payable["createdAt"],
            "clearedAt": payable["createdAt"] + timedelta(days=1),
            "amount": payable["amount"],
            "currency": payable["currency"],
            "billingAmount": payable["functionalAmount"],
            "billingCurrency": payable["functionalCurrency"],
            "billingExchangeRate": payable["functionalExchangeRate"],
            "state": "created",
            "exportedAt": None,
        }
        self.settlements.append(settlement)
        allocation = {"allocatedAmount": payable["amount"], "settlement": {"id": settlement["id"], "link": ""}}
        payable["allocations"].append(allocation)

    def edit(self, payable_id: UUID, values: dict[str, Any], now: datetime) -> None:
        """Change values of a payable, as an accountant does."""
        self.payables[payable_id] |= {**values, "updatedAt": now}

    def report(self, payable_id: UUID, status: str, reason: str | None, now: datetime) -> bool:
        """Take a bookkeeping status; return whether it may be changed: what is booked stays so."""
        payable = self.payables[payable_id]
        self.reports.append({"id": payable_id, "status": status, "reason": reason, "at": now})
        if payable["bookkeepingStatus"] in BOOKED and status != payable["bookkeepingStatus"]:
            return False
        if status == "exported" and payable["exportedAt"] is None:
            payable["exportedAt"] = now
        payable |= {"bookkeepingStatus": status, "updatedAt": now}
        return True

    def suppliers(self) -> list[dict[str, Any]]:
        """Return the suppliers as v1 describes them."""
        return [
            {
                "id": one.id,
                "name": one.name,
                "legalName": one.name,
                "registrationNo": None,
                "vatNo": one.vat_number,
                "address": {"country": one.country},
                "iban": one.iban,
                "bic": None,
                "bankCountry": one.iban[:2] if one.iban else None,
                "isArchived": False,
            }
            for one in self.company.suppliers
        ]

    def users(self) -> list[dict[str, Any]]:
        """Return the members."""
        return [{"id": one.id, "fullName": one.name} for one in self.company.employees]

    def analytical_fields(self) -> list[dict[str, Any]]:
        """Return the analytical fields."""
        return [{"id": UUID(int=7), "name": COST_CENTER_FIELD}]

    def cost_centers(self) -> list[dict[str, Any]]:
        """Return the cost centres."""
        return [{"id": str(number), "name": name} for number, name in enumerate(self.company.cost_centers, start=1)]
