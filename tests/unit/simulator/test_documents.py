from __future__ import annotations

import base64
from uuid import uuid4

import pytest

from tests.unit.simulator.office import ATTACHMENTS, COMPANIES, DOCUMENTS, OURS, RELATIONS, WHOLE, Office

PDF = b"%PDF-1.7 receipt"


@pytest.fixture
def office(visit) -> Office:
    return Office(visit(companies=COMPANIES, language="en", longest_attachment=1000))


def attachment(document, contents=PDF, name="receipt.pdf"):
    return {"Document": str(document), "FileName": name, "Attachment": base64.b64encode(contents).decode()}


def refusal(office, endpoint, body):
    response = office.visitor.post(f"{OURS}/{endpoint}", body)
    assert response.status_code == 500, response.text
    return response.json()["error"]["message"]["value"]


def test_a_receipt_goes_with_its_entry_by_a_document(office):
    acme = str(office.ids["Acme"])
    document = office.create(DOCUMENTS, {"Subject": "F-1 · ours-1", "Type": 20, "Account": acme})
    office.create(ATTACHMENTS, attachment(document))
    told = office.book(Document=str(document))
    assert (told["Document"], told["DocumentSubject"], told["DocumentNumber"]) == (str(document), "F-1 · ours-1", 1)

    (found,) = office.visitor.records(f"{OURS}/{DOCUMENTS}", filter=f"Account eq guid'{acme}'")
    assert (found["Subject"], found["FinancialTransactionEntryID"]) == ("F-1 · ours-1", told["EntryID"])
    (listed,) = office.visitor.records(f"{OURS}/{ATTACHMENTS}", filter=f"Document eq guid'{document}'")
    assert (listed["FileName"], listed["FileSize"], listed["Attachment"]) == ("receipt.pdf", len(PDF), None)
    assert [one["Attachment"] for one in office.truth("DocumentAttachments")] == [PDF]
    over_http = office.visitor.http.get(f"/_simulator/truth/{OURS}/DocumentAttachments").json()["records"]
    assert [base64.b64decode(one["Attachment"]) for one in over_http] == [PDF]
    assert office.visitor.broken_rules() == []


def test_what_a_document_and_an_attachment_must_have(office):
    assert refusal(office, DOCUMENTS, {}) == "Mandatory: Subject\r\nMandatory: Type"
    assert refusal(office, DOCUMENTS, {"Subject": "s", "Type": 21}) == "Invalid reference: Type"
    assert refusal(office, ATTACHMENTS, {}) == "Mandatory: Attachment\r\nMandatory: Document\r\nMandatory: File name"
    assert refusal(office, ATTACHMENTS, attachment(uuid4())) == "Invalid reference: Document"
    document = office.create(DOCUMENTS, {"Subject": "s", "Type": 20})
    assert refusal(office, ATTACHMENTS, attachment(document, b"x" * 1001)) == "Too large: Attachment"
    office.create(ATTACHMENTS, attachment(document, b"x" * 1000))
    assert office.visitor.broken_rules() == []


def test_an_attachment_is_base64_and_is_never_changed(office):
    document = office.create(DOCUMENTS, {"Subject": "s", "Type": 20})
    body = {**attachment(document), "Attachment": "no base64!"}
    assert office.visitor.post(f"{OURS}/{ATTACHMENTS}", body).status_code == 400
    key = office.create(ATTACHMENTS, attachment(document))
    path = f"/api/v1/{OURS}/{ATTACHMENTS}(guid'{key}')"
    headers = {"Authorization": f"Bearer {office.visitor.tokens['access_token']}"}
    assert office.visitor.http.put(path, json={"FileName": "x"}, headers=headers).status_code == 405


def test_a_document_of_another_company_is_dropped_from_an_entry(office):
    foreign = office.visitor.simulator.insert(2, "Documents", {"Subject": "theirs"}).key
    told = office.book(Document=str(foreign))
    assert told["Document"] is None


def test_a_supplier_is_created_with_the_next_code_and_can_be_booked_on(office):
    body = {"Name": "Nieuw B.V.", "IsSupplier": True, "VATNumber": "NL123456789B01", "GLAccountPurchase": None}
    told = office.visitor.post(f"{OURS}/{RELATIONS}", body, **WHOLE).json()["d"]
    assert (told["Code"], told["Name"], told["Blocked"]) == ("5".rjust(18), "Nieuw B.V.", False)
    office.ids["Acme"] = told["ID"]
    assert office.book()["SupplierName"] == "Nieuw B.V."
    found = office.visitor.records(f"{OURS}/{RELATIONS}", select="ID", filter="Name eq 'Nieuw B.V.'")
    assert [one["ID"] for one in found] == [told["ID"]]


def test_what_a_relation_must_have_and_may_not_have(office):
    assert refusal(office, RELATIONS, {"Name": ""}) == "Mandatory: Name"
    assert refusal(office, RELATIONS, {"Name": "x", "Code": "1"}) == "Code: Already exists"
    wrong = {"Name": "x", "Country": "Nederland", "PurchaseVATCode": "?", "GLAccountPurchase": str(uuid4())}
    assert refusal(office, RELATIONS, wrong) == (
        "Invalid reference: G/L account\r\nInvalid reference: VAT code\r\nInvalid reference: Country"
    )
    assert office.visitor.broken_rules() == []


def test_what_only_exact_writes_may_be_ignored_instead_of_refused(office):
    body = {"Name": "x", "CreatorFullName": "Mallory"}
    assert office.visitor.post(f"{OURS}/{RELATIONS}", body).status_code == 400
    office.visitor.simulator.configure(read_only_properties="ignored")
    key = office.create(RELATIONS, body)
    (created,) = [one for one in office.truth("Accounts") if one["ID"] == key]
    assert created["CreatorFullName"] == "Dana Demo"
