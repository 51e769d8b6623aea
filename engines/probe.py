"""What NVIDIA's driver says of this machine, asked before anything of TensorRT is loaded: without a driver TensorRT
ends the whole process."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engines.errors import EngineUnavailable, NotInstalled

CAPABILITY_MAJOR, CAPABILITY_MINOR = 75, 76
"""CUdevice_attribute in the driver API's cuda.h."""

NAME_BYTES = 256

INSTALL = "install NVIDIA's driver until `nvidia-smi` lists the GPU; a container needs `--gpus all` as well"

WORDS = {
    2: ("the GPU's memory is full", "end what else runs on it"),
    34: ("the library found is the stub of a CUDA toolkit, not the driver", "take the stub out of LD_LIBRARY_PATH"),
    46: ("the GPU is held by another process alone", "end that process, or leave the exclusive compute mode"),
    100: (
        "no GPU is visible",
        "let `nvidia-smi` list one; look at CUDA_VISIBLE_DEVICES and a container's `--gpus all`",
    ),
    101: ("a GPU is named that there is not", "correct CUDA_VISIBLE_DEVICES"),
    802: ("the GPUs are not ready yet", "start the service nvidia-fabricmanager"),
    803: ("the driver's library and its kernel module differ", "restart the machine: the driver was updated"),
    804: ("the container's CUDA is newer than the driver allows on this GPU", "update the driver of the host"),
    999: ("the driver fails", "restart the machine, or load the kernel module nvidia_uvm anew"),
}
"""What a CUresult means and what to do, after cuda.h; others are shown by their number."""


@dataclass(frozen=True, slots=True)
class Gpu:
    """``index`` as CUDA counts it; ``capability`` (major, minor); ``memory`` in bytes."""

    index: int
    name: str
    capability: tuple[int, int]
    memory: int


@dataclass(frozen=True, slots=True)
class Driver:
    """``version`` of CUDA that the driver speaks, 13000 for 13.0; at least one GPU."""

    version: int
    gpus: tuple[Gpu, ...]


def driver(load: Callable[[str], Any] = ctypes.CDLL, platform: str = sys.platform) -> Driver:
    """Ask the driver, through its own library alone.

    Raises:
        NotInstalled: there is no driver.
        EngineUnavailable: it does not start, or it has no GPU; with the next step.
    """
    library = _library(load, platform)
    try:
        _call(library.cuInit, 0)
        version, count = ctypes.c_int(), ctypes.c_int()
        _call(library.cuDriverGetVersion, ctypes.byref(version))
        _call(library.cuDeviceGetCount, ctypes.byref(count))
        gpus = tuple(_gpu(library, index) for index in range(count.value))
    except AttributeError as error:
        raise EngineUnavailable(f"NVIDIA's driver is too old or not NVIDIA's ({error}): {INSTALL}") from error
    if not gpus:
        raise EngineUnavailable(_said("cuDeviceGetCount", 100))
    return Driver(version.value, gpus)


def _library(load: Callable[[str], Any], platform: str) -> Any:
    if platform == "darwin":
        raise EngineUnavailable("NVIDIA makes no driver for macOS: take another engine")
    name = "nvcuda.dll" if platform == "win32" else "libcuda.so.1"
    try:
        return load(name)
    except OSError as error:
        raise NotInstalled(f"no NVIDIA driver is here ({error}): {INSTALL}") from error


def _gpu(library: Any, index: int) -> Gpu:
    device, major, minor = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
    memory, name = ctypes.c_size_t(), ctypes.create_string_buffer(NAME_BYTES)
    _call(library.cuDeviceGet, ctypes.byref(device), index)
    _call(library.cuDeviceGetName, name, NAME_BYTES, device)
    _call(library.cuDeviceGetAttribute, ctypes.byref(major), CAPABILITY_MAJOR, device)
    _call(library.cuDeviceGetAttribute, ctypes.byref(minor), CAPABILITY_MINOR, device)
    _call(library.cuDeviceTotalMem_v2, ctypes.byref(memory), device)
    return Gpu(index, name.value.decode(errors="replace"), (major.value, minor.value), memory.value)


def _call(function: Any, *arguments: Any) -> None:
    result = function(*arguments)
    if result != 0:
        raise EngineUnavailable(_said(function.__name__, result))


def _said(function: str, result: int) -> str:
    what, step = WORDS.get(result, ("the driver refuses", INSTALL))
    return f"{what} ({function}: CUDA error {result}): {step}"
