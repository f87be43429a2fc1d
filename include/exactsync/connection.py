"""What an Airflow connection says, as JSON or as a URI: to those who read it without Airflow, too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from exactsync.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """The fields of a connection; what was not given is empty."""

    base_url: str
    """Scheme and host, with the port if it was given, without a slash at the end."""
    login: str
    password: str = field(repr=False)
    extra: dict[str, Any] = field(repr=False)

    @property
    def verify(self) -> bool | str:
        """Whether a server's certificate is checked, or the path of the certificates to check it with."""
        text = str(self.extra.get("verify", self.extra.get("verify_ssl", True))).strip()
        return {"true": True, "false": False, "none": True, "": True}.get(text.lower(), text)

    @property
    def proxy(self) -> str | None:
        """The proxy to go through: `proxy`, or of `proxies` (one, or one for each scheme) that of the base URL."""
        given = self.extra.get("proxies") or self.extra.get("proxy")
        if isinstance(given, Mapping):
            given = given.get(urlsplit(self.base_url).scheme or "https")
        return str(given) if given else None


def read_connection(connection_id: str, value: str) -> Described:
    """Return what a connection says.

    Args:
        connection_id: the connection's id, for messages.
        value: what `AIRFLOW_CONN_<ID>` holds, JSON or URI, as Airflow reads them; `host` is a base URL, or a host name
            with `schema` (http or https) and `port`.

    Raises:
        ConfigurationError: it cannot be read; the value itself is not repeated.
    """
    try:
        fields = json.loads(value) if value.lstrip().startswith("{") else _fields_of_uri(value.strip())
        extra = fields.get("extra") or {}
        extra = json.loads(extra) if isinstance(extra, str) else extra
        return Described(
            base_url=_base_url(fields),
            login=str(fields.get("login") or ""),
            password=str(fields.get("password") or ""),
            extra=dict(extra),
        )
    except (ValueError, AttributeError, TypeError, RecursionError):
        raise ConfigurationError(
            f"Connection {connection_id} cannot be read.", remedy="Give it as JSON or as an Airflow URI."
        ) from None


def is_address(base_url: str) -> bool:
    """Whether a base URL names a host that can be called."""
    try:
        parts = urlsplit(base_url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none, or half of an IPv6 address
        return False


def _fields_of_uri(uri: str) -> dict[str, Any]:
    """Part `type://[scheme://]login:password@host:port/schema?extra`, Airflow's form of a connection."""
    _, separator, rest = uri.partition("://")
    if not separator:
        raise ValueError(uri)
    protocol, has_protocol, tail = rest.partition("://")
    if not has_protocol or set("@:/?") & set(protocol):
        protocol, tail = "", rest
    parts = urlsplit(f"//{tail}")
    host = unquote(parts.hostname or "")
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return {
        "host": f"{protocol}://{host}" if protocol and host else host,
        "login": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "port": parts.port,
        "schema": unquote(parts.path[1:]),
        "extra": query.get("__extra__") or query,
    }


def _base_url(fields: dict[str, Any]) -> str:
    host = fields.get("host") or ""
    if host and "://" not in host:
        scheme = fields.get("schema")
        host = f"{scheme if scheme in ('http', 'https') else 'https'}://{host}"
    base_url = str(host).rstrip("/")
    if urlsplit(base_url).port is None and fields.get("port"):  # a port that is none is found out here
        base_url = f"{base_url}:{int(fields['port'])}"
    return base_url
