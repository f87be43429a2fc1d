"""Answers that never end, in time or in length, end here."""

from __future__ import annotations

import gzip
import time
import tracemalloc
from typing import TYPE_CHECKING

import httpx
import pytest

from exactsync.outbound import GivenUpError, TooLongError, receive

if TYPE_CHECKING:
    from collections.abc import Iterator

MB = 2**20


class Dripping(httpx.SyncByteStream):
    """A body that comes in pieces without an end, each after a pause."""

    def __init__(self, piece: bytes, pause_s: float = 0.0) -> None:
        self.piece, self.pause_s, self.is_closed, self.sent = piece, pause_s, False, 0

    def __iter__(self) -> Iterator[bytes]:
        while True:
            time.sleep(self.pause_s)
            self.sent += len(self.piece)
            yield self.piece

    def close(self) -> None:
        self.is_closed = True


def ask(body: httpx.SyncByteStream | bytes, *, within_s: float = 60, longest: int = 8 * MB, **headers: str):
    answer = (
        httpx.Response(200, content=body, headers=headers)
        if isinstance(body, bytes)
        else httpx.Response(200, stream=body, headers=headers)
    )
    with httpx.Client(transport=httpx.MockTransport(lambda _: answer)) as client:
        return receive(client, client.build_request("GET", "https://x"), within_s=within_s, longest=longest)


def test_an_answer_that_drips_is_given_up_in_time() -> None:
    body = Dripping(b"x", pause_s=0.01)
    with pytest.raises(GivenUpError, match="not complete"):
        ask(body, within_s=0.2)
    assert body.is_closed
    assert body.sent < 100


def test_an_answer_without_end_costs_no_more_memory_than_the_longest() -> None:
    body = Dripping(b"x" * 65_536)
    tracemalloc.start()
    try:
        with pytest.raises(TooLongError, match="8 MB"):
            ask(body)
        assert tracemalloc.get_traced_memory()[1] < 24 * MB
    finally:
        tracemalloc.stop()
    assert body.is_closed


def test_an_answer_is_as_long_as_it_is_unpacked() -> None:
    packed = gzip.compress(bytes(32 * MB))
    assert len(packed) < MB
    with pytest.raises(TooLongError):
        ask(packed, **{"content-encoding": "gzip"})


def test_an_answer_that_ends_arrives_whole() -> None:
    answer = ask(gzip.compress(b"a page" * 1000), **{"content-encoding": "gzip", "x-ratelimit-remaining": "7"})
    assert answer.content == b"a page" * 1000
    assert answer.headers["x-ratelimit-remaining"] == "7"
