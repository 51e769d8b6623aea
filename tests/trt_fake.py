"""A stand-in for TensorRT's Python module that is stricter than it: what would crash, or give wrong numbers, is an
error here. It has what the adapter uses and nothing else; test_trt_contract.py holds that against the real modules.

Its plans are ONNX in truth, run by ONNX Runtime on the memory of the stand-in for CUDA.
"""

from __future__ import annotations

import json
import struct
from enum import Enum
from functools import partial
from typing import Any, Literal

from engines.trt_journal import Journal, logger
from engines.trt_library import Library
from tests.cuda_fake import FakeRuntime
from tests.trt_fake_context import FakeCache, FakeContext, FakeSettings, Model
from tests.trt_fake_module import (
    VARIANTS,
    VERSIONS,
    CudaGraphStrategy,
    DataType,
    DynamicShapesKernelSpecializationStrategy,
    ExecutionContextAllocationStrategy,
    Native,
    Profile,
    TensorIOMode,
    TensorLocation,
    Tensorrt,
    Variant,
    nptype,
)

__all__ = ["VARIANTS", "Profile", "Tensorrt", "Variant", "fake_library", "nptype", "plan", "rows"]

MAGIC = b"FAKEPLAN"


def plan(model: bytes, profile: Profile, *, variant: Variant = "10", scratch: int = 0) -> bytes:
    """``profile``: smallest, best and largest shape of each input; ``scratch`` bytes for each row of a batch."""
    facts = {"version": VERSIONS[variant], "profile": profile, "scratch": scratch}
    header = json.dumps(facts).encode()
    return MAGIC + struct.pack("<I", len(header)) + header + model


def rows(name: str, *sizes: int, most: int = 32) -> Profile:
    """The profile of one input with a free batch of 1 to ``most``."""
    return {name: ((1, *sizes), (min(8, most), *sizes), (most, *sizes))}


class FakeLoader(Native):
    def __init__(self, module: Tensorrt, logger: object) -> None:
        super().__init__(module)
        if module.failing("runtime"):
            raise TypeError("pybind11::init(): factory function returned nullptr")
        if logger is not module.log:
            module.misuse("a runtime wants the one logger of the process")

    def deserialize_cuda_engine(self, serialized_engine: bytes) -> FakeEngine | None:
        module, data = self._module, serialized_engine
        if module.failing("load"):
            return None
        if data[: len(MAGIC)] != MAGIC:
            module.say("Serialization assertion header.magicTag == kEXPECTED_MAGIC_TAG failed.")
            return None
        (size,) = struct.unpack_from("<I", data, len(MAGIC))
        start = len(MAGIC) + 4
        facts = json.loads(data[start : start + size])
        if facts["version"] != VERSIONS[module.variant]:
            module.say("The engine plan file is not compatible with this version of TensorRT")
            return None
        kind = FakeRtxEngine if module.variant == "rtx" else FakeEngine
        return kind(self, Model(facts, data[start + size :]))


class FakeEngine(Native):
    def __init__(self, loader: FakeLoader, model: Model) -> None:
        super().__init__(loader._module)
        self._loader, self._model = loader, model  # a binding keeps what it was made by alive

    @property
    def num_io_tensors(self) -> int:
        return len(self._model.ports)

    @property
    def device_memory_size_v2(self) -> int:
        return self._model.scratch * max((largest[0] for _, _, largest in self._model.profile.values()), default=1)

    def get_tensor_name(self, index: int) -> str:
        return tuple(self._model.ports)[index]

    def get_tensor_mode(self, name: str) -> TensorIOMode:
        return TensorIOMode.INPUT if name in self._model.inputs else TensorIOMode.OUTPUT

    def get_tensor_location(self, name: str) -> TensorLocation:
        return TensorLocation.HOST if name in self._module.host else TensorLocation.DEVICE

    def get_tensor_dtype(self, name: str) -> DataType:
        return DataType.BF16 if name in self._module.bf16 else DataType(self._model.dtype(name).name)

    def get_tensor_shape(self, name: str) -> list[int]:
        return list(self._model.shape(name))

    def get_tensor_profile_shape(self, name: str, profile_index: int) -> list[list[int]]:
        if profile_index != 0 or self.get_tensor_mode(name) is not TensorIOMode.INPUT:
            self._module.misuse(f"{name} has no profile {profile_index}")
        return [list(shape) for shape in self._model.profile[name]]

    def create_execution_context(self, strategy: ExecutionContextAllocationStrategy) -> FakeContext | None:
        if strategy is not ExecutionContextAllocationStrategy.USER_MANAGED:
            self._module.misuse(f"contexts must share their memory, got {strategy}")
        return None if self._module.failing("create") else FakeContext(self, self._model)


class FakeRtxEngine(FakeEngine):
    def create_runtime_config(self) -> FakeSettings:
        return FakeSettings(self._module)

    def create_execution_context(self, strategy: Any) -> FakeContext | None:
        if not isinstance(strategy, FakeSettings):
            self._module.misuse(f"this TensorRT wants its settings, got {strategy}")
        return None if self._module.failing("create") else FakeContext(self, self._model, strategy)


def fake_library(device: FakeRuntime, variant: Variant) -> tuple[Library, Tensorrt]:
    module = Tensorrt(device, variant)
    module.Runtime = partial(FakeLoader, module)
    module.log = logger(module, Journal())
    kind: Literal["tensorrt", "tensorrt_rtx"] = "tensorrt_rtx" if variant == "rtx" else "tensorrt"
    return Library(kind, module, VERSIONS[variant], module.log), module


STANDS_FOR: dict[str, type[Native]] = {
    "Runtime": FakeLoader,
    "ICudaEngine": FakeRtxEngine,
    "IExecutionContext": FakeContext,
    "IRuntimeConfig": FakeSettings,
    "IRuntimeCache": FakeCache,
}
"""Class of the real module: its stand-in, whose public attributes are what the adapter uses."""

RTX_ONLY = ("IRuntimeConfig", "IRuntimeCache")

ENUMS: tuple[type[Enum], ...] = (DataType, TensorIOMode, TensorLocation, ExecutionContextAllocationStrategy)
RTX_ENUMS: tuple[type[Enum], ...] = (CudaGraphStrategy, DynamicShapesKernelSpecializationStrategy)
