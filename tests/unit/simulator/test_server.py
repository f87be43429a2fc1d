from __future__ import annotations

import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from exactsync.simulator import DEMO_APP, SimulatorServer


def test_the_whole_way_over_a_real_socket(simulator, visitor_of):
    with SimulatorServer(simulator) as server:
        assert server.url.startswith("http://127.0.0.1:")
        visitor = visitor_of(simulator)
        visitor.http = httpx.Client(base_url=server.url)
        visitor.login()
        records = visitor.records("101/hrm/Costcenters", select="ID", filter="Code ne 'ü&+ é'")
        assert len(records) == 130
        assert records[0]["__metadata"]["uri"].startswith(f"{server.url}/api/v1/101/hrm/Costcenters(guid'")
        first = visitor.get(f"101/hrm/Costcenters(guid'{records[0]['ID']}')")
        assert first.headers["date"] == "Sat, 15 Jun 2024 12:00:00 GMT"
        assert first.headers.get_list("date") == ["Sat, 15 Jun 2024 12:00:00 GMT"]
        assert httpx.get(f"{server.url}/_simulator/violations").json() == []
        visitor.http.close()


def test_many_slow_requests_are_answered_side_by_side(simulator, visitor_of):
    simulator.configure(latency_s=0.2)
    with SimulatorServer(simulator) as server:
        visitor = visitor_of(simulator)
        visitor.http = httpx.Client(base_url=server.url)
        visitor.login()
        started = time.monotonic()
        with ThreadPoolExecutor(20) as pool:
            statuses = [r.status_code for r in pool.map(lambda _: visitor.get("current/Me"), range(20))]
        assert statuses == [200] * 20
        assert time.monotonic() - started < 2
        visitor.http.close()


def test_it_stops_and_frees_its_port(simulator):
    with SimulatorServer(simulator) as server:
        port = server.port
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_taken_port_is_refused(simulator):
    with SimulatorServer(simulator) as server, pytest.raises(OSError, match="in use"):
        SimulatorServer(simulator, port=server.port).start()


def test_serving_in_the_foreground_says_how_to_reach_it_and_shows_no_secret():
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", "from exactsync.simulator import serve; serve(0)"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        first_line = process.stdout.readline()
        url = first_line.split()[-1]
        deadline = time.monotonic() + 10
        while True:
            try:
                assert httpx.get(f"{url}/api/v1/current/Me").status_code == 401
                break
            except httpx.TransportError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
    finally:
        process.terminate()
        process.wait(timeout=10)
    output = process.stdout.read()
    process.stdout.close()
    assert DEMO_APP.client_id in output
    assert "1000001 Demo Holding (NL)" in output
    assert DEMO_APP.client_secret not in output
