"""What a plan is for, and what is written beside it."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from dataclasses import asdict
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from engines.probe import Driver
from engines.trt_build import ROUTINE, BuildSettings
from engines.trt_library import Library

FORMAT: Literal[1] = 1
"""Of the sidecar."""


class Key(BaseModel):
    """Everything that a plan depends on. Two builds of one key differ byte for byte and do the same."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    onnx: str
    """sha256 of the FP32 model, after all that was done to it (CenterFace's ``dynamic``) but the recipe."""
    recipe: str
    """``engines.fp16.RECIPE``, or "fp32"."""
    max_batch: int
    best_batch: int
    sizes: tuple[tuple[int, int], ...]
    """(height, width): least, best, most; empty where none is free."""
    backend: str
    version: str
    routine: int
    """``engines.trt_build.ROUTINE``."""
    platform: str
    """System and processor: "linux-x86_64"."""
    capabilities: tuple[str, ...]
    gpu: str = ""
    capability: str = ""
    driver: str = ""
    """The GPU's name, its compute capability and the driver's CUDA: classic TensorRT builds for one GPU alone."""

    @property
    def digest(self) -> str:
        """Short, for the file's name; the sidecar has the whole key, and is compared."""
        return _digest(self.model_dump(mode="json"))

    @property
    def machine(self) -> str:
        """A digest of what the builder's own timings depend on."""
        fields = {"backend", "version", "platform", "gpu", "capability", "driver"}
        return _digest(self.model_dump(mode="json", include=fields))


class Sidecar(BaseModel):
    """The JSON beside a plan. ``gate`` is the verdict on its accuracy, None where none was made; ``date`` in UTC."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = FORMAT
    name: str
    key: Key
    sha256: str
    bytes: int
    builder: str
    seconds: float
    warnings: tuple[str, ...]
    gate: dict[str, Any] | None
    date: str


def key(
    onnx: str, recipe: str, settings: BuildSettings, library: Library, driver: Driver | None = None, index: int = 0
) -> Key:
    """``onnx`` and ``recipe`` as in ``Key``; ``index`` of the driver's GPUs.

    Raises:
        ValueError: a plan of classic TensorRT is for one GPU, and none is given.
    """
    for_one: dict[str, str] = {}
    if library.kind == "tensorrt":
        if driver is None:
            raise ValueError("a plan of classic TensorRT is for one GPU: the driver must be given")
        gpu = driver.gpus[index]
        for_one = {"gpu": gpu.name, "capability": "{}.{}".format(*gpu.capability), "driver": str(driver.version)}
    return Key(
        onnx=onnx,
        recipe=recipe,
        max_batch=settings.max_batch,
        best_batch=settings.best_batch,
        sizes=tuple(asdict(settings.sizes).values()) if settings.sizes is not None else (),
        backend=library.kind,
        version=library.version,
        routine=ROUTINE,
        platform=f"{sys.platform}-{platform.machine()}",
        capabilities=settings.capabilities,
        **for_one,
    )


def _digest(fields: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:20]
