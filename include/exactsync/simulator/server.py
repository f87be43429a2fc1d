"""The simulator as an HTTP server: in a thread for tests and the demo, in the foreground for the command line."""

from __future__ import annotations

import socket
import sys
import time
from threading import Thread
from typing import TYPE_CHECKING, Generic, Self, TypeVar

import uvicorn

from exactsync.simulator.asgi import create_app
from exactsync.simulator.messages import StandIn
from exactsync.simulator.simulator import Simulator

if TYPE_CHECKING:
    from asyncio import Transport
    from collections.abc import Callable
    from types import TracebackType

    from exactsync.simulator.settings import Settings

S = TypeVar("S", bound=StandIn)
LOOPBACK = "127.0.0.1"
_START_PATIENCE_S = 10.0
_STOP_PATIENCE_S = 5.0


class SimulatorServer(Generic[S]):
    """Serves a simulator on the loopback from a thread, as a context manager.

    Args:
        simulator: what answers; it stays usable from Python meanwhile.
        port: 0 takes a free one, see `url`.
    """

    def __init__(self, simulator: S, port: int = 0) -> None:
        self.simulator = simulator
        self._requested_port = port
        self._server: uvicorn.Server | None = None
        self._thread: Thread | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """The base URL, without a trailing slash."""
        return f"http://{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Start serving; return when requests are taken.

        Raises:
            OSError: the port is taken.
            TimeoutError: it did not start.
        """
        listener = _listen(LOOPBACK, self._requested_port)
        self.port = listener.getsockname()[1]
        self._server = _create_server(self.simulator)
        self._thread = Thread(target=self._server.run, args=([listener],), name=f"simulator-{self.port}", daemon=True)
        self._thread.start()
        give_up_at = time.monotonic() + _START_PATIENCE_S
        while not self._server.started:
            if time.monotonic() > give_up_at or not self._thread.is_alive():
                raise TimeoutError("the simulator did not start")
            time.sleep(0.005)

    def stop(self) -> None:
        """Stop serving; requests under way are given a moment."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join(_STOP_PATIENCE_S)
        self._server = self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def serve(port: int, *, settings: Settings | None = None, host: str = LOOPBACK) -> None:
    """Serve a new simulator of Exact Online until interrupted, and say how to reach it.

    Raises:
        OSError: the port is taken.
    """
    simulator = Simulator(settings)
    serve_stand_in(simulator, port, host=host, greet=lambda url: _greeting(simulator, url))


def serve_stand_in(stand_in: StandIn, port: int, *, host: str = LOOPBACK, greet: Callable[[str], str]) -> None:
    """Serve any stand-in until interrupted; `greet` says how to reach it, given its address.

    Raises:
        OSError: the port is taken.
    """
    listener = _listen(host, port)
    sys.stdout.write(greet(f"http://{host}:{listener.getsockname()[1]}"))
    sys.stdout.flush()
    _create_server(stand_in).run([listener])


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()  # whoever reads our address may connect at once
    except OSError:
        listener.close()
        raise
    return listener


def _create_server(simulator: StandIn) -> uvicorn.Server:
    """Our own `Date` header, no `Server` header, and no access log: URLs of logins hold codes."""

    def find_line(client: tuple[str, int]) -> Transport | None:
        connections = server.server_state.connections
        return next((line.transport for line in connections if getattr(line, "client", None) == client), None)

    config = uvicorn.Config(
        create_app(simulator, find_line),
        access_log=False,
        date_header=False,
        server_header=False,
        lifespan="off",
        log_level="warning",
        timeout_graceful_shutdown=1,
        timeout_keep_alive=30,
    )
    server = uvicorn.Server(config)
    return server


def _greeting(simulator: Simulator, url: str) -> str:
    lines = [f"Exact Online, simulated: {url}"]
    lines.extend(
        f"  app {app.name}: client id {app.client_id}, redirect URI {app.redirect_uris[0]}"
        for app in simulator.settings.apps
    )
    lines.append("  client secret: DEMO_APP in exactsync.simulator.settings")
    permitted = [company for company in simulator.settings.companies if company.is_permitted]
    lines.extend(f"  division {company.code} {company.name} ({company.country})" for company in permitted)
    return "\n".join(lines) + "\n"
