"""Answers that never end, in time or in length, end here."""

from __future__ import annotations

import gzip
import socket
import time
import tracemalloc
from contextlib import contextmanager, suppress
from threading import Thread
from types import SimpleNamespace
from typing import TYPE_CHECKING

import httpx
import pytest

from exactsync.errors import ConfigurationError
from exactsync.outbound import GivenUpError, TooLongError, open_client, receive, telling

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


PATIENT = httpx.Timeout(60)


@contextmanager
def serving(answer: bytes, pause_s: float = 0.01) -> Iterator[str]:
    """Serve every call on a connection with this answer, byte by byte."""

    def serve() -> None:
        with suppress(OSError):
            while True:
                line, _ = listener.accept()
                Thread(target=drip, args=(line,), daemon=True).start()

    def drip(line: socket.socket) -> None:
        with suppress(OSError), line:
            while line.recv(65_536):
                for byte in answer:
                    line.sendall(bytes([byte]))
                    time.sleep(pause_s)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


def service(base_url: str, *, verify: bool = True) -> SimpleNamespace:
    return SimpleNamespace(connection_id="exact_nl", base_url=base_url, verify=verify, proxy=None)


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


def test_a_head_that_drips_is_given_up_in_time_too() -> None:
    with (
        serving(b"HTTP/1.1 200 OK\r\nX-Drip: " + b"x" * 400) as url,
        open_client(service(url), PATIENT, None) as client,
    ):
        began = time.monotonic()
        with pytest.raises(GivenUpError, match="not complete"):
            receive(client, client.build_request("GET", url), within_s=0.3)
        assert time.monotonic() - began < 1


def test_a_silence_is_not_taken_for_a_drip() -> None:
    with (
        serving(b"") as url,
        open_client(service(url), httpx.Timeout(0.1), None) as client,
        pytest.raises(httpx.ReadTimeout),
    ):
        receive(client, client.build_request("GET", url), within_s=60)


def test_whoever_wants_to_know_is_told_when_a_request_is_out_before_anything_is_answered() -> None:
    told: list[str] = []
    with serving(b"") as url, open_client(service(url), httpx.Timeout(0.1), None) as client:
        with telling(lambda: told.append("out")), pytest.raises(httpx.ReadTimeout):
            receive(client, client.build_request("GET", url), within_s=60)
        assert told == ["out"]
        with pytest.raises(httpx.ReadTimeout):
            receive(client, client.build_request("GET", url), within_s=60)
    with (
        telling(lambda: told.append("in vain")),
        open_client(service(url), PATIENT, None) as client,
        pytest.raises(httpx.ConnectError),
    ):
        receive(client, client.build_request("GET", url), within_s=60)
    assert told == ["out"]


def test_the_time_of_one_call_is_not_that_of_the_next() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    with serving(answer) as url, open_client(service(url), PATIENT, None) as client:
        for _ in range(2):  # on one connection
            assert receive(client, client.build_request("GET", url), within_s=3).content == b"ok"
            time.sleep(0.2)
        with pytest.raises(GivenUpError):
            receive(client, client.build_request("GET", url), within_s=0.2)


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


@pytest.mark.parametrize(
    ("base_url", "verify", "is_taken"),
    [
        ("https://start.exactonline.nl", True, True),
        ("https://start.exactonline.nl", False, False),
        ("http://start.exactonline.be", True, False),
        ("https://START.ExactOnline.fr:443", False, False),
        ("https://public-api.spendesk.com", False, False),
        ("http://127.0.0.1:8080", True, True),
        ("https://simulator", False, True),
    ],
)
def test_tokens_go_to_the_real_services_only_where_it_is_checked_who_answers(base_url, verify, is_taken) -> None:
    called = service(base_url, verify=verify)
    if is_taken:
        open_client(called, httpx.Timeout(1), None).close()
    else:
        with pytest.raises(ConfigurationError, match="Connection exact_nl would send tokens"):
            open_client(called, httpx.Timeout(1), None)
