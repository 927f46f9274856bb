"""asyncio's logger: programs configure and tests capture it by this name."""

from __future__ import annotations

import logging

logger = logging.getLogger("asyncio")
