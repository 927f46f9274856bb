"""Where a figure was taken: without that it is a rumour."""

from __future__ import annotations

import datetime
import os
import platform
from typing import Any


def describe() -> dict[str, Any]:
    """The machine and its state now. What the measured Python is, the harness asks that Python."""
    return {
        "when": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": platform.machine(),
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        "kernel": f"{platform.system()} {platform.release()}",
        "libc": " ".join(platform.libc_ver()),
        "load_average": round(os.getloadavg()[0], 2),
        "virtual": virtual(),
    }


def processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:  # no /proc
        pass
    return platform.processor() or "unknown"


def virtual() -> bool:
    """Whether a hypervisor owns the machine: then neighbours and stolen time are in the figures."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return any("hypervisor" in line for line in file if line.startswith("flags"))
    except OSError:  # no /proc
        return False
