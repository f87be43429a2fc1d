from __future__ import annotations

from exactsync.simulator import Company

LEDGER = Company(code=1, name="x", country="NL", sizes={"Journals": 8, "FinancialPeriods": 24})
PATH = "1/read/financial/JournalStatusList"


def test_every_journal_has_every_period_and_is_open_until_it_is_closed(visit):
    visitor = visit(companies=(LEDGER,))
    visitor.simulator.close_period(1, "60", 2024, 3)
    visitor.simulator.close_period(1, "60", 2024, 4)
    visitor.simulator.close_period(1, "60", 2024, 4, is_closed=False)

    statuses = visitor.records(PATH, select="Journal,Year,Period,Status")
    assert len(statuses) == len({(one["Journal"], one["Year"], one["Period"]) for one in statuses}) == 8 * 24
    closed = visitor.records(
        PATH, select="Journal,Year,Period", filter="Status eq 1 and (Year eq 2024 or Year eq 2025)"
    )
    assert [(one["Journal"], one["Year"], one["Period"]) for one in closed] == [("60", 2024, 3)]
    assert visitor.broken_rules() == []


def test_its_pages_go_on_behind_the_whole_key(visit):
    visitor = visit(companies=(LEDGER,))
    page = visitor.get(PATH, select="Journal").json()["d"]
    assert len(page["results"]) == 60
    assert page["__next"].endswith("&$skiptoken='30',6,2025")
    assert page["results"][0]["__metadata"]["uri"].endswith("JournalStatusList(Journal='10',Period=1,Year=2024)")
