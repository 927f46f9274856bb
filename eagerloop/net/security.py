"""The TLS arguments that connections and servers share, and asyncio's words for those that do not
fit together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from ssl import SSLContext


@dataclass(frozen=True, slots=True)
class Security:
    """How a stream is secured. `ssl` is a context, True for the default one, or anything false for
    plain bytes.
    """

    ssl: SSLContext | bool | None = None
    server_hostname: str | None = None
    handshake_timeout: float | None = None
    shutdown_timeout: float | None = None

    def __bool__(self) -> bool:
        return bool(self.ssl)

    @property
    def context(self) -> SSLContext | None:
        return None if isinstance(self.ssl, bool) else self.ssl

    def check_timeouts(self) -> None:
        """Raises:
        ValueError: a timeout without TLS.
        """
        for name in ("handshake_timeout", "shutdown_timeout"):
            if getattr(self, name) is not None and not self.ssl:
                raise ValueError(f"ssl_{name} is only meaningful with ssl")

    def check_server(self) -> None:
        """Raises:
        TypeError: True where a server needs a context with its certificate.
        ValueError: a timeout without TLS.
        """
        if isinstance(self.ssl, bool):
            raise TypeError("ssl argument must be an SSLContext or None")
        self.check_timeouts()

    def transport_arguments(self) -> Mapping[str, Any]:
        """Keyword arguments of the loop's `_make_ssl_transport`."""
        return {
            "ssl_handshake_timeout": self.handshake_timeout,
            "ssl_shutdown_timeout": self.shutdown_timeout,
        }
