from __future__ import annotations

from tests.transports.conftest import authority

__all__ = ["authority"]
