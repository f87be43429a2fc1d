from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from exactsync.simulator import Company

MISSING_SELECT = "Please add a $select or a $top=1 statement to the query string."


def message(response):
    assert response.status_code == 400
    return response.json()["error"]["message"]["value"]


def test_a_list_comes_in_pages_of_60_linked_by_absolute_urls_that_carry_the_query(visitor):
    first = visitor.get("101/hrm/Costcenters", select="ID,Code", filter="Code ne 'a b&c+d'").json()["d"]
    assert len(first["results"]) == 60
    link = urlsplit(first["__next"])
    assert f"{link.scheme}://{link.netloc}{link.path}" == "https://exact.test/api/v1/101/hrm/Costcenters"
    assert dict(parse_qsl(link.query)) == {
        "$select": "ID,Code",
        "$filter": "Code ne 'a b&c+d'",
        "$skiptoken": f"guid'{first['results'][-1]['ID']}'",
    }
    second = visitor.get(first["__next"]).json()["d"]
    third = visitor.get(second["__next"]).json()["d"]
    assert (len(second["results"]), len(third["results"])) == (60, 10)
    assert "__next" not in third
    ids = [record["ID"] for page in (first, second, third) for record in page["results"]]
    assert len(set(ids)) == 130
    assert ids == sorted(ids)
    assert visitor.broken_rules() == []


def test_links_keep_the_public_url_of_a_simulator_behind_a_proxy(visit):
    visitor = visit(public_url="https://start.exactonline.nl")
    page = visitor.get("101/hrm/Costcenters", select="ID").json()["d"]
    assert page["__next"].startswith("https://start.exactonline.nl/api/v1/101/")
    assert page["results"][0]["__metadata"]["uri"].startswith("https://start.exactonline.nl/api/v1/101/")


@pytest.mark.parametrize("size", [59, 60, 61, 120])
def test_only_a_page_that_is_not_the_last_has_a_link(visit, size):
    visitor = visit(companies=(Company(code=1, name="x", country="NL", sizes={"Costunits": size}),))
    assert len(visitor.records("1/hrm/Costunits", select="ID")) == size
    assert visitor.simulator.count_calls("hrm/Costunits") == -(-size // 60)


def test_bulk_and_sync_pages_hold_1000_records(visit):
    visitor = visit(companies=(Company(code=1, name="x", country="NL", sizes={"GLAccounts": 2001}),))
    bulk = visitor.records("1/bulk/Financial/GLAccounts", select="ID")
    sync = visitor.records("1/sync/Financial/GLAccounts", select="ID,Timestamp", filter="Timestamp gt 1L")
    assert {r["ID"] for r in bulk} == {r["ID"] for r in sync}
    assert len(bulk) == 2001
    assert visitor.simulator.count_calls("bulk/Financial/GLAccounts", 1) == 3
    assert visitor.simulator.count_calls("sync/Financial/GLAccounts", 1) == 3


@pytest.mark.parametrize("path", ["101/financial/GLAccounts", "101/bulk/Financial/GLAccounts", "101/bulk/CRM/Accounts"])
def test_select_is_mandatory_unless_one_record_is_asked_for(visitor, path):
    assert message(visitor.get(path)) == MISSING_SELECT
    assert message(visitor.get(path, top="2")) == MISSING_SELECT
    assert visitor.get(path, top="1").status_code == 200
    assert visitor.broken_rules() == ["missing_select"] * 2


def test_select_is_mandatory_on_sync_endpoints_and_relations(visitor):
    assert message(visitor.get("101/sync/CRM/Accounts", filter="Timestamp gt 1L")) == MISSING_SELECT
    assert message(visitor.get("101/crm/Accounts", filter="IsSupplier eq true")) == MISSING_SELECT


def test_select_returns_just_what_it_names_and_the_metadata(visitor):
    record = visitor.records("101/vat/VATCodes", select="Code, ID,Code")[0]
    assert list(record) == ["__metadata", "Code", "ID"]


def test_without_select_a_list_has_every_published_property_and_collections_deferred(visitor):
    record = visitor.records("101/vat/VATCodes")[0]
    assert len(record) == 45
    uri = f"https://exact.test/api/v1/101/vat/VATCodes(guid'{record['ID']}')"
    assert record["__metadata"] == {"uri": uri, "type": "Exact.Web.Api.Models.VATCode"}
    assert record["VATPercentages"] == {"__deferred": {"uri": f"{uri}/VATPercentages"}}


def test_an_unknown_property_in_select_is_refused(visitor):
    text = message(visitor.get("101/vat/VATCodes", select="ID,Nope"))
    assert text == "Could not find a property named 'Nope' on type 'Exact.Web.Api.Models.VATCode'."
    assert visitor.broken_rules() == ["bad_query"]


def test_timestamp_is_a_property_of_sync_endpoints_only(visitor):
    assert visitor.get("101/bulk/Financial/GLAccounts", select="ID,Timestamp").status_code == 400
    assert visitor.get("101/financial/GLAccounts", select="ID", filter="Timestamp gt 1L").status_code == 400


def test_sync_lacks_the_collection_that_the_single_endpoint_has(visitor):
    sync = {"filter": "Timestamp gt 1L", "select": "DeductibilityPercentages"}
    assert visitor.get("101/financial/GLAccounts", select="DeductibilityPercentages").status_code == 200
    assert visitor.get("101/sync/Financial/GLAccounts", **sync).status_code == 400


def test_top_gives_a_bare_list_without_a_link(visitor):
    body = visitor.get("101/hrm/Costcenters", top="3", select="ID").json()
    assert isinstance(body["d"], list)
    assert len(body["d"]) == 3


def test_top_gives_no_more_than_a_page(visitor):
    assert len(visitor.get("101/hrm/Costcenters", top="100", select="ID").json()["d"]) == 60


@pytest.mark.parametrize(
    "options",
    [
        {"top": "-1"},
        {"top": "x"},
        {"inlinecount": "some"},
        {"orderby": "Nope"},
        {"orderby": "Code sideways"},
        {"skiptoken": "whatever"},
        {"skiptoken": "5L"},
        {"skiptoken": "guid'1','2'"},
        {"magic": "1"},
    ],
)
def test_options_that_make_no_sense_are_query_errors(visitor, options):
    assert message(visitor.get("101/hrm/Costcenters", **options)) == "Error in query syntax"


@pytest.mark.parametrize("options", [{"skip": "60"}, {"expand": "VATPercentages"}])
def test_skip_and_expand_are_refused(visitor, options):
    assert "is not supported for this resource" in message(visitor.get("101/vat/VATCodes", **options))


def test_a_repeated_option_is_a_query_error(visitor):
    assert message(visitor.get("101/vat/VATCodes?$select=ID&$select=Code")) == "Error in query syntax"


def test_inlinecount_is_a_string_that_counts_all_pages(visitor):
    page = visitor.get("101/hrm/Costcenters", inlinecount="allpages", select="ID", filter="Active eq true").json()["d"]
    active = [r for r in visitor.simulator.truth(101, "Costcenters") if r["Active"]]
    assert page["__count"] == str(len(active))
    assert len(page["results"]) == 60


def test_count_is_plain_text(visitor):
    response = visitor.get("101/hrm/Costcenters/$count")
    assert (response.text, response.headers["content-type"]) == ("130", "text/plain; charset=utf-8")
    assert visitor.get("101/vat/VATCodes/$count", filter="Percentage gt 0.2").text == "3"


def test_one_record_comes_by_its_key(visitor):
    wanted = visitor.simulator.truth(101, "GLAccounts")[7]
    for key in (f"guid'{wanted['ID']}'", f"guid%27{wanted['ID']}%27"):
        record = visitor.get(f"101/financial/GLAccounts({key})").json()["d"]
        assert record["Code"] == wanted["Code"]
    selected = visitor.get(f"101/financial/GLAccounts(guid'{wanted['ID']}')?$select=Type").json()["d"]
    assert list(selected) == ["__metadata", "Type"]


@pytest.mark.parametrize(
    ("key", "status"),
    [("guid'00000000-0000-4000-8000-000000000000'", 404), ("5", 400), ("guid'5'", 400), ("'a','b'", 400), ("", 400)],
)
def test_a_key_that_finds_nothing_is_not_found_and_one_of_the_wrong_type_is_an_error(visitor, key, status):
    assert visitor.get(f"101/vat/VATCodes({key})").status_code == status


def test_orderby_sorts_all_pages_with_nulls_first(visitor):
    records = visitor.records("101/hrm/Costcenters", select="Code,EndDate", orderby="EndDate desc,Code")
    truth = visitor.simulator.truth(101, "Costcenters")
    days = sorted((r["EndDate"] for r in truth if r["EndDate"]), reverse=True)
    assert len(records) == 130
    assert [r["EndDate"] is None for r in records] == [False] * len(days) + [True] * (130 - len(days))
    without_end = [r["Code"] for r in records if r["EndDate"] is None]
    assert without_end == sorted(without_end)
    ascending = visitor.records("101/hrm/Costcenters", select="EndDate", orderby="EndDate")
    assert ascending[0]["EndDate"] is None
    assert ascending[-1]["EndDate"] is not None


def test_orderby_is_refused_where_there_are_many_records(visitor):
    response = visitor.get("101/bulk/CRM/Accounts", select="ID", orderby="Name")
    assert message(response) == "The query option '$orderby' is not supported for this resource."


def test_relations_need_a_filter_on_one_of_the_listed_fields(visitor):
    text = message(visitor.get("101/crm/Accounts", select="ID"))
    assert text.startswith(
        "This endpoint has mandatory filtering applied. A GET request for this endpoint must have a $filter parameter "
        "with one of the following fields in the url:Accountant,AccountManager,AddressLine1,"
    )
    assert text.endswith(",SearchCode,StartDate,Status,Type,VATNumber.")
    assert message(visitor.get("101/crm/Accounts", select="ID", filter="Remarks eq null")) == text
    assert visitor.broken_rules() == ["missing_filter"] * 2
    suppliers = visitor.records("101/crm/Accounts", select="ID", filter="IsSupplier eq true and Remarks eq null")
    assert len(suppliers) == sum(r["IsSupplier"] for r in visitor.simulator.truth(101, "Accounts"))
    assert 0 < len(suppliers) < 40


def test_bulk_filters_only_on_listed_fields(visitor):
    response = visitor.get("101/bulk/Financial/GLAccounts", select="ID", filter="Description eq 'x' or Matching")
    assert message(response) == "Filtering on these fields is not supported: Description,Matching"
    assert visitor.broken_rules() == ["forbidden_filter"]
    assert len(visitor.records("101/bulk/Financial/GLAccounts", select="ID", filter="Type eq 24")) == 2


def test_an_entity_set_without_records_is_an_empty_list(visitor):
    assert visitor.get("102/hrm/Costunits", select="ID").json() == {"d": {"results": []}}
