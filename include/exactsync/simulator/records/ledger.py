"""The ledger: accounts, how reports classify them, journals and periods."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from exactsync.simulator.records.invented import random_id
from exactsync.simulator.vocabulary import ACCOUNT_TYPES, CHARTS, DEPARTMENTS, JOURNALS, REPORTING_SCHEME

if TYPE_CHECKING:
    from exactsync.simulator.data import RecordFactory


def make_gl_account(factory: RecordFactory, number: int) -> dict[str, Any]:
    """A line of the chart of accounts of the company's country."""
    random = factory.random
    chart = CHARTS[factory.company.country]
    line, lap = chart[number % len(chart)], number // len(chart)
    is_cost = line.balance_type == "W"
    department = f" - {DEPARTMENTS[lap % len(DEPARTMENTS)]} {lap}" if lap else ""
    return {
        "Code": str(line.code + lap),
        "Description": line.description + department,
        "Type": line.type,
        "TypeDescription": ACCOUNT_TYPES[line.type],
        "BalanceSide": line.side,
        "BalanceType": line.balance_type,
        "SearchCode": line.description.split()[0][:9].upper(),
        "VATCode": factory.pick("VATCodes", "Code", share=0.5) if is_cost else None,
        "Costcenter": factory.pick("Costcenters", "Code", share=0.3) if is_cost else None,
        "Costunit": factory.pick("Costunits", "Code", share=0.2) if is_cost else None,
        "UseCostcenter": random.choice((0, 1, 2)) if is_cost else 2,
        "UseCostunit": random.choice((0, 2)) if is_cost else 2,
        "IsBlocked": random.random() < 0.04,
        "Matching": line.type in (20, 22),
        "Compress": False,
        "RevalueCurrency": False,
        "ExcludeVATListing": 0,
        "AllowCostsInSales": 0,
        "PrivatePercentage": random.choice((None, 0.0, 0.25)),
        "VATNonDeductiblePercentage": 0.5 if factory.company.country == "BE" and is_cost else None,
        "VATSystem": "I" if factory.company.country == "FR" else None,
    }


def make_gl_classification(factory: RecordFactory, number: int) -> dict[str, Any]:
    """An element of a reporting scheme, below the one whose code its own begins with."""
    line, lap = REPORTING_SCHEME[number % len(REPORTING_SCHEME)], number // len(REPORTING_SCHEME)
    suffix = f"-{lap}" if lap else ""
    parent = factory.find("GLClassifications", "Code", f"{line.parent}{suffix}") if line.parent else None
    return {
        "Code": f"{line.code}{suffix}",
        "Name": f"{line.code}{suffix}",
        "Description": f"{line.description} {lap}" if lap else line.description,
        "Parent": parent["ID"] if parent else None,
        "Abstract": line.is_group,
        "Balance": line.balance,
        "PeriodType": "instant" if line.code.startswith("B") else "duration",
        "IsTupleSubElement": False,
        "Nillable": True,
        "SubstitutionGroup": "xbrli:item",
        "TaxonomyNamespace": _scheme(factory),
        "TaxonomyNamespaceDescription": "RGS 3.5",
        "Type": random_id(factory.random),
    }


def make_mapping(factory: RecordFactory, number: int) -> dict[str, Any]:
    """Where an account of the ledger stands in the reporting scheme. It has no Created and no Modified."""
    accounts = factory.records("GLAccounts")
    account = accounts[number % len(accounts)] if accounts else {"ID": random_id(factory.random)}
    element = factory.random.choice(factory.records("GLClassifications") or [{"ID": random_id(factory.random)}])
    return {
        "GLAccount": account["ID"],
        "GLAccountCode": account.get("Code"),
        "GLAccountDescription": account.get("Description"),
        "Classification": element["ID"],
        "ClassificationCode": element.get("Code"),
        "ClassificationDescription": element.get("Description"),
        "GLSchemeID": _scheme(factory),
        "GLSchemeCode": "RGS",
        "GLSchemeDescription": "Referentie GrootboekSchema",
    }


def make_journal(factory: RecordFactory, number: int) -> dict[str, Any]:
    """A journal; bank journals name their account."""
    journal, lap = JOURNALS[number % len(JOURNALS)], number // len(JOURNALS)
    is_bank = journal.type == 12
    account = factory.random.choice(factory.records("GLAccounts") or [{"ID": None}])
    return {
        "Code": str(journal.code + lap),
        "Description": f"{journal.description} {lap}" if lap else journal.description,
        "Type": journal.type,
        "Currency": "EUR",
        "CurrencyDescription": "Euro",
        "AllowVariableCurrency": not is_bank,
        "AllowVariableExchangeRate": False,
        "AllowVAT": journal.type != 12,
        "AutoSave": False,
        "Bank": random_id(factory.random) if is_bank else None,
        "BankAccountID": random_id(factory.random) if is_bank else None,
        "BankAccountBICCode": "INGBNL2A" if is_bank else None,
        "BankAccountCountry": factory.company.country if is_bank else None,
        "BankAccountDescription": "Zakelijke rekening" if is_bank else None,
        "BankAccountIBAN": "NL20INGB0001234567" if is_bank else None,
        "BankAccountIncludingMask": "NL20 INGB 0001 2345 67" if is_bank else None,
        "BankAccountUseSEPA": is_bank,
        "BankAccountUseSepaDirectDebit": False,
        "BankName": "ING Bank" if is_bank else None,
        "GLAccount": account["ID"],
        "GLAccountCode": account.get("Code"),
        "GLAccountDescription": account.get("Description"),
        "GLAccountType": account.get("Type"),
        "IsBlocked": lap > 1,
        "PaymentServiceProvider": 1 if journal.type == 16 else None,
        "PaymentServiceProviderName": "Adyen" if journal.type == 16 else None,
    }


def make_financial_period(_factory: RecordFactory, number: int) -> dict[str, Any]:
    """A month of a financial year, from January 2024 on."""
    year, month = 2024 + number // 12, number % 12 + 1
    start = date(year, month, 1)
    return {
        "FinYear": year,
        "FinPeriod": month,
        "StartDate": start,
        "EndDate": (start + timedelta(days=31)).replace(day=1) - timedelta(days=1),
    }


def _scheme(factory: RecordFactory) -> UUID:
    """The one reporting scheme of the company."""
    return UUID(int=0x52475300000040008000000000000000 + factory.company.code)
