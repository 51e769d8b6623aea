"""Keys and plans of a few bytes: the store never looks inside a plan."""

from __future__ import annotations

from typing import Any

from engines.plan_key import Key, key
from engines.probe import Driver, Gpu
from engines.trt_build import BuildSettings, Built
from engines.trt_library import Library

ONNX = "0" * 64
RTX = Library("tensorrt_rtx", None, "1.7.1", None)
CLASSIC = Library("tensorrt", None, "10.13.0", None)
SETTINGS = BuildSettings()
GPU = Gpu(0, "NVIDIA Small", (7, 5), 2**32)


def rtx_key(**changes: Any) -> Key:
    arguments: dict[str, Any] = {"onnx": ONNX, "recipe": "fp32", "settings": SETTINGS, "library": RTX}
    return key(**arguments | changes)


def classic_key(gpu: Gpu = GPU, version: int = 13000, library: Library = CLASSIC) -> Key:
    return key(ONNX, "fp32", SETTINGS, library, Driver(version, (gpu,)))


class Maker:
    """Builds plans of a few bytes, each another, as real builds differ too."""

    def __init__(self, timing: bytes = b"") -> None:
        self.made, self._timing = 0, timing

    def __call__(self) -> Built:
        self.made += 1
        return Built(f"plan {self.made}".encode(), 0.25, ("a warning",), self._timing)
