"""What a measurement was made on: without it a figure means nothing."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("groupmood", "av", "mediapipe", "numpy", "onnxruntime", "openvino", "opencv-contrib-python")


def machine() -> dict[str, str]:
    """Date, processor, cores, system and the versions that matter."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "processor": f"{processor()}, {cores()} cores",
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "packages": ", ".join(f"{name} {found}" for name in PACKAGES if (found := installed(name))),
    }


def installed(name: str) -> str:
    """The version of a package; '' where it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def cores() -> int:
    """Those this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processor() -> str:
    """The processor's own name where the system says it."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()
