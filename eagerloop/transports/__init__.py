"""Transports: bytes between a descriptor and a protocol; and asyncio's names for what they are.

tls           ways into TLS                       tlsprotocol*      between a transport and an application
tlsstate*     one end of TLS, without I/O         tlsapplication*   the protocol above TLS
tlsrecords*   where the last record ends          tlstransport*     the transport that it sees
tlsbacklog*   written and not yet encrypted       tlsoptions        contexts, timeouts, water marks

(* compiled) The classes below are the stdlib's own: what they promise is the contract, and `isinstance` must agree.
"""

from __future__ import annotations

from asyncio.transports import (
    BaseTransport,
    DatagramTransport,
    ReadTransport,
    SubprocessTransport,
    Transport,
    WriteTransport,
)
from asyncio.transports import _FlowControlMixin as _FlowControlMixin  # libraries import it

__all__ = (
    "BaseTransport",
    "DatagramTransport",
    "ReadTransport",
    "SubprocessTransport",
    "Transport",
    "WriteTransport",
)
