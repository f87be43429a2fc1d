"""Payables on the page: setting a source up, mapping what its payables name, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.plugins.accounting_setup.browser import OWN_PAGE, error

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.plugins.accounting_setup.browser import Browser

HOSTILE = "<img src=x onerror=alert(1)>"
SETTINGS: dict[str, Any] = {
    "kind": "spendesk",
    "integration": "Demo",
    "division": 1000001,
    "creates_suppliers": True,
    "requires_receipt": False,
    "start_date": "2026-01-01",
    "entry_currency": "payment",
}
JOURNAL = """
INSERT INTO exact_online.journals (division, id, code, description, type, _loaded_at, _load_id)
VALUES (1000001, '00000000-0000-0000-0000-000000000001', '60', 'Inkoop', 22, now(), 1)
"""


@pytest.fixture
def source(connected: Browser, execute: Callable[..., None]) -> Browser:
    """A finance administrator, with a source whose payables are booked in a company that has one journal."""
    execute(JOURNAL)
    connected.get("/api/connections/Demo/companies").raise_for_status()
    connected.put("/api/connections/Demo/companies", {"divisions": [1000001]}).raise_for_status()
    connected.put("/api/payables/spendesk_default", SETTINGS).raise_for_status()
    return connected


def test_a_source_answers_with_what_was_set_up_and_by_whom(source: Browser) -> None:
    (known,) = source.get("/api/payables").json()["sources"]
    assert known.pop("since")
    assert known == {**SETTINGS, "name": "spendesk_default", "by": "user"}


def test_what_is_chosen_is_mapped_shown_with_its_name_at_exact_and_forgotten_again(source: Browser) -> None:
    choices = source.get("/api/payables/spendesk_default/choices?kind=journal&wanted=ink").json()
    assert choices == {"choices": [{"value": "60", "label": "60 · Inkoop", "about": ""}], "is_more": False}

    answer = source.put("/api/payables/spendesk_default/mapping", {"kind": "journal", "key": "card", "target": "60"})
    (card,) = journals(answer.json(), "card")
    assert (card["label"], card["target_name"], card["set_by"], card["problem"]) == (
        "Card",
        "60 · Inkoop",
        "user",
        None,
    )

    answer = source.put("/api/payables/spendesk_default/mapping", {"kind": "journal", "key": "card", "target": None})
    (card,) = journals(answer.json(), "card")
    assert (card["target"], card["set_by"]) == (None, None)


@pytest.mark.parametrize(
    ("path", "body", "status", "message"),
    [
        ("spendesk_default", SETTINGS | {"division": 1000003}, 400, "Demo does not pull the company 1000003"),
        ("spendesk_default", SETTINGS | {"integration": HOSTILE}, 400, HOSTILE),
        ("a%20b", SETTINGS, 400, "letters, digits"),
        ("spendesk_default", SETTINGS | {"kind": "excel"}, 400, "cannot be read"),
        ("elsewhere/mapping", {"kind": "journal", "key": "card", "target": "60"}, 404, "no source of payables"),
        ("spendesk_default/mapping", {"kind": "journal", "key": HOSTILE, "target": "60"}, 400, "no kind of payable"),
        ("spendesk_default/mapping", {"kind": "account", "key": "\0", "target": "60"}, 400, "cannot be mapped"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(
    source: Browser, path: str, body: dict[str, Any], status: int, message: str
) -> None:
    answer = source.put(f"/api/payables/{path}", body)
    assert answer.status_code == status
    assert message in error(answer)["message"]


def test_another_site_can_neither_read_nor_change_a_mapping(source: Browser) -> None:
    foreign = OWN_PAGE | {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    body = {"kind": "journal", "key": "card", "target": "60"}
    assert source.send("PUT", "/api/payables/spendesk_default/mapping", body, foreign).status_code == 403
    assert source.get("/api/payables", **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert journals(source.get("/api/payables/spendesk_default/mapping").json(), "card")[0]["target"] is None


def journals(mapped: dict[str, Any], key: str) -> list[dict[str, Any]]:
    (section,) = [section for section in mapped["sections"] if section["kind"] == "journal"]
    return [line for line in section["lines"] if line["key"] == key]
