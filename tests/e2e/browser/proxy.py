"""A reverse proxy as it stands before many an Airflow: it ends TLS, and Airflow lives below a path of it."""

from __future__ import annotations

import ipaddress
import socket
import time
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from threading import Thread
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlsplit

import httpx
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from starlette.requests import Request

LOOPBACK: Final = "127.0.0.1"
TIMEOUT_S: Final = 60.0
_OWN_HOP: Final = frozenset({b"connection", b"keep-alive", b"transfer-encoding", b"te", b"upgrade"})
"""Headers between two neighbours, which a proxy does not pass on (RFC 9110, 7.6.1)."""


class ReverseProxy:
    """Serves an address from a thread, and passes what is below its path on to Airflow, as it stands.

    Args:
        certificate: What it shows, with its key.
        url: Where people reach Airflow, without a slash at the end.
        upstream_port: Where Airflow listens.
    """

    def __init__(self, certificate: Certificate, *, url: str, upstream_port: int) -> None:
        self.url = url
        self.strays: list[str] = []
        """Paths that were asked for beside the one that Airflow lives below."""
        self._path, self._port = urlsplit(url).path, urlsplit(url).port
        self._upstream = httpx.URL(f"http://{LOOPBACK}:{upstream_port}")
        self._client = httpx.AsyncClient(timeout=TIMEOUT_S)
        methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
        self._server = uvicorn.Server(
            uvicorn.Config(
                Starlette(routes=[Route("/{path:path}", self._answer, methods=methods)]),
                ssl_certfile=certificate.path,
                ssl_keyfile=certificate.path,
                access_log=False,
                server_header=False,
                date_header=False,
                lifespan="off",
                log_level="warning",
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = Thread(target=self._serve, name="reverse-proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        deadline = time.monotonic() + TIMEOUT_S
        while not self._server.started:
            assert self._thread.is_alive(), "the reverse proxy did not start"
            assert time.monotonic() < deadline, "the reverse proxy did not start"
            time.sleep(0.01)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(TIMEOUT_S)

    def _serve(self) -> None:
        with socket.create_server((LOOPBACK, self._port)) as listener:
            self._server.run([listener])

    async def _answer(self, request: Request) -> Response:
        if not request.url.path.startswith(f"{self._path}/"):
            self.strays.append(request.url.path)
            return Response(status_code=404)
        query = request.scope["query_string"]
        asked = self._client.build_request(
            request.method,
            self._upstream.copy_with(raw_path=request.scope["raw_path"] + (b"?" + query if query else b"")),
            headers=[
                *((name, value) for name, value in request.headers.raw if name not in _OWN_HOP),
                (b"X-Forwarded-Proto", b"https"),
                (b"X-Forwarded-For", LOOPBACK.encode()),
            ],
            content=await request.body(),
        )
        answer = await self._client.send(asked, stream=True)
        response = StreamingResponse(
            answer.aiter_raw(), status_code=answer.status_code, background=BackgroundTask(answer.aclose)
        )
        response.raw_headers = [
            (name.lower(), value) for name, value in answer.headers.raw if name.lower() not in _OWN_HOP
        ]
        return response


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate for the loopback, in one file with the key that signed it."""

    path: Path
    fingerprint: str
    """SHA-256 of its public key, by which a browser can be told to trust it."""


def sign_certificate(folder: Path) -> Certificate:
    """Write a new certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, LOOPBACK)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(LOOPBACK))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, no_password = serialization.Encoding.PEM, serialization.NoEncryption()
    kept = folder / "proxy.pem"
    kept.touch(mode=0o600)
    kept.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, no_password) + certificate.public_bytes(pem)
    )
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return Certificate(path=kept, fingerprint=b64encode(sha256(public).digest()).decode())
