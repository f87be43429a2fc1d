"""Makes believable records, the same ones for the same seed, and spoils the share that shall be hostile."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID

from exactsync.simulator.database import SHARED, Database
from exactsync.simulator.hostile import spoil
from exactsync.simulator.vocabulary import (
    ACCOUNT_TYPES,
    CHARTS,
    DEPARTMENTS,
    FAMILY_NAMES,
    LANGUAGES,
    LEGAL_FORMS,
    PAYMENT_CONDITIONS,
    PLACES,
    PRODUCTS,
    TRADES,
    VAT_RATES,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from exactsync.simulator.catalogue import Catalogue
    from exactsync.simulator.settings import Company, Settings

Values = dict[str, Any]
_EPOCH = datetime(2016, 1, 4, 8, 0, tzinfo=UTC)
_NEVER_SPOILED = frozenset({"Divisions", "Me", "Deleted"})
SEEDING_ORDER = ("VATCodes", "PaymentConditions", "Costcenters", "Costunits", "GLAccounts", "Accounts")
"""What refers to something comes after it; other entity sets follow."""


class RecordFactory:
    """Makes records for one company."""

    def __init__(self, company: Company, settings: Settings, catalogue: Catalogue, database: Database) -> None:
        self.company = company
        self.random = Random(f"{settings.seed} {company.code}")  # noqa: S311 - reproducible, not secret
        self._settings = settings
        self._catalogue = catalogue
        self._database = database
        self._made: dict[str, int] = {}

    def create(self, entity_set: str, *, at: datetime | None = None) -> Values:
        """Return a new record; `at` is when it was created, or else some time in the past."""
        properties = self._catalogue.entity_sets[entity_set].properties
        number = self._made.get(entity_set, 0)
        self._made[entity_set] = number + 1
        make = _MAKERS.get(entity_set, _make_plain)
        record = {**self._audit(at), **make(self, number)}
        if entity_set not in _NEVER_SPOILED and self.random.random() < self._settings.hostile:
            record = spoil(self.random, record, properties)
        record["ID"] = self._database.new_id()
        return {name: value for name, value in record.items() if name in properties}

    def pick(self, entity_set: str, name: str, *, share: float = 1.0) -> Any:
        """Return one value of `name` among the records there are; None in a share of the cases."""
        records = self._database.by_key(self.company.code, entity_set)
        if not records or self.random.random() >= share:
            return None
        return self.random.choice(records).get(name)

    def _audit(self, at: datetime | None) -> Values:
        user = self._settings.user
        created = at or _EPOCH + timedelta(milliseconds=self.random.randrange(10 * 365 * 86_400_000))
        modified = at or created + timedelta(milliseconds=self.random.randrange(200 * 86_400_000))
        return {
            "Division": self.company.code,
            "Created": created,
            "Creator": user.id,
            "CreatorFullName": user.name,
            "Modified": modified,
            "Modifier": user.id,
            "ModifierFullName": user.name,
        }


def _make_gl_account(factory: RecordFactory, number: int) -> Values:
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


def _make_vat_code(factory: RecordFactory, number: int) -> Values:
    rates = VAT_RATES[factory.company.country]
    rate, lap = rates[number % len(rates)], number // len(rates)
    return {
        "Code": str(number),
        "Description": f"{rate.description} ({lap})" if lap else rate.description,
        "Percentage": rate.percentage,
        "Type": rate.type,
        "VATTransactionType": rate.transaction_type,
        "IsBlocked": lap > 2,
        "Charged": "erlegd" in rate.description or "liquidation" in rate.description,
        "Country": factory.company.country,
        "CalculationBasis": 0,
        "EUSalesListing": "L" if rate.transaction_type == "S" else "N",
        "IntraStat": False,
        "GLToClaim": factory.random.choice((factory.pick("GLAccounts", "ID"), _random_id(factory.random))),
        "GLToPay": factory.random.choice((None, _random_id(factory.random))),
        "VatMargin": 0,
        "VatDocType": "P",
    }


def _make_cost_center(factory: RecordFactory, number: int) -> Values:
    name, lap = DEPARTMENTS[number % len(DEPARTMENTS)], number // len(DEPARTMENTS)
    end_date = _some_day(factory.random, share=0.15)
    return {
        "Code": f"{name[:3].upper()}{lap:02d}",
        "Description": f"{name} {lap}" if lap else name,
        "Active": end_date is None,
        "EndDate": end_date,
    }


def _make_cost_unit(factory: RecordFactory, number: int) -> Values:
    name, lap = PRODUCTS[number % len(PRODUCTS)], number // len(PRODUCTS)
    return {
        "Code": f"{100 + number}",
        "Description": f"{name} {lap}" if lap else name,
        "EndDate": _some_day(factory.random, share=0.1),
    }


def _make_account(factory: RecordFactory, number: int) -> Values:
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
        "StartDate": _some_day(random, share=0.9),
        "EndDate": _some_day(random, share=0.05),
        "Latitude": random.uniform(50, 53),
        "Longitude": random.uniform(2, 7),
        "IsAccountant": 0,
        "SearchCode": name.split()[0].upper(),
    }


def _make_payment_condition(factory: RecordFactory, number: int) -> Values:
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


def _make_plain(_factory: RecordFactory, number: int) -> Values:
    """Make a record of an entity set that nobody has described further."""
    return {"Code": str(number), "Description": f"Record {number}"}


def _random_id(random: Random) -> UUID:
    return UUID(int=random.getrandbits(128), version=4)


def _some_day(random: Random, *, share: float) -> date | None:
    return date(2016, 1, 1) + timedelta(days=random.randrange(5000)) if random.random() < share else None


_MAKERS: Mapping[str, Callable[[RecordFactory, int], Values]] = {
    "GLAccounts": _make_gl_account,
    "VATCodes": _make_vat_code,
    "Costcenters": _make_cost_center,
    "Costunits": _make_cost_unit,
    "Accounts": _make_account,
    "PaymentConditions": _make_payment_condition,
}


def describe_division(company: Company, number: int) -> Values:
    """Return the record of system/Divisions for a company."""
    place = PLACES[company.country][0]
    return {
        "Code": company.code,
        "Description": company.name,
        "Hid": number + 1,
        "CustomerName": "Demo Group B.V.",
        "Country": company.country,
        "Currency": "EUR",
        "Status": 2 if company.is_archived else 1,
        "ArchiveDate": date(2023, 12, 31) if company.is_archived else None,
        "BlockingStatus": 0,
        "IsMainDivision": number == 0,
        "Current": number == 0,
        "Legislation": {"NL": "1", "BE": "2", "FR": "3"}[company.country],
        "City": place.city,
        "Postcode": place.postcode,
        "VATNumber": f"{company.country}{800_000_000 + company.code}",
        "ChamberOfCommerceNumber": str(60_000_000 + company.code),
        "StartDate": date(2016, 1, 1),
        "Created": _EPOCH,
        "Modified": _EPOCH,
    }


def seed(settings: Settings, catalogue: Catalogue, database: Database) -> dict[int, RecordFactory]:
    """Fill the database; return the factory of each company, for records that come later."""
    factories = {}
    for number, company in enumerate(settings.companies):
        database.put(SHARED, "Divisions", describe_division(company, number))
        factory = factories[company.code] = RecordFactory(company, settings, catalogue, database)
        rest = [name for name in company.sizes if name not in SEEDING_ORDER]
        for entity_set in (*SEEDING_ORDER, *rest):
            records = [factory.create(entity_set) for _ in range(company.sizes.get(entity_set, 0))]
            for record in records:
                database.put(company.code, entity_set, record)
    return factories
