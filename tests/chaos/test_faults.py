"""`make chaos` plays every fault that its page tells of, and tells whom it has hit."""

from __future__ import annotations

import socket
import time
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest

from tests.chaos.faults import FAULTS
from tests.chaos.relay import Relay
from tests.chaos.report import HEADINGS, line
from tests.chaos.rounds import Round

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "operations" / "chaos.md").read_text()


def test_the_page_tells_of_every_fault_in_its_order() -> None:
    _, _, rest = PAGE.partition("## The faults\n")
    rows = [row.split("|")[1].strip() for row in rest.partition("\n## ")[0].splitlines() if row.startswith("| ")]
    assert rows[2:] == [kind.name for kind in FAULTS]
    assert len(FAULTS) == 12


def test_the_table_has_a_column_for_everything_that_is_told() -> None:
    played = Round(
        fault="f", repeat=1, struck=2, seconds=3.0, runs=4, retries=5, people=6, rows=7, invariants=8, broken=("b",)
    )
    assert line(played) == ("f", "1", "2", "3", "4", "5", "6", "7", "8", "1")
    assert len(line(played)) == len(HEADINGS) + 2


@pytest.fixture
def relay() -> Relay:
    """A relay to something that answers every line with itself."""
    with socket.create_server(("127.0.0.1", 0)) as listener, Relay() as relay:
        relay.lead_to(listener.getsockname()[1])

        def echo() -> None:
            line, _ = listener.accept()
            with line:
                while said := line.recv(100):
                    line.sendall(said)

        Thread(target=echo, daemon=True).start()
        yield relay


def test_a_cut_way_ends_what_is_open_and_refuses_what_comes(relay: Relay) -> None:
    with closing(socket.create_connection(("127.0.0.1", relay.port), timeout=5)) as line:
        line.sendall(b"hello")
        assert line.recv(5) == b"hello"
        relay.turn("cut")
        with pytest.raises(ConnectionResetError):
            line.recv(5)
    with (
        closing(socket.create_connection(("127.0.0.1", relay.port), timeout=5)) as line,
        pytest.raises(ConnectionResetError),
    ):
        line.recv(5)
    assert relay.struck == 2


def test_a_dripping_way_holds_back_until_it_is_open(relay: Relay) -> None:
    with closing(socket.create_connection(("127.0.0.1", relay.port), timeout=5)) as line:
        relay.turn("dripping")
        line.sendall(b"hello")
        assert line.recv(5) == b"h"
        began = time.monotonic()
        relay.turn("open")
        rest = b""
        while len(rest) < 4:
            rest += line.recv(5)
        assert rest == b"ello"
        assert time.monotonic() - began < 0.5
    assert relay.struck == 1
