from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import orjson
import pytest

from exactsync.errors import DefectError
from exactsync.exact.odata import (
    MalformedAnswerError,
    Page,
    address,
    after_timestamp,
    literal,
    parse_count,
    parse_page,
    query,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("it's 'quoted'", "'it''s ''quoted'''"),
        ("                 8", "'                 8'"),
        (9007199254740993, "9007199254740993L"),
        (True, "true"),
        (False, "false"),
        (UUID("0B6A3C52-5A1E-4D0F-8A39-D1C5F0A4E7B2"), "guid'0b6a3c52-5a1e-4d0f-8a39-d1c5f0a4e7b2'"),
        (datetime(2024, 1, 31, 8, 5, 9, 123456, tzinfo=UTC), "datetime'2024-01-31T08:05:09'"),
    ],
)
def test_a_value_stands_in_a_filter_as_exact_writes_it(value, text):
    assert literal(value) == text


def test_a_first_sync_asks_for_everything_and_a_later_one_for_what_came_after():
    assert after_timestamp(None) == "Timestamp gt 1L"
    assert after_timestamp(2**53 + 1) == "Timestamp gt 9007199254740993L"


def test_the_query_is_encoded_as_in_exacts_own_links():
    params = query(select=["ID", "Code"], filter_="Name eq 'a+b & c'")
    assert address("https://h/x", params) == "https://h/x?$select=ID,Code&$filter=Name%20eq%20'a%2Bb%20%26%20c'"
    assert address("https://h/x", {}) == "https://h/x"


def test_a_query_longer_than_exact_accepts_is_our_defect():
    with pytest.raises(DefectError, match="6000"):
        address("https://h/x", query(select=["Property"] * 700))


@pytest.mark.parametrize(
    ("body", "page"),
    [
        ({"d": {"results": [{"ID": 1}], "__next": "https://n"}}, Page(records=[{"ID": 1}], next_url="https://n")),
        ({"d": {"results": [{"ID": 1}]}}, Page(records=[{"ID": 1}], next_url=None)),
        ({"d": {"results": [], "__count": "0"}}, Page(records=[], next_url=None)),
        ({"d": [{"ID": 1}, {"ID": 2}]}, Page(records=[{"ID": 1}, {"ID": 2}], next_url=None)),
        ({"d": {"ID": 1}}, Page(records=[{"ID": 1}], next_url=None)),
    ],
)
def test_every_envelope_gives_its_records(body, page):
    assert parse_page(orjson.dumps(body)) == page


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"d":null}', b'{"e":{}}', b'{"d":{"results":[1]}}', b'{"d":{"results":[],"__next":5}}']
)
def test_anything_else_is_malformed(body):
    with pytest.raises(MalformedAnswerError):
        parse_page(body)


def test_a_count_is_plain_text_even_behind_a_byte_order_mark():
    assert parse_count(b"\xef\xbb\xbf1150") == 1150
    with pytest.raises(MalformedAnswerError):
        parse_count(b"<html>")


def test_a_flaw_in_one_record_leaves_the_others_readable():
    body = b'{"d": {"results": [{"Name": "a"}, {"Name": "tab\there \x01"}, {"Name": "\\ud800"}, {"Name": "\xff"}]}}'
    names = [record["Name"] for record in parse_page(body).records]
    assert names == ["a", "tab\there \x01", "\ud800", "\udcff"]


@pytest.mark.parametrize("body", [b'{"d": [{"Rate": NaN}]}', b'{"d": [{"Name": "cut'])
def test_what_is_no_json_at_all_is_malformed(body):
    with pytest.raises(MalformedAnswerError):
        parse_page(body)
