"""Analytical axes: cost centres, cost units and projects."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from exactsync.simulator.records.invented import random_id, some_day
from exactsync.simulator.vocabulary import DEPARTMENTS, PRODUCTS, PROJECT_TYPES, PROJECTS

if TYPE_CHECKING:
    from exactsync.simulator.data import RecordFactory


def make_cost_center(factory: RecordFactory, number: int) -> dict[str, Any]:
    """A department."""
    name, lap = DEPARTMENTS[number % len(DEPARTMENTS)], number // len(DEPARTMENTS)
    end_date = some_day(factory.random, share=0.15)
    return {
        "Code": f"{name[:3].upper()}{lap:02d}",
        "Description": f"{name} {lap}" if lap else name,
        "Active": end_date is None,
        "EndDate": end_date,
    }


def make_cost_unit(factory: RecordFactory, number: int) -> dict[str, Any]:
    """A line of products."""
    name, lap = PRODUCTS[number % len(PRODUCTS)], number // len(PRODUCTS)
    return {
        "Code": f"{100 + number}",
        "Description": f"{name} {lap}" if lap else name,
        "EndDate": some_day(factory.random, share=0.1),
    }


def make_project(factory: RecordFactory, number: int) -> dict[str, Any]:
    """A project of a customer; some have no end, some are long over."""
    random = factory.random
    customer = random.choice([*factory.records("Accounts"), {}])
    name, lap = PROJECTS[number % len(PROJECTS)], number // len(PROJECTS)
    kind = random.choice(tuple(PROJECT_TYPES))
    start = some_day(random, share=1.0) or date(2016, 1, 1)
    budget = random.choice((0.0, 12_500.0, 48_000.5, 250_000.0))
    return {
        "Code": f"P{1000 + number}",
        "Description": f"{name} {lap}" if lap else name,
        "Type": kind,
        "TypeDescription": PROJECT_TYPES[kind],
        "Account": customer.get("ID"),
        "AccountCode": customer.get("Code"),
        "AccountName": customer.get("Name"),
        "StartDate": start,
        "EndDate": start + timedelta(days=random.randrange(30, 900)) if random.random() < 0.6 else None,
        "Manager": random_id(random) if random.random() < 0.7 else None,
        "ManagerFullname": "Dana Demo",
        "DivisionName": factory.company.name,
        "BudgetType": 3,
        "BudgetTypeDescription": "Sales value",
        "BudgetedAmount": budget,
        "BudgetedCosts": budget * 0.6,
        "BudgetedRevenue": budget,
        "BudgetOverrunHours": random.choice((10, 20)),
        "SalesTimeQuantity": random.choice((None, 40.0, 120.5)),
        "PaymentCondition": factory.pick("PaymentConditions", "Code", share=0.3),
        "AllowAdditionalInvoicing": random.random() < 0.5,
        "AllowMemberEntryOnly": False,
        "BlockEntry": random.random() < 0.1,
        "BlockInvoicing": False,
        "BlockPlanning": False,
        "BlockPurchasing": random.random() < 0.1,
        "BlockRebilling": False,
        "EnableWorkInProgress": random.random() < 0.2,
        "HasWBSLines": False,
        "IncludeInvoiceSpecification": 1,
        "IncludeSpecificationInInvoicePdf": True,
        "InvoiceAsQuoted": False,
        "IsWBSRequiredForEntry": 0,
        "MarkupPercentage": 0.0,
        "UseBillingMilestones": False,
    }
