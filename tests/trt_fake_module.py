"""The module of the stand-in for TensorRT: its enumerations, and what a test may set and ask of it."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np

from engines.errors import DeviceLost
from tests.cuda_fake import FakeRuntime, Misuse

Variant: TypeAlias = Literal["10", "11", "rtx"]
VARIANTS: tuple[Variant, ...] = ("10", "11", "rtx")
VERSIONS = {"10": "10.16.1.11", "11": "11.4.0.106", "rtx": "1.7.1.116"}

Shape: TypeAlias = tuple[int, ...]
Profile: TypeAlias = dict[str, tuple[Shape, Shape, Shape]]


class Severity(Enum):
    ERROR = 1


class ILogger:
    """Has to be initialised, as the real one has."""


class DataType(Enum):
    FLOAT = "float32"
    HALF = "float16"
    INT32 = "int32"
    INT64 = "int64"
    UINT8 = "uint8"
    BOOL = "bool"
    BF16 = ""


class TensorIOMode(Enum):
    INPUT = 1
    OUTPUT = 2


class TensorLocation(Enum):
    DEVICE = 0
    HOST = 1


class ExecutionContextAllocationStrategy(Enum):
    USER_MANAGED = 2


class CudaGraphStrategy(Enum):
    DISABLED = 0
    WHOLE_GRAPH_CAPTURE = 1


class DynamicShapesKernelSpecializationStrategy(Enum):
    LAZY = 0
    EAGER = 1


def nptype(kind: DataType) -> type[np.generic]:
    if not kind.value:
        raise TypeError("Could not resolve TensorRT datatype to an equivalent numpy datatype.")
    return np.dtype(kind.value).type


@dataclass
class Tensorrt:
    """The module's stand-in, and what a test may set and ask of it.

    ``fails``: what is said where that step fails: runtime, load, create, shape, address, execute or record. ``host``
    and ``bf16`` are names of tensors that are to be of that kind; a run of more than ``most`` rows is out of memory.

    ``misuses`` must be empty in the end. ``runs`` counts what was executed, as "run", "capture" or "replay", ``rows``
    has how large each was; ``compiled`` are shapes; ``alive`` counts objects by class.
    """

    device: FakeRuntime
    variant: Variant
    fails: dict[str, str] = field(default_factory=dict)
    host: frozenset[str] = frozenset()
    bf16: frozenset[str] = frozenset()
    misuses: list[str] = field(default_factory=list)
    runs: Counter[str] = field(default_factory=Counter)
    compiled: list[str] = field(default_factory=list)
    alive: Counter[str] = field(default_factory=Counter)
    most: int = 1000
    rows: list[int] = field(default_factory=list)
    log: Any = None

    Runtime: Any = None

    ILogger: ClassVar[type[ILogger]] = ILogger
    DataType: ClassVar[type[DataType]] = DataType
    TensorIOMode: ClassVar[type[TensorIOMode]] = TensorIOMode
    TensorLocation: ClassVar[type[TensorLocation]] = TensorLocation
    ExecutionContextAllocationStrategy: ClassVar[type[Enum]] = ExecutionContextAllocationStrategy

    def __post_init__(self) -> None:
        if self.variant == "rtx":
            self.CudaGraphStrategy = CudaGraphStrategy
            self.DynamicShapesKernelSpecializationStrategy = DynamicShapesKernelSpecializationStrategy

    nptype = staticmethod(nptype)

    def say(self, text: str) -> None:
        if text:
            self.log.log(Severity.ERROR, text)

    def failing(self, step: str) -> bool:
        """Whether this step is to fail; it has said why then."""
        if step in self.fails:
            self.say(self.fails[step])
        return step in self.fails

    def misuse(self, text: str) -> None:
        self.misuses.append(text)
        raise Misuse(text)


class Native:
    """Something of TensorRT's: destroyed where the device's context is current, or it leaks or crashes."""

    def __init__(self, module: Tensorrt) -> None:
        self._module, self._thread = module, threading.get_ident()
        module.device.check(type(self).__name__)
        module.alive[type(self).__name__] += 1

    def __del__(self) -> None:
        self._module.alive[type(self).__name__] -= 1
        try:
            self._module.device.check(f"the end of {type(self).__name__}")
        except Misuse as error:
            self._module.misuses.append(str(error))
        except DeviceLost:
            pass  # with it went whatever was on it
