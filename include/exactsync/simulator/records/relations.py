"""Relations, their bank accounts, and how they pay."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from exactsync.simulator.records.invented import random_id, some_day
from exactsync.simulator.vocabulary import (
    BANKS,
    FAMILY_NAMES,
    LANGUAGES,
    LEGAL_FORMS,
    PAYMENT_CONDITIONS,
    PLACES,
    TRADES,
)

if TYPE_CHECKING:
    from exactsync.simulator.data import RecordFactory


def make_account(factory: RecordFactory, number: int) -> dict[str, Any]:
    """A relation, most often a supplier."""
    random, country = factory.random, factory.company.country
    place = random.choice(PLACES[country])
    name = f"{random.choice(FAMILY_NAMES)} {random.choice(TRADES)} {random.choice(LEGAL_FORMS[country])}"
    is_supplier = random.random() < factory.company.suppliers
    domain = f"relation{number}.example"
    return {
        "Code": str(number + 8),
        "Name": name,
        "IsSupplier": is_supplier,
        "IsSales": not is_supplier or random.random() < 0.2,
        "Status": random.choice((None, "A")) if is_supplier else random.choice(("C", "P", "S")),
        "Type": "A",
        "Blocked": random.random() < 0.03,
        "AddressLine1": f"{place.street} {random.randrange(1, 400)}",
        "AddressLine2": random.choice((None, None, "", "2e verdieping")),
        "Postcode": place.postcode,
        "City": place.city,
        "Country": country,
        "CountryName": {"NL": "Nederland", "BE": "België", "FR": "France"}[country],
        "Email": random.choice((None, f"facturen@{domain}", f"info@{domain}")),
        "Phone": random.choice((None, "", f"+31 20 {random.randrange(10**6, 10**7)}")),
        "Website": f"https://{domain}" if random.random() < 0.4 else None,
        "VATNumber": f"{country}{random.randrange(10**8, 10**9)}B01" if random.random() < 0.8 else None,
        "ChamberOfCommerce": str(random.randrange(10**7, 10**8)) if random.random() < 0.7 else None,
        "Language": random.choice(LANGUAGES[country]),
        "PurchaseCurrency": random.choice(("EUR", "EUR", "EUR", "USD")),
        "SalesCurrency": "EUR",
        "PurchaseVATCode": factory.pick("VATCodes", "Code", share=0.7),
        "PaymentConditionPurchase": factory.pick("PaymentConditions", "Code", share=0.8),
        "GLAccountPurchase": factory.pick("GLAccounts", "ID", share=0.6) if is_supplier else None,
        "StartDate": some_day(random, share=0.9),
        "EndDate": some_day(random, share=0.05),
        "Latitude": random.uniform(50, 53),
        "Longitude": random.uniform(2, 7),
        "IsAccountant": 0,
        "SearchCode": name.split()[0].upper(),
        **_as_a_supplier(factory, number),
    }


def _as_a_supplier(factory: RecordFactory, number: int) -> dict[str, Any]:
    """What is said of every third relation: how it is classified, and how goods come from it."""
    if number % 3:
        return {}
    country = factory.company.country
    return {
        "Classification": "ABC"[number % 9 // 3],
        "ClassificationDescription": ("Strategisch", "Voorkeur", "Overig")[number % 9 // 3],
        "Classification1": UUID(int=1 + number % 9 // 3, version=4),
        "ActivitySector": UUID(int=10 + number % 4, version=4),
        "BusinessType": UUID(int=20 + number % 5, version=4),
        "EstablishedDate": date(1980 + number % 40, 1 + number % 12, 1 + number % 28),
        "ControlledDate": date(2024, 1 + number % 12, 1 + number % 28),
        "IsExtraDuty": False,
        "IsPurchase": True,
        "CanDropShip": number % 2 == 0,
        "IsBank": number % 30 == 0,
        "IsAnonymised": 0,
        "AutomaticProcessProposedEntry": number % 3,
        "StateName": {"NL": "Noord-Holland", "BE": "Antwerpen", "FR": "Bretagne"}[country],
        "LanguageDescription": {"NL": "Nederlands", "BE": "Nederlands", "FR": "Frans"}[country],
        "PurchaseCurrencyDescription": "Euro",
        "IncotermCodePurchase": ("DAP", "EXW")[number % 2],
        "IncotermVersionPurchase": 2020,
        "IncotermAddressPurchase": "Rotterdam",
        "IntraStatTransactionA": "1",
        "IntraStatTransportMethod": "3",
    }


def make_payment_condition(factory: RecordFactory, number: int) -> dict[str, Any]:
    """When an invoice is to be paid."""
    code, description, days = PAYMENT_CONDITIONS[number % len(PAYMENT_CONDITIONS)]
    lap = number // len(PAYMENT_CONDITIONS)
    return {
        "Code": f"{code}{lap}" if lap else code,
        "Description": description,
        "PaymentDays": days,
        "PaymentMethod": "I" if code == "IN" else "B",
        "Percentage": 1.0,
        "PaymentEndOfMonths": 0,
        "DiscountPercentage": 0.02 if days > 30 else 0.0,
    }


def make_bank_account(factory: RecordFactory, number: int) -> dict[str, Any]:
    """A bank account of any relation, customers and prospects too; each relation's first one is its main one."""
    random = factory.random
    accounts = factory.records("Accounts")
    owner = accounts[number % len(accounts)] if accounts else {"ID": random_id(random), "Name": None}
    name, bic = BANKS[factory.company.country][number % len(BANKS[factory.company.country])]
    return {
        "Account": owner["ID"],
        "AccountName": owner["Name"],
        "Bank": random_id(random),
        "BankAccount": f"{factory.company.country}{random.randrange(10, 98)}{bic[:4]}{random.randrange(10**9, 10**10)}",
        "BankAccountHolderName": random.choice((None, "", owner["Name"])),
        "BankDescription": name,
        "BankName": name,
        "BICCode": bic,
        "Blocked": random.random() < 0.03,
        "Description": random.choice((None, "Hoofdrekening", "G-rekening")),
        "Format": "IB",
        "Main": number < len(accounts),
        "Type": "A",
        "TypeDescription": "Account",
    }
