"""The one server that all contestants read from: finished bytes, and a pause where latency is asked for.

    python -m tests.bench.server FOLDER ROWS [LATENCY_S]

It prints its port, and then serves until it is terminated. `/calls` tells how many pages it has served since it was
last asked.
"""

from __future__ import annotations

import os
import re
import sys
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

from tests.bench.suppliers import Feed, PageBytes

PATH: Final = re.compile(r"/api/v1/\d+/sync/CRM/Accounts")
AFTER: Final = re.compile(r"Timestamp gt (\d+)L")
PLENTY: Final = 10**8
"""Calls a minute and a day: what is measured is the loading, not the waiting for Exact's limits."""


class PageServer(ThreadingHTTPServer):
    """Serves the pages of a feed on a free port of 127.0.0.1."""

    daemon_threads = True

    def __init__(self, feed: Feed, latency_s: float) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.feed, self.latency_s = feed, latency_s
        self.pages = os.open(feed.file, os.O_RDONLY)
        self.calls = 0


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: PageServer

    def do_GET(self) -> None:
        """Answer one page, or how many there were."""
        address = urlsplit(self.path)
        if address.path == "/calls":
            calls, self.server.calls = self.server.calls, 0
            self._answer(str(calls).encode(), None, b"")
        elif PATH.fullmatch(address.path):
            self._serve_page(parse_qs(address.query))
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def _serve_page(self, asked: dict[str, list[str]]) -> None:
        self.server.calls += 1
        time.sleep(self.server.latency_s)
        found = AFTER.fullmatch(asked["$filter"][0])
        pages = self.server.feed.after(int(found[1]) if found else 0)
        number = int(asked.get("$skiptoken", ["0"])[0])
        end = b"]}}"
        if number + 1 < len(pages):
            host = self.headers["Host"]
            query = f"$select={asked['$select'][0]}&$filter={asked['$filter'][0]}&$skiptoken={number + 1}"
            link = f"http://{host}{urlsplit(self.path).path}?{query}".replace(" ", "%20")
            end = b'],"__next":"' + link.encode() + b'"}}'
        page = pages[number] if pages else None
        self._answer(b'{"d":{"results":[', page, end)

    def _answer(self, head: bytes, page: PageBytes | None, end: bytes) -> None:
        # the file holds each page with its brackets
        offset, length = (page.offset + 1, page.length - 2) if page else (0, 0)
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(head) + length + len(end)))
        for prefix, window_s in (("X-RateLimit", 86_400), ("X-RateLimit-Minutely", 60)):
            resets_at_ms = (time.time() // window_s + 1) * window_s * 1000
            self.send_header(f"{prefix}-Limit", str(PLENTY))
            self.send_header(f"{prefix}-Remaining", str(PLENTY - 1))
            self.send_header(f"{prefix}-Reset", f"{resets_at_ms:.0f}")
        self.end_headers()
        self.wfile.write(head)
        while length:
            sent = os.sendfile(self.connection.fileno(), self.server.pages, offset, length)
            offset, length = offset + sent, length - sent
        self.wfile.write(end)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


def main() -> None:
    """Serve until terminated."""
    folder, rows, *latency = sys.argv[1:]
    feed = Feed(Path(folder), int(rows))
    feed.prepare()
    server = PageServer(feed, float(latency[0]) if latency else 0.0)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
