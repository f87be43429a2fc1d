"""The companies themselves, as the list of divisions shows them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from exactsync.simulator.vocabulary import PLACES

if TYPE_CHECKING:
    from datetime import datetime

    from exactsync.simulator.settings import Company


def describe_division(company: Company, number: int, *, created: datetime) -> dict[str, Any]:
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
        "Created": created,
        "Modified": created,
    }
